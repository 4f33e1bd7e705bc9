"""``har registry notify``: what webhooks and Prefect have not heard yet."""

from har.cli.output import AsJson, Overrides, out, print_json, table


def notify(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Send webhooks and Prefect what they have not heard yet; every move does so too.

    A receiver hears of what happens after it was first named in `registry.webhooks`, or
    after this command.

    Example: har registry notify
    """
    from har.config import load
    from har.errors import MissingError
    from har.registry.handle import Registry
    from har.registry.history.trail import Trail
    from har.registry.notices.delivery import deliver
    from har.registry.notices.receivers import receivers

    environment = load(overrides).environment
    trail = Trail(Registry.open(environment))
    outcome = deliver(trail, receivers(environment.registry), since=len(trail.events))
    sent = {name: "not taken" if isinstance(n, MissingError) else n for name, n in outcome.items()}
    if as_json:
        print_json(sent)
    else:
        out.print(table("Notices sent", ["to", "notices"], sent.items()))
    if failed := [found for found in outcome.values() if isinstance(found, MissingError)]:
        raise failed[0]

"""``har config``: every setting with its value."""

from har.cli.output import AsJson, Overrides, out, print_json, table


def config(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Print every setting, as har.toml, the environment and flags leave it.

    Example: har config --set window.hop_s=0.64
    """
    from har.config import load

    settings = load(overrides)
    if as_json:
        return print_json(settings.tree())
    rows = [(name, _toml(value)) for name, value in settings.flat().items()]
    out.print(table("Settings", ["name", "value"], rows))


def _toml(value: object) -> str:
    return "default" if value is None else str(value)

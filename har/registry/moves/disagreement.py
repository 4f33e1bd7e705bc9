"""Where MLflow shows what the history does not say, in one sentence with what to do."""

from collections.abc import Sequence

from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.placement import placement, unfinished
from har.registry.moves.observation import Difference, differences, observe

# More differences are counted; `har registry reconcile` names them all.
_NAMED = 3


def disagreement(registry: Registry, events: Sequence[Event]) -> str | None:
    """Say what differs between what MLflow shows and the history; None: nothing. It only reads.

    Parameters
    ----------
    registry : Registry
        The model.
    events : sequence of Event
        Its history, oldest first.
    """
    if move := unfinished(events):
        return (
            f"A {move.kind} of version {move.version}, begun by {move.by} at {move.time}, has not "
            "ended: if nobody is at it, `har registry reconcile` completes it."
        )
    wrong = differences(placement(events), events, observe(registry))
    if not wrong:
        return None
    named = "; ".join(map(_said, wrong[:_NAMED]))
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    if not events:
        todo = "there is no history yet: `har registry adopt --reason …` begins it"
    else:
        todo = "see `har registry reconcile`, then settle it with --adopt or --revert"
    return f"MLflow does not show what the history says ({named}{more}): {todo}."


def _said(wrong: Difference) -> str:
    nobody = wrong.what.startswith("alias")
    found, expected = (
        "nobody" if nobody and text == "None" else text for text in (wrong.found, wrong.expected)
    )
    return f"{wrong.what}: {found}, by the history {expected}"

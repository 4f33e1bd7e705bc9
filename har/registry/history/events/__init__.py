"""The kinds of event in a model's history: what each holds, and what it says to people.

===============================  ==================================================
`GateDecided`                    a version was judged
`ApprovalRequested`              a version waits for a second person
`RequestRejected`                that person said no
`ShadowScored`                   a version answered recordings beside the champion
`VersionPruned`                  a version is removed, with its files
`PolicySet`                      the gate's bounds were set or changed
`PolicyRequested`                other bounds wait for a second person
`PolicyRejected`                 that person said no
`MoveBegun`                      aliases and stages are about to change
`MoveCompleted`, `MoveUndone`    they have changed, or are as before
===============================  ==================================================

The first five are in `versions`, the next three in `policy`, the others in `moves`, and what
they have in common is in `base`. A new kind is one class and whoever writes it: the history,
the notices and the retention ask the event. An approval, a rollback, an adoption and what was
moved by hand are moves of that ``kind``. What a later `har` adds to an event, and kinds that
only a later `har` knows, are kept and written again byte for byte (`Event.to_dict`).
"""

from collections.abc import Mapping
from typing import Any

from har.registry.history.events.base import Act, Event
from har.registry.history.events.moves import (
    Approval,
    MoveBegun,
    MoveCompleted,
    MoveEnding,
    MoveUndone,
)
from har.registry.history.events.policy import PolicyRejected, PolicyRequested, PolicySet
from har.registry.history.events.versions import (
    ApprovalRequested,
    GateDecided,
    RequestRejected,
    ShadowScored,
    VersionPruned,
)

__all__ = [
    "KINDS",
    "Act",
    "Approval",
    "ApprovalRequested",
    "Event",
    "GateDecided",
    "MoveBegun",
    "MoveCompleted",
    "MoveEnding",
    "MoveUndone",
    "PolicyRejected",
    "PolicyRequested",
    "PolicySet",
    "RequestRejected",
    "ShadowScored",
    "VersionPruned",
    "read_event",
]

_KINDS: tuple[type[Event], ...] = (
    *(GateDecided, ApprovalRequested, RequestRejected, ShadowScored, VersionPruned),
    *(PolicySet, PolicyRequested, PolicyRejected),
    *(MoveBegun, MoveCompleted, MoveUndone),
)
KINDS: Mapping[str, type[Event]] = {kind.model_fields["event"].default: kind for kind in _KINDS}


def read_event(data: Mapping[str, Any], where: str) -> Event:
    """Read an event as its kind; of a kind that is not known here, what all have in common.

    Parameters
    ----------
    data : mapping
        As `Event.to_dict` returned it, or as JSON keeps it.
    where : str
        What it is called in errors.

    Raises
    ------
    VerificationError
        If a field is not there or has another type; it names the field.
    """
    return KINDS.get(str(data.get("event")), Event).from_dict(data, where)

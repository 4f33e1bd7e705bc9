"""Moves in the registry: recorded, carried out, read back, recorded as done.

The only place where aliases, the tag ``har.stage`` and MLflow's own stages are written.
The event ``move`` comes first and names every change; while it is the last event nobody
else can begin a move. ``moved`` or ``undone`` ends it. What a killed process left in
between is carried out by whoever comes next: all writes say what shall be, so they can
be repeated, and each is preceded by a look at whether the move is still the last event.
"""

import logging
import os
import platform
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from har.errors import ConflictError, MissingError, VerificationError
from har.lineage import origin
from har.lineage.audit import Event
from har.registry.handle import Registry
from har.registry.history import placement as history
from har.registry.history.placement import MOVE, MOVED, UNDONE
from har.registry.history.stages import CHALLENGER, CHAMPION, PREVIOUS, Change, Placement, Stage
from har.registry.history.trail import Trail
from har.registry.notices.delivery import deliver, receivers

_log = logging.getLogger(__name__)
LEASE_S = 60.0  # after which a process that neither ended its move nor can be asked is dead
# The former champion gets its name first: a kill in between leaves two names, not none.
_ORDER = (PREVIOUS, CHAMPION, CHALLENGER)


@dataclass(frozen=True)
class Observed:
    """What the registry says.

    Attributes
    ----------
    aliases : dict of str to int
        All aliases of the model.
    tags, native : dict of int to str
        The tag ``har.stage`` and MLflow's own stage of every version.
    """

    aliases: dict[str, int]
    tags: dict[int, str]
    native: dict[int, str]


@dataclass(frozen=True)
class Difference:
    """Something in the registry that is not as expected."""

    what: str
    expected: str
    found: str


def observe(registry: Registry) -> Observed:
    """Read where versions stand; nothing of a model that is not there."""
    from mlflow.exceptions import MlflowException

    try:
        aliases = registry.client.get_registered_model(registry.model).aliases
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return Observed({}, {}, {})
    versions = registry.model_versions()
    return Observed(
        {alias: int(version) for alias, version in aliases.items()},
        {int(v.version): v.tags.get("har.stage", "None") for v in versions},
        {int(v.version): v.current_stage for v in versions if v.current_stage},
    )


def ours(aliases: Mapping[str, int]) -> dict[str, int]:
    """Return the aliases that are ours, or differ from ours in letter case alone."""
    return {alias: version for alias, version in aliases.items() if alias.lower() in _ORDER}


def differences(expected: Placement, found: Observed) -> list[Difference]:
    """Return where the registry is not as expected."""
    aliases = ours(found.aliases)
    names = sorted({*aliases, *expected.aliases})
    held = [
        Difference(f"alias {name}", str(expected.aliases.get(name)), str(aliases.get(name)))
        for name in names
    ]
    staged = [
        Difference(f"{what} of version {version}", expected.stage(version), stage)
        for what, stages in (("tag har.stage", found.tags), ("MLflow stage", found.native))
        for version, stage in sorted(stages.items())
    ]
    return [d for d in (*held, *staged) if d.expected != d.found]


class Mover:
    """Moves versions of one model.

    Parameters
    ----------
    registry : Registry
        The model.

    Attributes
    ----------
    trail : Trail
        The model's history.
    registry : Registry
        As given.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.trail = Trail(registry)
        self.model = registry.model
        self._client = registry.client
        self._receivers = tuple(receivers(registry.environment.registry))
        self._known = len(self.trail.events)

    def recover(self, *, dry_run: bool = False) -> Placement:
        """End a move that a dead process left; return where versions stand.

        Parameters
        ----------
        dry_run : bool
            Write nothing and take the history's word for where they stand.

        Raises
        ------
        ConflictError
            If somebody's move is under way.
        VerificationError
            If the registry is not as the history says.
        """
        if dry_run:
            return history.placement(self.trail.events)
        self.trail.refresh()
        if (move := history.unfinished(self.trail.events)) is not None:
            require_dead(move)
            self.finish(move)
        expected = history.placement(self.trail.events)
        self._require_as(expected)
        return expected

    def execute(
        self, kind: str, version: int | None, change: Change, *, reason: str, **facts: Any
    ) -> Event:
        """Record a move, carry it out and record that it is done.

        Parameters
        ----------
        kind : str
            What people call it, as ``promotion`` or ``rollback``.
        version : int or None
            The version that it is about.
        change : Change
            Of what the history says.
        reason : str
            Why.
        **facts : Any
            More to record.
        """
        process = {"host": platform.node(), "pid": os.getpid()}
        facts = {"kind": kind, "change": change.to_dict(), **process, **facts}
        begun = self.record(MOVE, version, reason=reason, **facts)
        self.finish(begun)
        return begun

    def record(self, event: str, version: int | None, *, reason: str, **facts: Any) -> Event:
        """Add an event of whoever acts here to the history."""
        who = {"by": self.registry.identity, "account": origin.actor()}
        return self.trail.append(
            {"event": event, "version": version, "reason": reason, **who, **facts}
        )

    def announce(self) -> None:
        """Tell everybody who shall hear of it what happened; a deaf receiver is no failure."""
        from mlflow.exceptions import MlflowException

        try:
            outcome = deliver(self.trail, self._receivers, since=self._known)
        except MlflowException as error:
            _log.warning("the notices wait: %s", str(error).splitlines()[0])
            return
        for found in outcome.values():
            if isinstance(found, MissingError):
                _log.warning("%s", found)

    def finish(self, move: Event, *, undo: bool = False) -> None:
        """Carry out a move that has begun, or take it back, and record that it is done.

        Raises
        ------
        ConflictError
            If somebody else ended it and went on.
        MissingError
            If the registry went away; the move is completed by the next call.
        VerificationError
            If the registry does not say afterwards what it was told.
        """
        from mlflow.exceptions import MlflowException

        change = history.change_of(move)
        change = change.reverse if undo else change
        try:
            for write in self._writes(change):
                self._require_last(move)
                write()
            self._require_written(change)
            self._require_last(move)
            self.trail.append({"event": UNDONE if undo else MOVED, "move": move["sha256"]})
        except MlflowException as error:
            raise MissingError(
                f"{self.model}: the registry failed in the middle of a {move['kind']}",
                found=str(error).splitlines()[0][-200:],
                hint="it is recorded, and completed by `har registry reconcile` or the next move",
            ) from error

    def look(self) -> Observed:
        """Return what the registry says while nobody moves a version.

        Raises
        ------
        ConflictError
            If somebody began to move a version while it was read.
        """
        known = self.trail.events
        found = observe(self.registry)
        self.trail.refresh()
        if new := self.trail.events[len(known) :]:
            raise ConflictError(
                f"{self.model}: somebody moves a version at this moment",
                found=", ".join(f"{event['event']} at {event['time']}" for event in new),
                hint="try again",
            )
        return found

    def _require_as(self, expected: Placement) -> None:
        if wrong := differences(expected, self.look()):
            raise VerificationError(
                f"{self.model}: the registry is not as its history says",
                expected="; ".join(f"{d.what}: {d.expected}" for d in wrong),
                found="; ".join(f"{d.what}: {d.found}" for d in wrong),
                hint="somebody moved it without `har`: see `har registry reconcile`"
                if self.trail.events
                else "it was made without `har`: take it in with `har registry adopt`",
            )

    def _require_written(self, change: Change) -> None:
        found = observe(self.registry)
        wrong = {
            **{a: v for a, (_, v) in change.aliases.items() if found.aliases.get(a) != v},
            **{f"stage of {v}": s for v, (_, s) in change.stages.items() if found.tags.get(v) != s},
        }
        if wrong:
            raise VerificationError(
                f"{self.model}: the registry did not keep what was written",
                expected=", ".join(f"{name}: {value}" for name, value in wrong.items()),
                hint="somebody else moved it at the same time: see `har registry reconcile`",
            )

    def _require_last(self, move: Event) -> None:
        self.trail.refresh()
        last = self.trail.events[-1]
        if last["sha256"] != move["sha256"]:
            raise ConflictError(
                f"{self.model}: somebody else ended this {move['kind']}",
                found=f"{last['event']} at {last['time']}",
                hint="look at `har registry history`",
            )

    def _writes(self, change: Change) -> Iterator[Callable[[], None]]:
        """Yield what a change makes to be written, in an order that never leaves no champion."""
        for alias in sorted(change.aliases, key=[*_ORDER, *change.aliases].index):
            _, version = change.aliases[alias]
            yield partial(self._set_alias, alias, version)
        for version, (_, stage) in change.stages.items():
            yield partial(self._set_stage, version, stage)

    def _set_alias(self, alias: str, version: int | None) -> None:
        if version is None:
            self._client.delete_registered_model_alias(self.model, alias)
        else:
            self._client.set_registered_model_alias(self.model, alias, str(version))

    def _set_stage(self, version: int, stage: Stage) -> None:
        self._client.set_model_version_tag(self.model, str(version), "har.stage", stage)
        with warnings.catch_warnings():
            # MLflow means to drop its stages; while it has them, its pages show them.
            warnings.simplefilter("ignore", FutureWarning)
            self._client.transition_model_version_stage(self.model, str(version), stage)


def require_dead(move: Event) -> None:
    """Leave a move alone whose process may still be at work.

    Raises
    ------
    ConflictError
        If it may.
    """
    age = (datetime.now(UTC) - datetime.fromisoformat(move["time"])).total_seconds()
    if age > LEASE_S or (move["host"] == platform.node() and not _runs(move["pid"])):
        return
    raise ConflictError(
        f"{move['model']}: a {move['kind']} of version {move['version']} is under way",
        found=f"begun by {move['by']} at {move['time']}, process {move['pid']}",
        hint=f"try again; after {LEASE_S:.0f} s it counts as dead and is completed",
    )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

"""Moves in the registry: recorded, carried out, read back, recorded as done.

The only place where aliases, the tag ``har.stage`` and MLflow's own stages are written.
The event ``move`` comes first and names every change; while it is the last event nobody
else can begin a move. ``moved`` or ``undone`` ends it. What a killed process left in
between is carried out by whoever comes next: all writes are idempotent, and before each
the history is read, as the move must still be its last event.
"""

import logging
import os
import platform
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TypedDict, TypeVar, Unpack

from har.errors import ConflictError, MissingError, VerificationError
from har.registry.handle import Registry
from har.registry.history.events import Act, Approval, MoveBegun, MoveCompleted, MoveUndone
from har.registry.history.placement import placement, unfinished
from har.registry.history.stages import Change, Placement, Stage
from har.registry.history.trail import Trail
from har.registry.moves.observation import ALIASES, Observed, differences, observe
from har.registry.notices.delivery import deliver
from har.registry.notices.receivers import receivers
from har.registry.versions import judgement
from har.registry.versions.decision import Decision
from har.registry.versions.description import bring_up_to_date

A = TypeVar("A", bound=Act)
_log = logging.getLogger(__name__)
# The lease of a move: one of a process that cannot be reached is taken over after so long.
LEASE_S = 60.0


class MoveOrigin(TypedDict, total=False):
    """What a move follows from, as `har.registry.history.events.MoveBegun` keeps it."""

    decision: str
    request: str
    approval: Approval
    since: str
    by_hand: Mapping[str, int | None]
    bent: tuple[str, ...]


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
    judged : list of Decision
        Judgements that a dead process recorded, and that `recover` published.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        # First, so that whoever may write hears of the registry from MLflow alone.
        registry.connect()
        self.trail = Trail(registry)
        self.trail.require_open()
        self.model = registry.model
        self._receivers = tuple(receivers(registry.environment.registry))
        self._known = len(self.trail.events)
        self.judged: list[Decision] = []

    def recover(self, *, dry_run: bool = False) -> Placement:
        """Complete a move or a judgement that a dead process left; return where versions stand.

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
            return placement(self.trail.events)
        self.registry.connect(to_write=True)
        self.trail.refresh()
        if (move := unfinished(self.trail.events)) is not None:
            require_dead(move)
            self.finish(move)
        expected = placement(self.trail.events)
        self._require_as(expected)
        self.judged = judgement.complete(self.registry, self.trail.events)
        return expected

    def execute(
        self,
        kind: str,
        version: int | None,
        change: Change,
        *,
        reason: str,
        **origin_of_move: Unpack[MoveOrigin],
    ) -> MoveBegun:
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
        **origin_of_move
            What it follows from.
        """
        begun = self.record(
            MoveBegun(
                kind=kind,
                version=version,
                change=change,
                reason=reason,
                host=platform.node(),
                pid=os.getpid(),
                **origin_of_move,
            )
        )
        self.finish(begun)
        return begun

    def record(self, event: A) -> A:
        """Add an event to the history in the name of whoever acts here."""
        actor = self.registry.actor
        who = {"by": actor.name, "known_by": actor.known_by, "account": actor.account}
        if actor.server_user:
            who["server_user"] = actor.server_user
        return self.trail.append(event.model_copy(update=who))

    def announce(self) -> None:
        """Tell of what happened, in MLflow's page and to receivers; neither can fail a move.

        Nor can receivers hold it up for longer than ``registry.notify_s``.
        """
        from mlflow.exceptions import MlflowException

        bring_up_to_date(self.registry, self.trail)
        within_s = self.registry.environment.registry.notify_s
        try:
            outcome = deliver(self.trail, self._receivers, since=self._known, within_s=within_s)
        except MlflowException as error:
            _log.warning("the notices wait: %s", str(error).splitlines()[0])
            return
        for result in outcome.values():
            if isinstance(result, MissingError):
                _log.warning("%s", result)

    def finish(self, move: MoveBegun, *, undo: bool = False) -> None:
        """Carry out a move that has begun, or take it back, and record that it is done.

        Raises
        ------
        ConflictError
            If somebody else ended it and went on.
        MissingError
            If the registry went away; the move is completed by the next call.
        VerificationError
            If the registry does not say afterwards what was written.
        """
        from mlflow.exceptions import MlflowException

        change = move.change.reverse if undo else move.change
        try:
            for write in self._writes(change):
                self._require_last(move)
                write()
            self._require_written(change)
            self._require_last(move)
            ending = MoveUndone if undo else MoveCompleted
            self.trail.append(ending(move=move.sha256))
        except MlflowException as error:
            raise MissingError(
                f"{self.model}: the registry failed in the middle of a {move.kind}",
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
        observed = observe(self.registry)
        self.trail.refresh()
        if new := self.trail.events[len(known) :]:
            raise ConflictError(
                f"{self.model}: somebody is moving a version",
                found=", ".join(f"{event.event} at {event.time}" for event in new),
                hint="try again",
            )
        return observed

    def _require_as(self, expected: Placement) -> None:
        if wrong := differences(expected, self.trail.events, self.look()):
            raise VerificationError(
                f"{self.model}: the registry is not as its history says",
                expected="; ".join(f"{d.what}: {d.expected}" for d in wrong),
                found="; ".join(f"{d.what}: {d.found}" for d in wrong),
                hint="somebody moved it without `har`: see `har registry reconcile`"
                if self.trail.events
                else "it was made without `har`: take it in with `har registry adopt`",
            )

    def _require_written(self, change: Change) -> None:
        observed = observe(self.registry)
        change = _that_can_be(change, observed)
        aliases = {a: v for a, (_, v) in change.aliases.items() if observed.aliases.get(a) != v}
        stages = {v: s for v, (_, s) in change.stages.items() if observed.tags.get(v) != s}
        wrong = {**aliases, **{f"stage of {v}": stage for v, stage in stages.items()}}
        if wrong:
            raise VerificationError(
                f"{self.model}: the registry did not keep what was written",
                expected=", ".join(f"{name}: {value}" for name, value in wrong.items()),
                hint="somebody else moved it at the same time: see `har registry reconcile`",
            )

    def _require_last(self, move: MoveBegun) -> None:
        self.trail.refresh()
        last = self.trail.events[-1]
        if last.sha256 != move.sha256:
            raise ConflictError(
                f"{self.model}: somebody else ended this {move.kind}",
                found=f"{last.event} at {last.time}",
                hint="look at `har registry history`",
            )

    def _writes(self, change: Change) -> Iterator[Callable[[], None]]:
        """Yield the writes of a change, in an order that never leaves the model no champion."""
        change = _that_can_be(change, observe(self.registry))
        for alias in sorted(change.aliases, key=[*ALIASES, *change.aliases].index):
            _, version = change.aliases[alias]
            yield partial(self._set_alias, alias, version)
        for version, (_, stage) in change.stages.items():
            yield partial(self._set_stage, version, stage)

    def _set_alias(self, alias: str, version: int | None) -> None:
        if version is None:
            self.registry.writer.delete_registered_model_alias(self.model, alias)
        else:
            self.registry.writer.set_registered_model_alias(self.model, alias, str(version))

    def _set_stage(self, version: int, stage: Stage) -> None:
        self.registry.writer.set_model_version_tag(self.model, str(version), "har.stage", stage)
        with warnings.catch_warnings():
            # MLflow means to drop its stages; while it has them, its pages show them.
            warnings.simplefilter("ignore", FutureWarning)
            self.registry.writer.transition_model_version_stage(self.model, str(version), stage)


def _that_can_be(change: Change, observed: Observed) -> Change:
    """Return a change without what somebody made impossible by deleting versions in MLflow."""
    there, held = observed.tags, observed.aliases
    return Change(
        {
            alias: (old, new)
            for alias, (old, new) in change.aliases.items()
            if (alias in held if new is None else new in there)
        },
        {version: pair for version, pair in change.stages.items() if version in there},
    )


def require_dead(move: MoveBegun) -> None:
    """Refuse to take over a move whose process may still be at work.

    Raises
    ------
    ConflictError
        If it may.
    """
    age = (datetime.now(UTC) - datetime.fromisoformat(move.time)).total_seconds()
    if age > LEASE_S or (move.host == platform.node() and not _runs(move.pid)):
        return
    raise ConflictError(
        f"{move.model}: a {move.kind} of version {move.version} is under way",
        found=f"begun by {move.by} at {move.time}, process {move.pid}",
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

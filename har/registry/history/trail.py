"""The history of a model: every decision and every move, oldest first, none ever changed.

The log is append-only: an event is one parameter of an MLflow run, named by its position.
MLflow lets nobody change or remove a parameter, and of two writers of the same one it
refuses the later. So whoever adds to a history that has grown in the meantime is refused:
that decides between two promotions at the same time, on any number of machines. Each
machine keeps a copy, ``audit.jsonl``, which shows if a registry lost or changed events.

========================  ====================================================
experiment ``har/history``  has one run per model, whose parameters are the events
experiment ``har/history/<model>``  is empty; its tag names that run
========================  ====================================================
"""

import json
import uuid
from pathlib import Path
from typing import TypeVar

from har.disk import is_unwritable
from har.errors import ConflictError, MissingError, UsageError
from har.lineage import audit
from har.lineage.origin import now_utc
from har.registry.connection import artifact_location, require_not_deleted
from har.registry.handle import Registry
from har.registry.history.events import Event, MoveEnding, read_event
from har.registry.history.placement import unfinished

E = TypeVar("E", bound=Event)
EXPERIMENT = "har/history"
# MLflow cuts a longer parameter off without a word.
MAX_LINE = 6000
_RUN = "har.history"
_HEARD = "har.heard."


class Trail:
    """The history of one model.

    Parameters
    ----------
    registry : Registry
        The model.

    Attributes
    ----------
    events : tuple of Event
        Oldest first, as last read.
    copy : Path
        The copy on this machine.

    Raises
    ------
    VerificationError
        If the chain is broken, or the copy on this machine says something else.
    """

    def __init__(self, registry: Registry) -> None:
        self.copy: Path = registry.audit_file
        self._registry = registry
        self._model = registry.model
        self._run: str | None = None
        self._lines: list[bytes] = []
        self.events: tuple[Event, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Read what others added."""
        known = audit.read(self.copy)  # first: whatever it holds, the registry holds by then
        self._run = self._run or _find_run(self._registry)
        lines = self._read(self._run) if self._run else []
        if self.events and lines == self._lines:
            return  # verified and copied before
        where = f"the history of {self._model}"
        entries = audit.verify(lines, where)
        events = tuple(
            read_event(entry, f"{where}, line {number}") for number, entry in enumerate(entries, 1)
        )
        try:
            audit.bring_up_to_date(self.copy, known, lines, where)
        except OSError as error:
            # A host that only serves may have no place for a copy.
            if not is_unwritable(error):
                raise
        self._lines, self.events = lines, events

    def append(self, event: E) -> E:
        """Add an event after the last one that was read, and return it as recorded.

        Raises
        ------
        ConflictError
            If somebody else added an event since, or the last one began a move and this
            one does not end it; `refresh`, and look at what it was.
        UsageError
            If the event is longer than MLflow keeps.
        """
        begun = unfinished(self.events)
        if begun and not (isinstance(event, MoveEnding) and event.move == begun.sha256):
            raise ConflictError(
                f"{self._model}: a {begun.kind} is under way",
                found=f"begun by {begun.by} at {begun.time}",
                hint="try again when it has ended",
            )
        # Two writers may say the same in the same second: the nonce tells their lines apart.
        stamp = {"model": self._model, "time": now_utc(), "nonce": uuid.uuid4().hex[:12]}
        line = audit.next_line({**event.to_dict(), **stamp}, self._lines)
        if len(line) > MAX_LINE:
            raise UsageError(
                f"{event.event}: too long to be recorded",
                expected=f"{MAX_LINE} bytes at most",
                found=f"{len(line)} bytes",
                hint="give a shorter reason",
            )
        if self._run is None:
            self._run = _make_run(self._registry)
        self._write(line, self._run)
        self.refresh()
        recorded = self.events[-1]
        assert isinstance(recorded, type(event))
        return recorded

    @property
    def lines(self) -> tuple[bytes, ...]:
        """The events as the log has them, without newlines."""
        return tuple(self._lines)

    def require_open(self) -> None:
        """Refuse a history that nothing can be added to, as somebody deleted it in MLflow.

        Raises
        ------
        MissingError
            If its run or the experiment of all histories was deleted.
        """
        client = self._registry.client
        require_not_deleted(client, EXPERIMENT)
        if self._run and client.get_run(self._run).info.lifecycle_stage == "deleted":
            raise MissingError(
                f"the history of {self._model} was deleted in MLflow",
                hint=f"MLFLOW_TRACKING_URI={self._registry.uri} mlflow runs restore "
                f"--run-id {self._run}",
            )

    def heard(self, receiver: str) -> int | None:
        """Return how many events a receiver has heard of; None of one that is new."""
        if self._run is None:
            return None
        count = self._registry.client.get_run(self._run).data.tags.get(f"{_HEARD}{receiver}")
        return None if count is None else int(count)

    def mark_heard(self, receiver: str, count: int) -> None:
        """Keep how many events a receiver has heard of."""
        if self._run is not None:
            name = f"{_HEARD}{receiver}"
            self._registry.writer.set_tag(self._run, name, str(count), synchronous=True)

    def _write(self, line: bytes, run: str) -> None:
        from mlflow.exceptions import MlflowException

        position = len(self._lines)
        try:
            # Whatever MLFLOW_ENABLE_ASYNC_LOGGING says: an event that waits is not recorded.
            self._registry.writer.log_param(run, _key(position), line.decode(), synchronous=True)
        except MlflowException:
            written = self._read(run)
            if len(written) <= position:
                raise
            if written[position] != line:
                by = json.loads(written[position])
                raise ConflictError(
                    f"{self._model}: somebody else was faster",
                    found=f"{by['event']} by {by.get('by', 'somebody')} at {by['time']}",
                    hint="nothing was changed here; look at `har registry history`, try again",
                ) from None

    def _read(self, run: str) -> list[bytes]:
        params = self._registry.reader.params(run)
        return [params[key].encode() for key in sorted(params) if key.isdigit()]


def _key(position: int) -> str:
    return f"{position:08d}"


def _find_run(registry: Registry) -> str | None:
    tags = registry.reader.experiment_tags(f"{EXPERIMENT}/{registry.model}")
    return None if tags is None else tags[_RUN]


def _make_run(registry: Registry) -> str:
    """Make the run of a model's history, or find the one that somebody else made first."""
    from mlflow.exceptions import MlflowException

    client, model = registry.writer, registry.model
    experiment = registry.experiment_id(EXPERIMENT)
    run = str(client.create_run(experiment, run_name=model).info.run_id)
    try:
        # Of two experiments of one name MLflow refuses the later: so there is one history.
        location = artifact_location(registry.uri)
        client.create_experiment(f"{EXPERIMENT}/{model}", location, tags={_RUN: run})
    except MlflowException:
        first = _find_run(registry)
        if first is None:
            raise
        client.delete_run(run)
        return first
    return run

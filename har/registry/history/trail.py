"""The history of a model: every decision and every move, oldest first, none ever changed.

An event is one parameter of an MLflow run, named by its place in the sequence. MLflow
lets nobody change or remove a parameter, and of two writers of the same one it refuses
the later. So the history only grows, and who would add to a history that has grown in
the meantime is told so: that is what decides between two promotions at the same time,
on any number of machines. Each machine keeps a copy, ``audit.jsonl``; a registry that
lost or changed what a machine has seen of it is found out.

========================  ====================================================
experiment ``har/history``  has one run a model, whose parameters are the events
experiment ``har/history/<model>``  is empty; its tag names that run
========================  ====================================================
"""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har.config import RegistrySettings
from har.errors import ConflictError, UsageError
from har.lineage import audit
from har.lineage.origin import now_utc
from har.registry.connection import audit_file, connect, experiment_id
from har.registry.history import placement as history

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "har/history"
MAX_LINE = 6000  # characters of a parameter in MLflow, which cuts longer ones off in silence
_RUN = "har.history"
_HEARD = "har.heard."


class Trail:
    """The history of one model.

    Parameters
    ----------
    settings : RegistrySettings
        Where the registry is, and the model.

    Attributes
    ----------
    events : tuple of dict
        Oldest first, as last read; each has ``sequence``, ``time`` (UTC), ``previous`` and
        ``sha256``, the digests of the line before and of its own.
    copy : Path
        The copy on this machine.

    Raises
    ------
    VerificationError
        If the chain is broken, or the copy on this machine says something else.
    """

    def __init__(self, settings: RegistrySettings) -> None:
        self.copy: Path = audit_file(settings)
        self._client = connect(settings)
        self._model = settings.model
        self._run = _find_run(self._client, settings.model)
        self._lines: list[bytes] = []
        self.events: tuple[audit.Event, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Read what others added."""
        lines = self._read(self._run) if self._run else []
        if self.events and lines == self._lines:
            return  # verified and copied before
        where = f"the history of {self._model}"
        events = tuple(audit.verify(lines, where))
        if lines or self.copy.exists():
            audit.bring_up_to_date(self.copy, lines, where)
        self._lines, self.events = lines, events

    def append(self, event: Mapping[str, Any]) -> audit.Event:
        """Add an event after the last one that was read, and return it as recorded.

        Raises
        ------
        ConflictError
            If somebody else added an event since, or the last one began a move and this
            one does not end it; `refresh`, and look at what it was.
        UsageError
            If the event is longer than MLflow keeps.
        """
        if (begun := history.unfinished(self.events)) and event.get("move") != begun["sha256"]:
            raise ConflictError(
                f"{self._model}: a {begun['kind']} is under way",
                found=f"begun by {begun['by']} at {begun['time']}",
                hint="try again when it has ended",
            )
        # Two writers may say the same in the same second: the nonce tells their lines apart.
        own = {**event, "model": self._model, "time": now_utc(), "nonce": uuid.uuid4().hex[:12]}
        line = audit.next_line(own, self._lines)
        if len(line) > MAX_LINE:
            raise UsageError(
                f"{event['event']}: too long to be recorded",
                expected=f"{MAX_LINE} bytes at most",
                found=f"{len(line)} bytes",
                hint="give a shorter reason",
            )
        if self._run is None:
            self._run = _make_run(self._client, self._model)
        self._write(line, self._run)
        self.refresh()
        return self.events[-1]

    def heard(self, receiver: str) -> int | None:
        """Return how many events a receiver has heard of; None of one that is new."""
        if self._run is None:
            return None
        told = self._client.get_run(self._run).data.tags.get(f"{_HEARD}{receiver}")
        return None if told is None else int(told)

    def mark_heard(self, receiver: str, count: int) -> None:
        """Keep how many events a receiver has heard of."""
        if self._run is not None:
            self._client.set_tag(self._run, f"{_HEARD}{receiver}", str(count))

    def _write(self, line: bytes, run: str) -> None:
        from mlflow.exceptions import MlflowException

        place = len(self._lines)
        try:
            self._client.log_param(run, _key(place), line.decode())
        except MlflowException:
            written = self._read(run)
            if len(written) <= place:
                raise
            if written[place] != line:
                by = json.loads(written[place])
                raise ConflictError(
                    f"{self._model}: somebody else was faster",
                    found=f"{by['event']} by {by.get('by', 'somebody')} at {by['time']}",
                    hint="nothing was changed here; look at `har registry history`, try again",
                ) from None

    def _read(self, run: str) -> list[bytes]:
        params = self._client.get_run(run).data.params
        found = sorted(key for key in params if key.isdigit())
        return [params[key].encode() for key in found]


def _key(place: int) -> str:
    return f"{place:08d}"


def _find_run(client: "MlflowClient", model: str) -> str | None:
    found = client.get_experiment_by_name(f"{EXPERIMENT}/{model}")
    return found.tags[_RUN] if found else None


def _make_run(client: "MlflowClient", model: str) -> str:
    """Make the run of a model's history, or find the one that somebody else made first."""
    from mlflow.exceptions import MlflowException

    shelf = experiment_id(client, EXPERIMENT)
    run = str(client.create_run(shelf, run_name=model).info.run_id)
    try:
        # Of two experiments of one name MLflow refuses the later: so there is one history.
        client.create_experiment(f"{EXPERIMENT}/{model}", tags={_RUN: run})
    except MlflowException:
        first = _find_run(client, model)
        if first is None:
            raise
        client.delete_run(run)
        return first
    return run

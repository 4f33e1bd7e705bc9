"""What a run writes down of itself as it goes: ``runs/<run>/`` in the store.

Also a run that fails or is killed has it:

====================  =======================================================
``journal.jsonl``     first what was known before its first step (`Begun`), then one line
                      per step as soon as its output is there (`Known`), and how it ended
                      (`Ended`); lines are only ever appended
``environment/``      ``packages.json`` with all that was installed, the lock file, and
                      ``changes.diff``, which makes of the commit what ran
====================  =======================================================

The lineage record of a version is made from it, and so is what `har lineage runs` shows.
"""

import contextlib
import json
import shlex
import shutil
import socket
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import psutil
from pydantic import StrictInt, StrictStr

from har.addresses import without_credentials
from har.config.names import is_secret
from har.errors import MissingError, VerificationError
from har.lineage import digest, origin, repository
from har.lineage.record import Cause, Descriptor, EarlierRun
from har.lineage.typed import Number, Texts, Typed

FOLDER, FILE, ENVIRONMENT = "runs", "journal.jsonl", "environment"
# Of a command line, characters that are kept.
MAX_COMMAND = 1000
State = Literal["finished", "failed", "running", "killed"]


class Process(Typed):
    """The process of a run: with its start, for numbers are used again."""

    host: StrictStr
    pid: StrictInt
    started: Number

    @classmethod
    def current(cls) -> Self:
        """Return the one that calls."""
        own = psutil.Process()
        return cls(host=socket.gethostname(), pid=own.pid, started=own.create_time())

    @property
    def runs(self) -> bool:
        """Whether it still does; of one on another host nobody knows, so it counts as running."""
        if self.host != socket.gethostname():
            return True
        try:
            return bool(psutil.Process(self.pid).create_time() == self.started)
        except psutil.NoSuchProcess:
            return False


class Begun(Typed):
    """What is known of a run before its first step.

    Attributes
    ----------
    run : str
        32 hexadecimal digits.
    time : str
        UTC.
    who : str
        The account: user at host.
    cause : Cause
        What started it, and why.
    flow_run : str or None
        Of Prefect.
    process : Process
        Which one it is.
    recipe : mapping
        What it was to make.
    code : tuple of Descriptor
        The package's source, its commit, the lock file.
    environment, hardware : mapping of str to str
        Versions of Python and the libraries; processor, memory, GPU.
    """

    kind: Literal["begun"] = "begun"
    run: StrictStr
    time: StrictStr
    who: StrictStr
    cause: Cause
    flow_run: StrictStr | None
    process: Process
    recipe: Mapping[StrictStr, Any]
    code: tuple[Descriptor, ...]
    environment: Texts
    hardware: Texts


class Known(Typed):
    """The output of a step that a run made or found.

    Attributes
    ----------
    name, step : str
        Of the step in the run, and of its folder in the store.
    key, content : str
        Digests of what determined the output, and of the output.
    made_by : str
        The run that made it; empty where an earlier `har` or an ingestion did.
    made : str
        UTC.
    seconds : float
        That it took to make.
    """

    kind: Literal["step"] = "step"
    time: StrictStr
    name: StrictStr
    step: StrictStr
    key: StrictStr
    content: StrictStr
    made_by: StrictStr
    made: StrictStr
    seconds: Number


class Ended(Typed):
    """How a run ended; ``error`` is empty where it finished."""

    kind: Literal["ended"] = "ended"
    time: StrictStr
    outcome: Literal["finished", "failed"]
    error: StrictStr = ""


_KINDS: dict[str, type[Begun | Known | Ended]] = {"begun": Begun, "step": Known, "ended": Ended}


@dataclass(frozen=True)
class Journal:
    """The journal of one run, as it was read.

    Attributes
    ----------
    begun : Begun
    steps : tuple of Known
        In the order in which their outputs were known.
    ended : Ended or None
        None while it runs, and of a killed run for ever.
    """

    begun: Begun
    steps: tuple[Known, ...]
    ended: Ended | None

    @property
    def state(self) -> State:
        """How it stands."""
        if self.ended:
            return self.ended.outcome
        return "running" if self.begun.process.runs else "killed"

    @property
    def made(self) -> tuple[Known, ...]:
        """The steps that this run itself made."""
        return tuple(step for step in self.steps if step.made_by == self.begun.run)

    @classmethod
    def read(cls, store: Path, run: str) -> Self:
        """Read the journal of a run from a store.

        Parameters
        ----------
        store : Path
            The store's folder.
        run : str
            The run, or the first digits of one.

        Raises
        ------
        MissingError
            If there is none, or several begin so.
        VerificationError
            If a line is not one that `har` wrote.
        """
        known = [path for path in _paths(store) if path.parent.name.startswith(run)]
        if len(known) != 1:
            raise MissingError(
                f"no journal of the run {run!r} in {store}",
                found=f"{len(known)} of that name",
                hint="`har lineage runs` lists them",
            )
        return cls._of(known[0])

    @classmethod
    def _of(cls, path: Path) -> Self:
        # What a killed process left of its last line is no part of the journal.
        *lines, _ = path.read_bytes().split(b"\n")
        begun, *others = [_parsed(line, f"{path}:{i + 1}") for i, line in enumerate(lines)]
        if not isinstance(begun, Begun):
            raise VerificationError(f"{path}: its first line does not say what began the run")
        # A program may go on with a run: how it ended is what the last line says.
        last = others[-1] if others else None
        known = tuple(line for line in others if isinstance(line, Known))
        return cls(begun, known, last if isinstance(last, Ended) else None)


def journals(store: Path) -> list[Journal]:
    """Return the journals of a store, the newest first."""
    read = map(Journal._of, _paths(store))
    return sorted(read, key=lambda journal: journal.begun.time, reverse=True)


def new_run() -> str:
    """Return an id that no other run has."""
    return uuid.uuid4().hex


class Writer:
    """Writes the journal of one run, from when it has something to do.

    Parameters
    ----------
    store : Path
        The store's folder.
    run : str
        The run.

    Attributes
    ----------
    folder : Path
        Where it writes.
    open : bool
        Whether a block is recorded now.
    begun : Begun or None
        None before the first one.
    """

    def __init__(self, store: Path, run: str) -> None:
        self.folder, self.run = store / FOLDER / run, run
        self.open, self._known = False, set[str]()
        self.begun: Begun | None = None

    @contextlib.contextmanager
    def recording(self, recipe: Mapping[str, Any], reason: str) -> Iterator[None]:
        """Write how a block ends; within another one, leave that to the outer.

        Parameters
        ----------
        recipe : mapping
            What is to be made.
        reason : str
            Why.
        """
        if self.open:
            yield
            return
        if self.begun is None:
            checkout = repository.Checkout.of()
            write_environment(self.folder / ENVIRONMENT, checkout)
            self.begun = begin(self.run, recipe, reason, checkout)
            self._append(self.begun)
        self.open = True
        try:
            yield
        except BaseException as error:
            said = f"{type(error).__name__}: {error}".strip(": ")
            self._append(Ended(time=origin.now_utc(), outcome="failed", error=said))
            raise
        else:
            self._append(Ended(time=origin.now_utc(), outcome="finished"))
        finally:
            self.open = False

    def know(self, step: Known) -> None:
        """Write that the output of a step is there, where a block is recorded."""
        if self.open and step.name not in self._known:
            self._known.add(step.name)
            self._append(step)

    def _append(self, line: Begun | Known | Ended) -> None:
        with (self.folder / FILE).open("ab") as file:
            file.write(digest.canonical(line.model_dump(mode="json", by_alias=True)) + b"\n")


def earlier(store: Path, runs: Iterable[str]) -> dict[str, EarlierRun]:
    """Return what is known of runs that made what a later one found, as far as it still is."""
    found = {}
    for run in sorted(set(runs) - {""}):
        with contextlib.suppress(MissingError):
            begun = Journal.read(store, run).begun
            found[run] = EarlierRun(who=begun.who, cause=begun.cause, started=begun.time)
    return found


def write_environment(folder: Path, checkout: repository.Checkout | None) -> None:
    """Write all that was installed, the lock file, and what differs from the commit."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "packages.json").write_bytes(digest.canonical(origin.packages()))
    lock = repository.PACKAGE.parent / repository.LOCK
    if lock.exists():
        shutil.copyfile(lock, folder / repository.LOCK)
    if checkout and (patch := checkout.patch()):
        (folder / "changes.diff").write_bytes(patch)


def begin(
    run: str, recipe: Mapping[str, Any], reason: str, checkout: repository.Checkout | None
) -> Begun:
    """Return what is known of a run that begins now."""
    return Begun(
        run=run,
        time=origin.now_utc(),
        who=origin.actor(),
        cause=cause(reason),
        flow_run=origin.prefect_flow_run(),
        process=Process.current(),
        recipe=recipe,
        code=tuple(repository.code(checkout=checkout)),
        environment=origin.environment(),
        hardware=origin.hardware(),
    )


def cause(reason: str) -> Cause:
    """Return what started this process, as far as it can be told; secrets are left out."""
    if deployed := _deployed(reason):
        return deployed
    program, *words = sys.argv
    line = shlex.join([Path(program).name, *map(_without_secret, words)])[:MAX_COMMAND]
    by_hand = Path(program).name == "har"
    return Cause(trigger="command" if by_hand else "program", name=line, reason=reason)


def _deployed(reason: str) -> Cause | None:
    """Return the Prefect deployment that this run is of, if it is of one."""
    if "prefect" not in sys.modules:
        return None
    from prefect.runtime import deployment, flow_run

    if not deployment.id:
        return None
    by_itself = "auto-scheduled" in flow_run.tags
    return Cause(
        trigger="schedule" if by_itself else "deployment", name=str(deployment.name), reason=reason
    )


def _without_secret(word: str) -> str:
    name, equals, _ = word.partition("=")
    return f"{name}=…" if equals and is_secret(name) else without_credentials(word)


def _paths(store: Path) -> list[Path]:
    # A process may be killed before its first line is whole.
    written = sorted((store / FOLDER).glob(f"*/{FILE}"))
    return [path for path in written if b"\n" in path.read_bytes()]


def _parsed(line: bytes, where: str) -> Begun | Known | Ended:
    try:
        content = json.loads(line)
        kind = _KINDS[content["kind"]]
    except (ValueError, KeyError, TypeError):
        raise VerificationError(
            f"{where}: not a line of a run's journal",
            found=line[:100].decode(errors="backslashreplace"),
        ) from None
    return kind.from_dict(content, where)

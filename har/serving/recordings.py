"""A user's files as clean recordings: read as `har data ingest` reads them, one at a time.

>>> from har.serving.recordings import open_user_files
>>> files = open_user_files(Path("my-recordings"))  # doctest: +SKIP
>>> for activities in files.each(predict, Aim(50.0)):  # doctest: +SKIP
...     print(activities)
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from har.config import CleanSettings
from har.data import fuse
from har.data.channels import by_placement, lacking, measured, name_of, placements_of
from har.data.clean import clean
from har.data.cleaning import Cleaning, CleanReport
from har.data.gravity import KINDS
from har.data.ingest import own, published
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin, slug
from har.data.ingest.items import read_item
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ColumnMapping
from har.data.ingest.plan import Plan
from har.data.ingest.refusal import Refusal
from har.data.recording import ACC, Recording, RecordingMeta
from har.data.sources.base import Item, Source
from har.errors import DataError, VerificationError
from har.lineage import digest
from har.serving.account import DATASET, Account, short_name
from har.serving.canonical import units_by_name, with_canonical

if TYPE_CHECKING:
    from har.serving.predictor import Predictor

T = TypeVar("T")
DEFAULT_CLEAN = CleanSettings()
# What to do with acceleration with gravity, and without, where a model takes the other kind.
_OTHER_KIND = {
    True: "name the columns of linear acceleration, with --map gravity=none; or use a model of "
    "acceleration with gravity",
    False: "record the accelerometer itself, or gravity beside it; or use a model of linear "
    "acceleration",
}

_ALL_PLACEMENTS = (
    "give a file of all placements: named and written as the data set has its own that the model "
    "was trained on, or a table with placement_column and [placements] in a mapping; or use a "
    "model of one placement"
)


@dataclass
class UserRecording:
    """One recording of a user's files, read once, part by part, so that memory holds one part.

    Attributes
    ----------
    name, subject : str
        Of the recording and of the person; where the files name none, the files' own name.
    files : tuple of str
        That it is read from.
    meta : RecordingMeta
        What is known of it, its own rate among it.
    samples : int
        Of the parts that were read so far.
    stretches : int or None
        Of a fused recording; None: as many as cleaning left.
    """

    name: str
    subject: str
    files: tuple[str, ...]
    meta: RecordingMeta
    _parts: Iterator[Recording]
    _reports: list[CleanReport]
    samples: int = 0
    stretches: int | None = None

    def parts(self) -> Iterator[Recording]:
        """Yield the stretches between gaps, at the model's rate, once.

        ``meta.start_s`` places each on the clock of the files. A recording of more than a
        million rows is parted there too (`har.data.ingest.streams`).

        Raises
        ------
        DataError
            If the model cannot use the recording.
        """
        for part in self._parts:
            self.samples += len(part.table)
            yield part

    def before_each(self, check: Callable[[], None]) -> None:
        """Have a function called before each part, which may raise to stop."""

        def checked(parts: Iterator[Recording]) -> Iterator[Recording]:
            check()
            for part in parts:
                yield part
                check()

        self._parts = checked(self._parts)

    def show_each(self, look: Callable[[Recording], None]) -> None:
        """Have a function given each part as it is read."""

        def shown(parts: Iterator[Recording]) -> Iterator[Recording]:
            for part in parts:
                look(part)
                yield part

        self._parts = shown(self._parts)

    @property
    def rows(self) -> CleanReport:
        """What cleaning changed in the parts that were read so far, over all placements."""
        totals = Cleaning(recordings=tuple(self._reports)).totals.to_dict()
        if self.stretches is not None:
            totals["parts"] = self.stretches
        return CleanReport(recording_id=self.name, **totals)


@dataclass(frozen=True)
class Aim:
    """What a model needs recordings to be.

    Attributes
    ----------
    rate_hz : float
        Its rate, Hz.
    channels : tuple of str
        What it reads.
    gravity : bool or None
        Whether its acceleration holds gravity; None: either kind will do.
    cleaning : CleanSettings
        How long a gap may be to be filled.
    """

    rate_hz: float
    channels: tuple[str, ...] = ACC
    gravity: bool | None = True
    cleaning: CleanSettings = DEFAULT_CLEAN

    @classmethod
    def of(cls, model: "Predictor") -> "Aim":
        """Return what a model needs."""
        return cls(model.rate_hz, model.channels, model.gravity)

    def check(self, recording: Recording, name: str) -> None:
        """Raise `DataError` if a recording lacks what the model was trained with."""
        needed = by_placement(self.channels).get(recording.meta.placement, self.channels)
        there = measured(recording)
        if missing := lacking(needed, there):
            device, quantity = missing
            raise DataError(
                f"{name}: no {device}",
                expected=f"{quantity}, which the model was trained with",
                found=name_of(there),
                hint=f"record with the {device} on, or use a model for {name_of(there)}",
            )
        kind = recording.meta.gravity
        if self.gravity not in (None, kind):
            raise DataError(
                f"{name}: acceleration {KINDS[kind]}",
                expected=f"acceleration {KINDS[not kind]}, which the model was trained with",
                hint=_OTHER_KIND[kind],
            )

    def cleaned(
        self, read: Iterable[Recording], name: str, reports: list[CleanReport]
    ) -> Iterator[Recording]:
        """Yield the clean parts of a recording at the model's rate; each piece is reported.

        Raises
        ------
        DataError
            If the model cannot use the recording.
        """
        for piece in read:
            self.check(piece, name)
            seconds = self.cleaning.max_gap_s
            parts, report = clean(piece, max_gap_s=seconds, rate_hz=self.rate_hz)
            reports.append(report)
            yield from parts


class UserFiles:
    """A user's files, with what is made of them.

    Parameters
    ----------
    files : RawFiles
        The files.
    plan : Plan
        What is made of them, without doubts.
    where : str
        The path, for errors.

    Attributes
    ----------
    account : Account
        Of the rows that were read so far.
    """

    def __init__(self, files: RawFiles, plan: Plan, where: str) -> None:
        self.files, self.plan, self.where = files, plan, where
        self.account = Account(left=plan.left)

    def each(self, do: Callable[[UserRecording], T], aim: Aim) -> Iterator[T]:
        """Yield what a function makes of each recording; those that it refuses are accounted for.

        Parameters
        ----------
        do : callable
            Is given one recording after another, and reads its parts.
        aim : Aim
            What the parts are to be.

        Raises
        ------
        DataError
            At the end, if nothing was made of any recording: the first reason.
        """
        source = own.source(DATASET, self.plan)
        self.account = Account(left=self.plan.left)
        anything = False
        for item in self.plan.items:
            for recording in self._recordings(item, source, aim):
                try:
                    result = do(recording)
                except DataError as error:
                    self.account.refused[recording.name] = error
                    continue
                anything = True
                yield result
        if not anything:
            raise self._nothing()

    def _recordings(self, item: Item, source: Source, aim: Aim) -> Iterator[UserRecording]:
        """Yield the recordings of an item; those that are worn at once as one."""
        placements = placements_of(aim.channels)
        read = self._read(item, source, placements)
        if placements:
            yield from self._fused(item, list(read), aim)
            return
        for name, pieces in groupby(read, key=_whole_name):
            yield _opened(name, item, aim, pieces)

    def _fused(self, item: Item, read: list[Recording], aim: Aim) -> Iterator[UserRecording]:
        """Yield a recording for each clock of an item, which memory holds whole."""
        groups: dict[fuse.Key, list[Recording]] = {}
        for piece in read:
            groups.setdefault(fuse.same_clock(piece.meta), []).append(piece)
        for pieces in groups.values():
            name, subject = _names(fuse.session(pieces[0].meta), pieces[0].meta, item)
            try:
                reports: list[CleanReport] = []
                parts = _worn_at_once(pieces, name, aim, reports)
            except DataError as error:
                self.account.refused[name] = error
                continue
            slowest = min(piece.meta.rate_hz for piece in pieces)
            meta = replace(parts[0].meta, rate_hz=slowest)
            yield UserRecording(
                name, subject, item.files, meta, iter(parts), reports, stretches=len(parts)
            )

    def digest(self, names: Sequence[str]) -> str:
        """Return the SHA-256 of a file; of several, of their digests in order."""
        found = [self.files.digest(name) for name in names]
        return found[0] if len(found) == 1 else digest.of_json(found)

    def _read(self, item: Item, source: Source, placements: tuple[str, ...]) -> Iterator[Recording]:
        """Yield the recordings of an item: of some placements, if it can be of all of them."""
        only = placements if set(placements) <= set(source.placements) else ()
        origin = Origin(DATASET, source, {}, only)
        with tempfile.TemporaryDirectory(prefix="har-") as folder:
            # What is set aside is counted; its content, which may be long, is not for memory.
            ledger = Ledger(spill=Path(folder) / "set-aside.parquet")
            try:
                yield from read_item(self.files, item, origin, ledger)
            except (DataError, VerificationError) as error:
                self.account.refuse(self.files, item, error)
            else:
                self.account.add(ledger)
            finally:
                ledger.close()

    def _nothing(self) -> Refusal:
        if refused := next(iter(self.account.refused.values()), None):
            return refused
        reasons = self.account.reasons.most_common(3)
        return DataError(
            f"{self.where}: no row can be trusted",
            expected="rows of sensor values",
            found="; ".join(f"{reason}: {n:,} rows" for reason, n in reasons) or "no rows",
            hint="check the columns, their units and the separator",
        )


def open_user_files(
    path: Path,
    only: tuple[str, ...] = (),
    stated: Mapping[str, Any] | ColumnMapping | None = None,
) -> UserFiles:
    """Open a file, folder or archive of recordings and tell what is made of it.

    Parameters
    ----------
    path : Path
        Whatever `har data ingest` takes.
    only : tuple of str
        Of a folder, only these files; empty: all.
    stated : mapping or ColumnMapping, optional
        What a person said of columns, units and signs.

    Raises
    ------
    MissingError
        If there is nothing at the path.
    DataError
        If nothing there can be read.
    UsageError
        If something is in doubt that a person must state.
    """
    files = open_files(path, only)
    said = stated or {}
    if not said and (known := published.recognise(files)):
        return UserFiles(*known, str(path))
    if not isinstance(said, ColumnMapping):
        said = {**units_by_name(files), **said}
    plan = own.plan(files, said, str(path))
    plan.refuse_doubts(str(path))
    return UserFiles(files, with_canonical(plan), str(path))


def _whole_name(piece: Recording) -> str:
    """Return the name of the recording that a piece is a part of."""
    return re.sub(r"-part\d+$", "", piece.meta.recording_id)


def _opened(name: str, item: Item, aim: Aim, read: Iterator[Recording]) -> UserRecording:
    first = next(read)
    shown, subject = _names(name, first.meta, item)
    reports: list[CleanReport] = []
    parts = aim.cleaned(chain([first], read), shown, reports)
    return UserRecording(shown, subject, item.files, first.meta, parts, reports)


def _names(name: str, meta: RecordingMeta, item: Item) -> tuple[str, str]:
    """Return what a recording and its person are called where people read it."""
    # What a name of a file on disk may not hold is told by a digest there, and by itself here.
    stem = re.sub(r"(\.\w+)+$", "", item.files[0]).replace("/", "-")
    shown = short_name(name).replace(slug(stem), stem, 1)
    subject = short_name(meta.subject_id)
    return shown, stem if subject == "unknown" else subject


def _worn_at_once(
    pieces: list[Recording], name: str, aim: Aim, reports: list[CleanReport]
) -> list[Recording]:
    """Return the fused stretches of recordings of one clock.

    Raises
    ------
    DataError
        If they are not of all placements at once, or the model cannot use one of them.
    """
    placements = placements_of(aim.channels)
    own = [piece for piece in pieces if piece.meta.placement in placements]
    parts = list(aim.cleaned(own, name, reports))
    because = fuse.why_not([(part.meta, len(part.table)) for part in parts], placements)
    made = [] if because else [one.recording for one in fuse.fuse(parts, placements)]
    if not made:
        raise DataError(
            f"{name}: not of all placements at once",
            expected=f"{', '.join(placements)}, worn at once, which the model reads together",
            found=_where(pieces, placements) or because or "no stretch of time that all have",
            hint=_ALL_PLACEMENTS,
        )
    return made


def _where(pieces: list[Recording], placements: Sequence[str]) -> str:
    """Say where recordings were worn if it was at none of some placements."""
    there = {piece.meta.placement for piece in pieces}
    return "" if there & {*placements} else f"recordings at {', '.join(sorted(there))}"


def require_placements(plan: Plan, placements: Sequence[str], where: str) -> Plan:
    """Return a plan of files that may be of all placements that a model reads together.

    Recorders tell a placement, if at all, with their recordings.

    Raises
    ------
    DataError
        If they cannot.
    """
    there = own.source(DATASET, plan).placements
    if set(placements) <= set(there) or any(group.recorder for group in plan.groups):
        return plan
    named = [placement for placement in there if placement != "unknown"]
    raise DataError(
        f"{where}: not of all placements at once",
        expected=f"{', '.join(placements)}, worn at once, which the model reads together",
        found=f"{', '.join(named)} alone" if named else "no placement is named",
        hint=_ALL_PLACEMENTS,
    )

"""Reads files in a data set's official layout, as `har data ingest` does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from har.data import sources
from har.data.cleaning import CleanReport
from har.data.ingest.files import open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import read_item
from har.data.ingest.ledger import Ledger
from har.data.recording import CHANNELS, Recording, RecordingMeta
from har.serving.recordings import Aim, UserFiles, UserRecording, open_user_files


@dataclass(frozen=True)
class Read:
    """What became of a data set: recordings by id, ledgers by item."""

    recordings: dict[str, Recording]
    ledgers: dict[str, Ledger]

    @property
    def ledger(self) -> Ledger:
        """The ledger of the only item."""
        (ledger,) = self.ledgers.values()
        return ledger

    @property
    def account(self) -> tuple[int, int, int, int]:
        """Rows in, kept, repaired, quarantined, over all items."""
        ledgers = self.ledgers.values()
        return (
            sum(ledger.rows_in for ledger in ledgers),
            sum(ledger.rows_kept for ledger in ledgers),
            sum(ledger.rows_repaired for ledger in ledgers),
            sum(ledger.rows_quarantined for ledger in ledgers),
        )


def read_all(name: str, path: Path) -> Read:
    """Read every item of a data set from a folder or archive; accounts are checked."""
    source = sources.get(name)
    files = open_files(path)
    read = Read({}, {})
    for item in source.items(files):
        ledger = read.ledgers[item.name] = Ledger()
        origin = Origin(name, source, {file: files.digest(file) for file in item.files})
        for recording in read_item(files, item, origin, ledger):
            assert recording.meta.recording_id not in read.recordings
            read.recordings[recording.meta.recording_id] = recording
    return read


@dataclass(frozen=True)
class Taken:
    """A recording of a user's files, whole."""

    name: str
    subject: str
    meta: RecordingMeta
    parts: list[Recording]
    rows: CleanReport

    @classmethod
    def of(cls, recording: UserRecording) -> Self:
        """Read all parts."""
        parts = list(recording.parts())
        return cls(recording.name, recording.subject, recording.meta, parts, recording.rows)


def read_users(
    files: UserFiles, *, rate_hz: float = 50, channels: tuple[str, ...] = CHANNELS
) -> list[Taken]:
    """Read all recordings of a user's files, as `har predict` does."""
    return list(files.each(Taken.of, Aim(rate_hz, channels)))


def read_user(path: Path, *, rate_hz: float = 50, channels: tuple[str, ...] = CHANNELS) -> Taken:
    """Read a file of one recording."""
    (taken,) = read_users(open_user_files(path), rate_hz=rate_hz, channels=channels)
    return taken

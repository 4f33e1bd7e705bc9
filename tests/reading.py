"""Reads files in a data set's official layout, as `har data ingest` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from har.data import sources
from har.data.ingest.files import open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import read_item
from har.data.ingest.ledger import Ledger
from har.data.recording import CHANNELS, Recording
from har.serving.recordings import UserRecording, open_user_files


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


def read_user(
    path: Path, *, rate_hz: float = 50, channels: Sequence[str] = CHANNELS
) -> UserRecording:
    """Read a file of one recording, as `har predict` does."""
    (recording,) = open_user_files(path).recordings(rate_hz=rate_hz, channels=channels)
    return recording

"""One item of a data set into its folder: recordings, quarantine, account."""

from collections.abc import Iterator
from pathlib import Path

from har import parquet
from har.data.ingest.files import RawFiles
from har.data.ingest.harmonise import Origin, harmonise, whole
from har.data.ingest.ledger import Ledger
from har.data.ingested import Account
from har.data.recording import Recording, write_recording
from har.data.sources.base import Item
from har.errors import DataError

QUARANTINE = "quarantine.parquet"


def read_item(files: RawFiles, item: Item, origin: Origin, ledger: Ledger) -> Iterator[Recording]:
    """Yield the canonical recordings of an item, and check the account at the end.

    Parameters
    ----------
    files : RawFiles
        Of the data set.
    item : Item
        Which of them to read.
    origin : Origin
        What its recordings share.
    ledger : Ledger
        Empty; afterwards the item's account.

    Raises
    ------
    DataError
        If a file of the item cannot be read at all.
    """
    for raw in origin.source.read(files, item, ledger):
        if origin.placements and raw.placement not in origin.placements:
            for table in raw.tables:
                ledger.leave_out(whole(table))
            continue
        yield from harmonise(raw, origin, ledger)
    ledger.check(item.name)


def write_item(out: Path, files: RawFiles, item: Item, origin: Origin) -> None:
    """Write an item's recordings below ``recordings/``, its quarantine and its account.

    Raises
    ------
    DataError
        If a file of the item cannot be read at all, or no row of it can be trusted.
    """
    ledger = Ledger()
    folder = out / "recordings"
    folder.mkdir()
    samples = 0
    for recording in read_item(files, item, origin, ledger):
        write_recording(recording, folder)
        samples += len(recording.table)
    if not samples:
        raise _nothing_left(item, ledger)
    if ledger.rows_quarantined:
        parquet.write(ledger.quarantined(), out / QUARANTINE, compression="zstd")
    account = Account(
        item=item.name,
        files=origin.digests,
        rows_in=ledger.rows_in,
        rows_kept=ledger.rows_kept,
        rows_repaired=ledger.rows_repaired,
        rows_quarantined=ledger.rows_quarantined,
        rows_left_out=ledger.rows_left_out,
        samples=samples,
        repairs=dict(ledger.repairs),
        reasons=dict(ledger.reasons),
        rejected={name: str(error) for name, error in ledger.rejected.items()},
        warnings=tuple(ledger.warnings),
        own_words=dict(sorted(ledger.own_words.items())),
    )
    account.write(out)


def _nothing_left(item: Item, ledger: Ledger) -> DataError:
    """Say why an item gave no recording."""
    if ledger.rejected:
        return next(iter(ledger.rejected.values()))
    reasons = "; ".join(f"{reason}: {n} rows" for reason, n in ledger.reasons.most_common(3))
    return DataError(
        f"{item.name}: no row can be trusted",
        expected="rows of sensor values",
        found=reasons or "no rows",
        hint="check the columns, their units and the separator",
    )

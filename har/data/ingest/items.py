"""One item of a data set into its folder: recordings, quarantine, account."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from har import parquet
from har.data.ingest.files import RawFiles
from har.data.ingest.harmonise import Origin, harmonise
from har.data.ingest.ledger import Ledger
from har.data.ingest.magnetometer import Magnetometer
from har.data.ingest.refusal import Refused, reason_of, set_aside
from har.data.ingested import Account
from har.data.recording import Recording, write_recording
from har.data.sources.base import Item
from har.errors import DataError, LimitError, VerificationError

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
                for block in [table] if isinstance(table, pd.DataFrame) else table:
                    ledger.leave_out(block)
            Magnetometer(raw.field, raw.name, ledger).close()
            continue
        yield from harmonise(raw, origin, ledger)
    ledger.check(item.name)


def write_item(out: Path, files: RawFiles, item: Item, origin: Origin) -> None:
    """Write an item's recordings below ``recordings/``, its quarantine and its account.

    An item of which nothing can be taken has a `Refused` beside them, and its rows are
    counted as quarantined.
    """
    ledger = Ledger(spill=out / QUARANTINE)
    folder = out / "recordings"
    folder.mkdir()
    try:
        samples = _write_recordings(folder, read_item(files, item, origin, ledger))
    except LimitError:
        ledger.close()  # nothing is stored of it: the bound may be raised
        raise
    except (DataError, VerificationError) as error:
        ledger.close()
        shutil.rmtree(folder)
        folder.mkdir()
        Refused.of(error).write(out)
        _write_unread(out, files, item, origin, error)
        return
    rejected = {name: str(error) for name, error in ledger.rejected.items()}
    if not samples:
        nothing = _nothing_left(item, ledger)
        Refused.of(nothing).write(out)
        rejected = rejected or {item.name: str(nothing)}
    ledger.write(out / QUARANTINE)
    Account(
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
        rejected=rejected,
        warnings=tuple(ledger.warnings),
        own_words=dict(sorted(ledger.own_words.items())),
    ).write(out)


def _write_recordings(folder: Path, recordings: Iterator[Recording]) -> int:
    """Write recordings; return their samples."""
    samples = 0
    for recording in recordings:
        write_recording(recording, folder)
        samples += len(recording.table)
    return samples


def _write_unread(
    out: Path, files: RawFiles, item: Item, origin: Origin, error: DataError | VerificationError
) -> None:
    """Write the account of an item that cannot be read at all: every row is quarantined."""
    reason = reason_of(error, *item.files, item.name)
    entries = set_aside(files, item, reason)
    parquet.write(entries, out / QUARANTINE, compression="zstd")
    rows = int(entries["rows"].sum())
    Account.of_refused(item.name, origin.digests, str(error), rows, reason).write(out)


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

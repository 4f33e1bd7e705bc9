"""What happened to every row: kept, repaired, or quarantined with a reason.

A frame of raw rows carries, besides its values, ``file`` (category), ``line`` (1-based,
in that file) and ``repaired`` (bool). `Ledger.check` proves that the three add up to
the rows that were read.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from har import parquet
from har.data.ingested import Warn
from har.errors import DataError, HarError

SPILLED_ROWS = 100_000  # in quarantine; fewer stay in memory
ORIGIN = ("file", "line", "repaired")


@dataclass
class Ledger:
    """The account of one item's rows.

    Attributes
    ----------
    rows_in, rows_kept, rows_repaired, rows_quarantined, rows_left_out : int
        Rows of raw files; ``rows_in`` is the sum of the others. Left out are those of
        placements that the user did not ask for, repeats of a sensor's last value, and a
        magnetometer's that are beside no recording.
    repairs : Counter
        Rows by repair; one row may have had several.
    warnings : list of Warn
        About recordings that were kept.
    rejected : dict
        Why, by recording; its rows are in quarantine.
    own_words : dict
        The activity of each word that nobody stated: of the data set's own, or by a synonym.
    spill : Path, optional
        File that gets the rows in quarantine when they are many.
    """

    rows_in: int = 0
    rows_kept: int = 0
    rows_repaired: int = 0
    rows_quarantined: int = 0
    rows_left_out: int = 0
    repairs: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: list[Warn] = field(default_factory=list)
    rejected: dict[str, DataError] = field(default_factory=dict)
    own_words: dict[str, str] = field(default_factory=dict)
    spill: Path | None = None
    _frames: list[pd.DataFrame] = field(default_factory=list)
    _writer: pq.ParquetWriter | None = None

    def read(self, rows: int) -> None:
        """Count rows that were found in a raw file."""
        self.rows_in += rows

    def share(self, rows: pd.DataFrame, sensors: int) -> None:
        """Count rows that hold several sensors once for each of them."""
        self.rows_in += (sensors - 1) * len(rows)

    def leave_out(self, rows: pd.DataFrame) -> None:
        """Count rows that the user did not ask for."""
        self.rows_left_out += len(rows)

    def along(self, other: "Ledger") -> None:
        """Count the rows of a table that was read beside: what it did not keep is left out.

        Those that it kept were counted here when they were.
        """
        self.rows_in += other.rows_in
        self.rows_left_out += other.rows_in - other.rows_kept - other.rows_repaired

    def keep(self, rows: pd.DataFrame) -> None:
        """Count rows that reach a recording."""
        repaired = int(rows["repaired"].sum())
        self.rows_repaired += repaired
        self.rows_kept += len(rows) - repaired

    def repair(self, rows: pd.DataFrame, which: Any, reason: str) -> None:
        """Mark rows (a boolean mask) as repaired, in place."""
        n = int(which.sum())
        if n:
            rows["repaired"] = rows["repaired"].to_numpy() | which
            self.repairs[reason] += n

    def quarantine(self, rows: pd.DataFrame, reason: str) -> None:
        """Set rows aside with a reason; their values are kept as JSON."""
        if rows.empty:
            return
        values = rows.drop(columns=list(ORIGIN))
        for start in range(0, len(rows), SPILLED_ROWS):
            part = slice(start, start + SPILLED_ROWS)
            text = values[part].to_json(orient="records", lines=True, double_precision=15)
            lines, file = rows["line"][part], rows["file"][part].astype(str)
            self.set_aside(file, lines, text.splitlines(), reason)

    def set_aside(self, file: Any, line: Any, content: list[str], reason: str) -> None:
        """Quarantine rows whose content is text."""
        if content:
            columns = {"file": file, "line": line, "reason": reason, "content": content}
            self._frames.append(pd.DataFrame(columns))
            self.rows_quarantined += len(content)
            self.reasons[reason] += len(content)
            if self.spill and sum(map(len, self._frames)) >= SPILLED_ROWS:
                self._spill(self.spill)

    def filter(self, rows: pd.DataFrame, bad: Any, reason: str) -> pd.DataFrame:
        """Quarantine the rows of a boolean mask; return the others."""
        if not bad.any():
            return rows
        self.quarantine(rows[bad], reason)
        kept: pd.DataFrame = rows[~bad].reset_index(drop=True)
        return kept

    def warn(self, recording: str, kind: str, detail: str) -> None:
        """Note something about a recording that is kept."""
        self.warnings.append(Warn(recording=recording, kind=kind, detail=detail))

    def reject(self, recording: str, error: DataError) -> None:
        """Note why a whole recording was quarantined."""
        self.rejected[recording] = error

    def quarantined(self) -> pd.DataFrame:
        """Return the rows that were set aside and not spilled: ``file, line, reason, content``."""
        empty = pd.DataFrame({"file": [], "line": [], "reason": [], "content": []})
        return pd.concat(self._frames, ignore_index=True) if self._frames else empty

    def write(self, path: Path) -> None:
        """Write the rows that were set aside, if there are any; with `spill`, only there."""
        if self._writer is not None:
            if self._frames:
                self._spill(path)
            self.close()
        elif self._frames:
            parquet.write(self.quarantined(), path, compression="zstd")

    def close(self) -> None:
        """End what was begun to be written."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _spill(self, path: Path) -> None:
        rows = pa.Table.from_pandas(self.quarantined(), preserve_index=False)
        if self._writer is None:
            self._writer = parquet.writer(path, rows.schema, compression="zstd")
        self._writer.write_table(rows.cast(self._writer.schema))
        self._frames.clear()

    def check(self, item: str) -> None:
        """Raise `HarError` unless every row is accounted for."""
        parts = (self.rows_kept, self.rows_repaired, self.rows_quarantined, self.rows_left_out)
        if sum(parts) != self.rows_in:
            raise HarError(
                f"{item}: rows do not add up",
                expected=f"{self.rows_in} rows, kept, repaired, quarantined or left out",
                found=f"{' + '.join(map(str, parts))} = {sum(parts)}",
                hint="this is a fault of the reader, not of the data: please report it",
            )

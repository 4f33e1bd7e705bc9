"""What became of the rows of a user's files that were read for prediction."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.refusal import Refusal, reason_of, set_aside
from har.data.sources.base import Item

DATASET = "user"


@dataclass
class Account:
    """What became of the rows of a user's files; it is whole when all recordings were read.

    Attributes
    ----------
    rows_in, rows_kept, rows_repaired, rows_set_aside, rows_left_out : int
        Rows of raw files; the first is the sum of the others. Left out are repeats of a
        sensor's last value, and what is of a placement or sensor that nobody reads.
    repairs, reasons : Counter
        Rows by repair, and by why they were set aside.
    warnings : Counter
        Recordings by what is odd about them.
    refused : dict of str to Exception
        Why, by item or recording that gives none.
    left : mapping of str to str
        Files that are no recordings, with the reason.
    """

    rows_in: int = 0
    rows_kept: int = 0
    rows_repaired: int = 0
    rows_set_aside: int = 0
    rows_left_out: int = 0
    repairs: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    refused: dict[str, Refusal] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)

    def add(self, ledger: Ledger) -> None:
        """Add the account of an item."""
        self.rows_in += ledger.rows_in
        self.rows_kept += ledger.rows_kept
        self.rows_repaired += ledger.rows_repaired
        self.rows_set_aside += ledger.rows_quarantined
        self.rows_left_out += ledger.rows_left_out
        self.repairs += ledger.repairs
        self.reasons += ledger.reasons
        self.warnings.update({warning.kind for warning in ledger.warnings})
        self.refused |= {short_name(name): error for name, error in ledger.rejected.items()}

    def refuse(self, files: RawFiles, item: Item, error: Refusal) -> None:
        """Count all rows of an item that cannot be read as set aside."""
        reason = reason_of(error, *item.files, item.name)
        rows = int(set_aside(files, item, reason)["rows"].sum())
        self.rows_in += rows
        self.rows_set_aside += rows
        self.reasons[reason] += rows
        self.refused[", ".join(item.files[:3])] = error

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return {
            "rows_in": self.rows_in,
            "rows_kept": self.rows_kept,
            "rows_repaired": self.rows_repaired,
            "rows_set_aside": self.rows_set_aside,
            "rows_left_out": self.rows_left_out,
            "repairs": dict(self.repairs),
            "reasons": dict(self.reasons),
            "warnings": dict(self.warnings),
            "refused": {name: str(error) for name, error in self.refused.items()},
            "left": dict(self.left),
        }


def short_name(name: str) -> str:
    """Return a recording's or a person's id without the name of the data set, which has none."""
    return name.removeprefix(f"{DATASET}-").removeprefix("unknown-")

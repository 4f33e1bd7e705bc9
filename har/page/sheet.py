"""Tables as CSV that a spreadsheet opens: its texts are texts, and compute nothing."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from har.visible import visible

if TYPE_CHECKING:
    import pandas as pd

# By these a spreadsheet knows a formula; the wide ones count where Japanese is written.
_FORMULA = re.compile("\\s*[-=+@\uff0d\uff1d\uff0b\uff20]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def cell(text: str) -> str:
    r"""Return a text as one line of a cell that a spreadsheet shows and does not compute.

    What looks like a formula has an apostrophe in front, which a spreadsheet takes for "this is
    text" (OWASP, CSV injection). A number stays one.

    >>> cell('=HYPERLINK("http://x")'), cell("-0.5"), cell("a\nb"), cell("walking")
    ('\'=HYPERLINK("http://x")', '-0.5', 'a\\nb', 'walking')
    """
    shown = visible(text, longest=None)
    return f"'{shown}" if _FORMULA.match(shown) and not _NUMBER.fullmatch(shown) else shown


def to_csv(table: "pd.DataFrame") -> str:
    """Return a table as CSV without its index; see `write_csv`."""
    return str(_inert(table).to_csv(index=False, lineterminator="\n"))


def write_csv(table: "pd.DataFrame", path: Path) -> None:
    """Write a table as CSV without its index; texts, and names of columns, by `cell`.

    Numbers are as precise as they are. `har data ingest` reads the same activities from it: none
    of them begins like a formula but by a plus, and an apostrophe is no part of a name.
    """
    _inert(table).to_csv(path, index=False, lineterminator="\n")


def _inert(table: "pd.DataFrame") -> "pd.DataFrame":
    shown = table.rename(columns=lambda name: cell(str(name)))
    for place, kind in enumerate(table.dtypes):
        if kind.kind == "O":  # texts and categories
            shown.isetitem(place, table.iloc[:, place].astype(object).map(_of_cell).to_numpy())
    return shown


def _of_cell(value: object) -> object:
    return cell(value) if isinstance(value, str) else value

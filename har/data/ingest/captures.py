"""Lines of a block that may be rows, and the stretches of them between blank lines."""

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from har.data.ingest.text import Layout

_BLANK = re.compile(rb"\n[ \t]*\n|\A[ \t]*\n")


class Body(NamedTuple):
    """Lines of a block: all of them; those that may be rows; where these stand, from 0."""

    text: bytes
    rows: bytes
    lines: npt.NDArray[np.int64]


def body_of(text: bytes, layout: "Layout") -> Body:
    """Return the lines of a block, and which of them are neither blank nor comments."""
    comment = layout.comment.encode()
    if not (comment and comment in text) and not _BLANK.search(text):
        return Body(text, text, np.arange(text.count(b"\n")))
    solid = [
        (number, line)
        for number, line in enumerate(text.split(b"\n"))
        if line.strip() and not (comment and line.lstrip().startswith(comment))
    ]
    rows = b"".join(line + b"\n" for _, line in solid)
    return Body(text, rows, np.array([number for number, _ in solid], np.int64))


def count(frame: pd.DataFrame, body: Body, first: int, before: tuple[int, int]) -> tuple[int, int]:
    """Add the numbers of rows and captures to a block; return those to go on from."""
    rows, captures = before
    places = np.searchsorted(body.lines, frame["line"].to_numpy() - first)
    # Where the file begins, or goes on after a blank line.
    starts = np.diff(body.lines, prepend=-1) > 1
    number = captures + np.cumsum(starts)
    frame["row"] = rows + places
    frame["capture"] = number[places]
    last = int(number[-1]) if len(number) else captures
    ended = body.text.endswith(b"\n\n")
    return rows + len(body.lines), last + int(ended)

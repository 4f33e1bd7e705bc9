"""JSON, element by element."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from har.data.ingest.budget import beyond
from har.data.ingest.files import RawFiles, reading
from har.errors import DataError

BLOCK = 2**20  # characters read at once
_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")


def elements(files: RawFiles, name: str, most: int | None = None) -> Iterator[Any]:
    """Yield the elements of a file that is an array, or one value after another.

    Parameters
    ----------
    files, name : RawFiles, str
        The file.
    most : int, optional
        Characters of one element; default: as many as may be read at once.

    Raises
    ------
    DataError
        If it is no JSON, ends within an element, or has one longer than may be read at once.
    """
    decoder = json.JSONDecoder()
    longest = most or round(files.limits.whole_mb * 10**6)
    with reading(name), files.open(name) as file:
        stream = codecs.getreader("utf-8")(file, "replace")
        text, at, more = "", 0, True
        while True:
            at = _end_of_blanks(text, at)
            try:
                value, at = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                if len(text) - at > longest:
                    raise beyond(
                        f"{name}: a message is too long",
                        "whole_mb",
                        expected=f"at most {longest:,} characters",
                    ) from None
                if not more:
                    break
                read = stream.read(BLOCK)
                text, at, more = text[at:] + read, 0, bool(read)
                continue
            yield value
        if at < len(text):
            raise DataError(
                f"{name}: damaged or cut off",
                expected="JSON",
                found=text[at : at + 60],
                hint="copy or export it again",
            )


def _end_of_blanks(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at

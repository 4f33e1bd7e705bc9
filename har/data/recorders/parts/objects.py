"""JSON, element by element."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from har.data.ingest.files import RawFiles, reading
from har.errors import DataError

BLOCK = 2**20  # characters read at once
LONGEST = 64 * BLOCK  # of one element: a message with the samples of some seconds is far shorter
_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")


def elements(files: RawFiles, name: str) -> Iterator[Any]:
    """Yield the elements of a file that is an array, or one value after another.

    Raises
    ------
    DataError
        If it is no JSON, or ends within an element.
    """
    decoder = json.JSONDecoder()
    with reading(name), files.open(name) as file:
        stream = codecs.getreader("utf-8")(file, "replace")
        text, at, more = "", 0, True
        while True:
            at = _end_of_blanks(text, at)
            try:
                value, at = decoder.raw_decode(text, at)
            except (json.JSONDecodeError, RecursionError):
                if not more or len(text) - at > LONGEST:
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

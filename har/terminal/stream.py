"""Standard output and standard error, guarded: whoever writes there, no text of it acts."""

import os
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from har.visible import visible

# Colours and weights, as Rich and Typer write them. What hides (8) or blinks (5, 6) is none.
_PLAIN = r"(?:[0-4]|7|9|2[1-4]|27|29|3[0-79]|4[0-79]|9[0-7]|10[0-7])"
_OF_MANY = r"(?:[34]8;(?:5;\d{1,3}|2;\d{1,3};\d{1,3};\d{1,3}))"
_ONE = f"(?:{_OF_MANY}|{_PLAIN})"
_COLOUR = re.compile(rf"(\x1b\[(?:{_ONE}(?:;{_ONE})*)?m)")
# By these, too, Rich and Typer write colours where there is no terminal.
_COLOUR_ANYWAY = ("FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE")


class Guard:
    """A stream that shows characters of control by their codes; colours stay on a terminal.

    Attributes
    ----------
    beneath : text stream
        What is written to. `har.terminal.console`, which has made all text inert before it adds
        colours and moves the cursor, writes to it directly.
    """

    def __init__(self, beneath: TextIO) -> None:
        self.beneath = beneath

    def write(self, text: str) -> int:
        """Write a text; see the class."""
        self.beneath.write(self._inert(text))
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        """Write texts one behind the other."""
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)

    def _inert(self, text: str) -> str:
        if not self._is_coloured():
            return visible(text, lines=True, longest=None)
        parts = _COLOUR.split(text)
        parts[::2] = (visible(part, lines=True, longest=None) for part in parts[::2])
        return "".join(parts)

    def _is_coloured(self) -> bool:
        return self.beneath.isatty() or any(name in os.environ for name in _COLOUR_ANYWAY)


def guard() -> None:
    """Guard the standard streams of this process, each once."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Guard):
            setattr(sys, name, Guard(stream))

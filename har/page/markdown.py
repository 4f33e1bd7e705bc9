"""Words of people and of data as Markdown that shows them and does nothing else."""

import re
from collections.abc import Iterable, Sequence

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "@": "&#64;"}
# What Markdown and its dialects read inside a line; by "://" some make links of bare addresses.
_ACTIVE = re.compile(r"[\\`*_\[\]~&<>|@]|://")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain(text: object) -> str:
    r"""Return a text as one line of Markdown and HTML that shows exactly it.

    White space is one space; other characters of control, and those that turn the direction
    of writing, are shown by their codes.

    >>> plain("*a* <b> | c\n[d](javascript:e)")
    '\\*a\\* &lt;b&gt; &#124; c \\[d\\](javascript:e)'
    >>> plain("\x1b[2J at http://x")
    '\\\\x1b\\[2J at http&#58;//x'
    """
    shown = _CONTROL.sub(lambda found: _code(found[0]), " ".join(str(text).split()))
    return _ACTIVE.sub(lambda found: _inert(found[0]), shown)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already, apart where a page has no margins."""
    lines = [columns, *rows]
    first, *others = (f"| {'&ensp; | '.join(cells)} |" for cells in lines)
    return "\n".join([first, f"|{'---|' * len(columns)}", *others])


def _code(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


def _inert(active: str) -> str:
    if active == "://":
        return "&#58;//"
    return _ENTITIES.get(active, f"\\{active}")

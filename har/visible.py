"""Text of others as text: characters that act, or that nobody sees, are shown by their codes.

Names of files, cells, columns, labels and reasons come from people whom nobody here knows. What
shows them builds on this: `har.terminal`, `har.page.html`, `har.page.markdown`, `har.page.sheet`
and `har.page.plots`.
"""

import re

# Characters of one name, cell or sentence; lists of hundreds of people are shorter, too.
LONGEST = 5000

# C0, DEL and C1; soft hyphen; marks, embeddings and isolates of direction; zero-width
# characters, fillers and tags; separators of lines and paragraphs; halves of surrogate pairs.
_INVISIBLE = (
    "\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
)
INVISIBLE = re.compile(f"[{_INVISIBLE}]")
_BUT_LINES = re.compile(f"(?![\n\t])[{_INVISIBLE}]")


def visible(text: object, *, lines: bool = False, longest: int | None = LONGEST) -> str:
    r"""Return a text in which every character can be seen, and none acts on what shows it.

    Parameters
    ----------
    text : object
        Whatever has a text.
    lines : bool, default=False
        Whether ends of lines and tabs stay, as in a message of several lines.
    longest : int or None
        Characters of the result; what is longer is cut, and says so. None: however long.

    Examples
    --------
    >>> visible("a\x1b[2J\nb"), visible("gpj.\u202excod")
    ('a\\x1b[2J\\nb', 'gpj.\\u202excod')

    A byte of a file's name that is no UTF-8 is shown as that byte:

    >>> visible("caf\udce9"), visible("x" * 99, longest=40)
    ('caf\\xe9', 'xxxxxxxxxxx… (cut: it has 99 characters)')
    """
    shown = (_BUT_LINES if lines else INVISIBLE).sub(_code, str(text))
    return shown if longest is None or len(shown) <= longest else _cut(shown, longest)


def _cut(shown: str, longest: int) -> str:
    told = f"… (cut: it has {len(shown):,} characters)"
    return shown[: max(longest - len(told), 0)] + told


def _code(found: re.Match[str]) -> str:
    number = ord(found[0])
    if found[0] in "\n\r\t":
        return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}[found[0]]
    # Python keeps a byte that is no UTF-8 as half of a surrogate pair (PEP 383).
    if number < 0x100 or 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number & 0xFF:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

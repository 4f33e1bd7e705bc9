"""Words of people and of data as Markdown that shows them and does nothing else."""

import re
from collections.abc import Iterable, Sequence

from har.visible import visible

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "@": "&#64;"}
# What Markdown and its dialects read inside a line; by "://" some make links of bare addresses.
_ACTIVE = re.compile(r"[\\`*_\[\]~&<>|@]|://")


def plain(text: object) -> str:
    r"""Return a text as one line of Markdown and HTML that shows exactly it.

    White space is one space; `har.visible` says what else is shown by its code.

    >>> plain("*a* <b> | c\n[d](javascript:e)")
    '\\*a\\* &lt;b&gt; &#124; c \\[d\\](javascript:e)'
    >>> plain("\x1b[2J at http://x")
    '\\\\x1b\\[2J at http&#58;//x'
    """
    # Python splits by the separators 0x1c to 0x1f too, which nobody sees.
    shown = visible(re.sub(r"[ \t\n\r\f\v]+", " ", str(text)).strip(" "))
    return _ACTIVE.sub(lambda found: _inert(found[0]), shown)


def of_chat(text: object) -> str:
    """Return a text as one line of a chat, whose commands and named links stand in ``<…>``.

    Slack and those that take what it takes ask for three entities:
    https://docs.slack.dev/messaging/formatting-message-text#escaping.

    >>> of_chat("<!channel> & <http://x|here>")
    '&lt;!channel&gt; &amp; &lt;http://x|here&gt;'
    """
    shown = visible(text)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already, apart where a page has no margins."""
    lines = [columns, *rows]
    first, *others = (f"| {'&ensp; | '.join(cells)} |" for cells in lines)
    return "\n".join([first, f"|{'---|' * len(columns)}", *others])


def _inert(active: str) -> str:
    if active == "://":
        return "&#58;//"
    return _ENTITIES.get(active, f"\\{active}")

"""HTML of the page: whatever came from a file, a person or a registry is text in it.

`Html.format` makes text of what it is given, and Streamlit's own labels, which are
Markdown, are only ever given words of ours.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from har.errors import HarError
from har.page.html import Html

Kind = Literal["error", "warning", "note", "good"]
_WORDS: dict[Kind, str] = {"error": "Error", "warning": "Warning", "note": "Note", "good": ""}
_STYLE = Path(__file__).with_name("style.css")


def style() -> None:
    """Give the page its style."""
    st.html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")


def show(*parts: Html) -> None:
    """Show HTML."""
    st.html(str(Html("").join(parts)))


def heading(words: str) -> Html:
    """Return the heading of a part of a tab."""
    return Html('<h2 class="har-h2">{}</h2>').format(words)


def text(words: object, *, quiet: bool = False) -> Html:
    """Return a paragraph."""
    return Html('<p class="har-{}">{}</p>').format("quiet" if quiet else "plain", words)


def box(kind: Kind, message: object, rows: Iterable[tuple[str, object]] = ()) -> Html:
    """Return a box that people and screen readers notice.

    >>> str(box("note", "<b>"))
    '<div class="har-box har-note" role="status"><p><strong>Note</strong> &lt;b&gt;</p></div>'
    """
    word = Html("<strong>{}</strong> ").format(_WORDS[kind]) if _WORDS[kind] else Html("")
    role = "alert" if kind == "error" else "status"
    return Html('<div class="har-box har-{}" role="{}"><p>{}{}</p>{}</div>').format(
        kind, role, word, message, facts(rows)
    )


def error_box(error: Exception, *, about: str = "") -> Html:
    """Return what is wrong, what was expected and found, and what to do."""
    before = f"{about}: " if about else ""
    if not isinstance(error, HarError):
        return box("error", f"{before}{type(error).__name__}: {error}")
    sides = {"expected": error.expected, "found": error.found, "to do": error.hint}
    return box("error", f"{before}{error.message}", [(k, v) for k, v in sides.items() if v])


def facts(rows: Iterable[tuple[str, object]]) -> Html:
    """Return names with their values; nothing if there are none."""
    pairs = Html("").join(Html("<div><dt>{}</dt><dd>{}</dd></div>").format(*row) for row in rows)
    return Html('<dl class="har-facts">{}</dl>').format(pairs) if pairs else pairs


def cards(rows: Iterable[tuple[str, object, str]]) -> Html:
    """Return numbers that are read first: what, how much, and a word on it."""
    made = (Html("<div><dt>{}</dt><dd>{}</dd><dd>{}</dd></div>").format(*row) for row in rows)
    return Html('<dl class="har-cards">{}</dl>').format(Html("").join(made))


def table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: str = ""
) -> Html:
    """Return a table, which scrolls by itself where the page is narrow.

    Parameters
    ----------
    caption : str
        What it is.
    columns : sequence of str
        Their names; the first cell of each row is the row's.
    rows : iterable of sequence
        Cells, as text or `Html`.
    numbers : str
        ``n`` for each column of numbers, any other letter for words.
    """
    kinds = numbers.ljust(len(columns), "t")
    head = Html("").join(
        Html('<th scope="col" class="har-{}">{}</th>').format(kind, name)
        for kind, name in zip(kinds, columns, strict=True)
    )
    body = Html("").join(_row(row, kinds) for row in rows)
    return Html(
        '<div class="har-scroll" role="region" tabindex="0" aria-label="{}"><table>'
        "<caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, caption, head, body)


def _row(row: Sequence[object], kinds: str) -> Html:
    first, *others = (
        Html('class="har-{}">{}').format(kind, cell) for cell, kind in zip(row, kinds, strict=True)
    )
    cells = Html("").join(Html("<td {}</td>").format(cell) for cell in others)
    return Html('<tr><th scope="row" {}</th>{}</tr>').format(first, cells)


def swatch(colour: str, words: object) -> Html:
    """Return words behind a patch of a colour."""
    return Html('<span class="har-swatch" style="background:{}"></span>{}').format(colour, words)


def bar(share: float, colour: str) -> Html:
    """Return a bar, as long as a share of 1; screen readers read the number beside it."""
    return Html(
        '<span class="har-bar" aria-hidden="true"><span style="width:{:.1f}%;background:{}"></span>'
        "</span>"
    ).format(100 * share, colour)

"""HTML pages: one style, one set of filters, images inlined.

A page is a Jinja template that has ``{% include "style.html" %}`` in its head. Those
that show models take how to show a plot, an interval or names from ``macros.html``.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from har.visible import visible


class Html(Markup):
    r"""HTML in which what is filled in is text; `har.visible` says what is shown of it.

    >>> str(Html("<p>{}</p>").format("<b>\x1b"))
    '<p>&lt;b&gt;\\x1b</p>'
    """

    @classmethod
    def escape(cls, s: Any, /) -> Self:
        """Return what is HTML already as it is, and anything else as text."""
        return super().escape(text_of(s))


def text_of(value: object) -> object:
    """Return what is HTML already as it is, and of anything else the text that is shown."""
    return value if hasattr(value, "__html__") else visible(value, lines=True)


def environment(folder: Path) -> Environment:
    """Return an environment for the templates of a folder, which may include this style.

    What a template fills in is text, of whoever it is.
    """
    made = Environment(
        loader=FileSystemLoader([folder, Path(__file__).parent]),
        autoescape=True,
        finalize=text_of,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {"count": count, "score": score, "change": change}
    made.filters.update(filters)
    return made


def count(value: int) -> str:
    """Format a count with narrow spaces between thousands.

    >>> count(1122772)
    '1\u202f122\u202f772'
    """
    return f"{value:,}".replace(",", "\u202f")


def score(value: float) -> str:
    """Format a score between 0 and 1.

    >>> score(0.96512)
    '0.965'
    """
    return f"{value:.3f}"


def change(value: float) -> str:
    """Format a difference of scores, with its sign.

    >>> change(-0.0052), change(0.00001)
    ('−0.005', '0.000')
    """
    text = f"{value:+.3f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def data_uri(png: bytes) -> str:
    """Return a PNG image as a data URI."""
    return Markup("data:image/png;base64,") + base64.b64encode(png).decode()

"""The house's look of HTML pages: one style, one set of filters, images inlined.

A page is a Jinja template that has ``{% include "style.html" %}`` in its head.
"""

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(folder: Path) -> Environment:
    """Return an environment for the templates of a folder, which may include this style."""
    made = Environment(
        loader=FileSystemLoader([folder, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["count"] = count
    return made


def count(value: int) -> str:
    """Format a count with narrow spaces between thousands.

    >>> count(1122772)
    '1\u202f122\u202f772'
    """
    return f"{value:,}".replace(",", "\u202f")


def data_uri(png: bytes) -> str:
    """Return a PNG image as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png).decode()

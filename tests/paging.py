"""What tests of the page share: what it shows, names that look like markup, a browser."""

import shutil
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

RunPage = Callable[..., AppTest]
# HTML, Markdown, an emoji and a formula, as Streamlit knows them.
HOSTILE = "<img src=x onerror=alert(1)> **bold** :smile: $x$.csv"
CHROMIUM = shutil.which("chromium")


def shown(page: AppTest) -> str:
    """Return all HTML of a page."""
    return "\n".join(element.proto.body for element in page.html)

"""Titles, legends and frames of the house's figures, and their PNG bytes.

Figures are made as `matplotlib.figure.Figure` and not registered with pyplot, so that
nothing keeps them alive and no process needs a display.
"""

import io
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from har.page.colours import GRID, INK, QUIET, RULE
from har.visible import visible

DPI = 160
LONGEST, LONGEST_TITLE = 34, 120  # characters of a name in a figure, and of its title


def png(figure: Figure) -> bytes:
    """Return the figure as PNG bytes, the same bytes for the same figure."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A script that no font here has is drawn as boxes; the page beside it has the words.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure.savefig(buffer, dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def words(text: object, *, longest: int = LONGEST) -> str:
    r"""Return a text of others as a figure shows it: short, visible, and no formula.

    >>> words("$x$"), words("a-recording-of-somebody-with-a-long-name-1b18fb81")
    ('\\$x\\$', 'a-recording-of-somebody…e-1b18fb81')
    """
    shown = visible(text, longest=None)
    if len(shown) > longest:  # the end tells recordings, and what was shortened before, apart
        shown = f"{shown[: longest - 11]}…{shown[-10:]}"
    return shown.replace("$", r"\$")


def left_title(axes: Axes, text: str, *, size: float = 11, pad: float = 10) -> None:
    """Write a title over the left end of a plot; size and distance in points."""
    axes.set_title(
        words(text, longest=LONGEST_TITLE),
        loc="left",
        fontsize=size,
        weight="bold",
        color=INK,
        pad=pad,
    )


def quiet_legend(axes: Axes, **options: Any) -> None:
    """Show a legend without a box."""
    axes.legend(fontsize=9, labelcolor=INK, edgecolor="none", framealpha=1, **options)


def label_room(names: Sequence[str]) -> float:
    """Return how much wider names make a matrix than those of 14 characters do, inches."""
    return 0.09 * max(0, max(len(words(name)) for name in names) - 14)


def class_frame(axes: Axes, classes: Sequence[str]) -> None:
    """Name the rows (labels) and columns (predictions) of a matrix and part its cells."""
    ticks = np.arange(len(classes))
    names = [words(name) for name in classes]
    axes.set_xticks(ticks, names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, names)
    axes.set_xticks(ticks[1:] - 0.5, minor=True)
    axes.set_yticks(ticks[1:] - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0, labelcolor=INK)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted", color=QUIET)
    axes.set_ylabel("label", color=QUIET)


def plain_frame(axes: Axes, grid: Literal["x", "y"], *, size: float = 9) -> None:
    """Leave the plot a baseline and quiet grid lines along one axis; labels of a size in points."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(RULE)
    axes.grid(axis=grid, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=INK, labelsize=size)

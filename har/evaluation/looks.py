"""How models look in plots: the colour and the marker that the catalogue gives them."""

from typing import Any

from har.models.catalogue import MODELS
from har.page.colours import INK

UNKNOWN_MARKER = "s"


def colour_of(name: str) -> str:
    """Return the colour of a model; of one that the catalogue does not know, that of text."""
    return MODELS[name].colour if name in MODELS else INK


def marker_of(name: str) -> str:
    """Return the marker of a model's points, a square for an unknown model."""
    return MODELS[name].marker if name in MODELS else UNKNOWN_MARKER


def marker_style(name: str, *, hollow: bool = False) -> dict[str, Any]:
    """Return the arguments of matplotlib's ``scatter`` for a model's points."""
    return {
        "marker": marker_of(name),
        "facecolor": "white" if hollow else colour_of(name),
        "edgecolor": colour_of(name),
        "linewidth": 1.6,
        "zorder": 3 if hollow else 4,
    }

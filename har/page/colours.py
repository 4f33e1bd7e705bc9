"""The palette of Okabe and Ito, which people with any colour vision can tell apart.

Okabe & Ito (2008), Color universal design: how to make figures and presentations that
are friendly to colorblind people. Greys for what stands back.
"""

from collections.abc import Iterable

BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, VERMILION, PURPLE, YELLOW = "#E69F00", "#D55E00", "#CC79A7", "#F0E442"
BLACK = "#000000"
# For activities, in the order in which neighbours are told apart best.
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW)

INK, QUIET, RULE, GRID = "#222222", "#6b6b6b", "#b0b0b0", "#e4e4e4"
# What a picture is about.
ACCENT = BLUE


def colours_by_name(names: Iterable[str]) -> dict[str, str]:
    """Return one colour of `PALETTE` for each name, the same whatever their order.

    >>> colours_by_name(["walking", "lying"])
    {'lying': '#0072B2', 'walking': '#E69F00'}
    """
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(sorted(names))}

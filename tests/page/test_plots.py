"""The house's figures: the same bytes each time, and known to nobody else."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from har.page.plots import class_frame, label_room, left_title, plain_frame, png, quiet_legend


def figure(title: str) -> Figure:
    """Return a figure with all that the house adds to one."""
    made = Figure(figsize=(3, 2), layout="constrained")
    left, right = made.subplots(1, 2)
    left.plot([0, 1], label="a")
    left_title(left, title)
    quiet_legend(left)
    plain_frame(left, "y")
    class_frame(right, ("lying", "walking"))
    return made


def test_the_same_figure_gives_the_same_bytes() -> None:
    """No time or version is in a PNG, so a page that did not change is not made anew."""
    assert png(figure("one")) == png(figure("one"))
    assert png(figure("one")) != png(figure("two"))


def test_no_figure_is_registered_with_pyplot() -> None:
    """What is drawn is freed with its last name, in a process without a display."""
    png(figure("one"))
    assert plt.get_fignums() == []


def test_names_of_others_are_drawn_as_text() -> None:
    """No formula, no font that lacks them and no length stops a figure; warnings are errors."""
    names = ["$\\frac$ $x$", "走る \U0001f600", "\x1b[2J" + "x" * 200, "a" * 60]
    side = 2 + label_room(names)
    made = Figure(figsize=(side, side), layout="constrained")
    axes = made.subplots()
    left_title(axes, "$\\frac$ and $")
    class_frame(axes, names)
    axes.set_xlim(-0.5, 3.5)
    assert png(made)
    assert axes.get_title("left").replace("\\$", "$") == "$\\frac$ and $"
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert len(set(labels)) == 4
    assert max(map(len, labels)) <= 40

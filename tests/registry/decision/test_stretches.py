"""Where two versions disagree, by hand: two people, nine windows, three stretches."""

import numpy as np
import pandas as pd
import pytest

from har.registry.decision.plots import Block, picture
from har.registry.decision.stretches import (
    Disagreement,
    differing_by,
    disagreements,
    side_by_side,
    stretches,
)

# Person, start in units of the hop, label, and what versions a and b say; the last is unlabelled.
WINDOWS = [
    ("ann", 0, "sit", "sit", "sit"),
    ("ann", 1, "sit", "sit", "stand"),
    ("ann", 2, "sit", "stand", "sit"),
    # A gap of a hop: its windows held two activities.
    ("ann", 4, "stand", "stand", "sit"),
    ("ann", 5, "stand", "stand", "stand"),
    ("bob", 0, "walk", "walk", "walk"),
    ("bob", 1, "walk", "sit", "stand"),
    ("bob", 2, "walk", "walk", "walk"),
    ("bob", 3, None, "sit", "walk"),
]
HOP = 1.28


@pytest.fixture
def both() -> pd.DataFrame:
    """Return the answers of both, one of the tables in another order."""
    rows = pd.DataFrame(WINDOWS, columns=["subject_id", "at", "label", "a", "b"])
    rows = rows.assign(window_id=[f"w{i}" for i in range(len(rows))], start_s=HOP * rows["at"])
    rows["recording_id"] = rows["subject_id"] + "-r1"
    a, b = (rows.assign(predicted=rows[name]).drop(columns=["a", "b"]) for name in "ab")
    return side_by_side(a, b.iloc[::-1])


def test_stretches(both: pd.DataFrame) -> None:
    """A stretch ends where they agree and where windows are apart; the longest comes first."""
    found = stretches(both)
    assert [(s.person, round(s.start_s / HOP), len(s.differing), s.right) for s in found] == [
        ("ann", 1, 2, (1, 1)),
        ("ann", 4, 1, (1, 0)),
        ("bob", 1, 1, (0, 0)),
    ]
    # With it is shown what is around, as far as no other stretch begins.
    assert [window.window_id for window in found[0].windows] == ["w0", "w1", "w2"]
    assert [window.window_id for window in found[1].windows] == ["w3", "w4"]
    assert disagreements(both)[0] == Disagreement("sit", "stand", 2, 1, 0)
    assert differing_by(both, "subject_id") == {"ann": (5, 3), "bob": (3, 1)}
    assert differing_by(both, "label") == {"sit": (3, 2), "stand": (2, 1), "walk": (3, 1)}
    agreeing = both.assign(b=both["a"])
    assert (stretches(agreeing), disagreements(agreeing)) == ([], [])


def test_picture(both: pd.DataFrame) -> None:
    """Windows of one answer are one block; what they disagree on is marked; gaps stay empty."""
    first, *_ = stretches(both)
    drawn = picture(first, np.array([[8.0, 12.0], [8.0, 10.0], [10.0, 12.0]]))
    assert drawn.lanes["label"] == (Block(0.0, 3.84, "sit"),)
    assert drawn.lanes["a"] == (Block(0.0, 2.56, "sit"), Block(2.56, 1.28, "stand"))
    assert drawn.marked == (1.28, 2.56)
    assert drawn.words == {"label": "sit ×2", "a": "sit ×1, stand ×1", "b": "stand ×1, sit ×1"}
    assert drawn.signal == ("0.00,100.0 0.64,0.0 1.28,100.0 1.92,50.0 2.56,50.0 3.20,0.0",)
    assert (drawn.low, drawn.high) == (8.0, 12.0)
    assert picture(first, None).signal == ()

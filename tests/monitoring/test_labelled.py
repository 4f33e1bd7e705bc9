"""Answers on labelled recordings, scored by hand: windows, people, stretches of disagreement."""

import numpy as np
import pandas as pd
import pytest

from har.config import IntervalSettings
from har.monitoring.differing import disagreements
from har.monitoring.labelled import (
    STRETCH,
    Answered,
    difference,
    labelled_windows,
    left_out,
    scores,
)

CLASSES = ("walking", "sitting")
SETTINGS = IntervalSettings(bootstrap=200)


def stretches(*rows: tuple[float, float, str]) -> pd.DataFrame:
    """Return a table of stretches."""
    return pd.DataFrame(rows, columns=[*STRETCH])


def answered(
    subject: str,
    labels: list[str | None],
    answers: list[str],
    segments: pd.DataFrame | None = None,
) -> Answered:
    """Return answers for windows of 2 s that do not overlap."""
    starts = 2.0 * np.arange(len(labels))
    runs = [(start, start + 2, label or "") for start, label in zip(starts, labels, strict=True)]
    said = [(start, start + 2, answer) for start, answer in zip(starts, answers, strict=True)]
    return Answered(
        name=f"{subject}-day",
        subject=subject,
        files=(f"{subject}.csv",),
        clock="",
        windows=pd.DataFrame(
            {
                "start_s": starts,
                "activity": labels,
                "label": [None if label == "yoga" else label for label in labels],
                "predicted": answers,
                "window_id": [f"{subject}@{start}" for start in starts],
            }
        ),
        segments=stretches(*said) if segments is None else segments,
        labels=stretches(*runs),
        withheld=False,
    )


W, S = "walking", "sitting"
ANA = answered("ana", [W, W, S, S, None], [W, S, S, "unknown", W])
BEN = answered("ben", [W, W, "rowing", S, "yoga"], [W, W, W, S, S])


def test_scores() -> None:
    """Per person, per activity and in all; unknown, and what another model knows, are wrong."""
    found = scores([ANA, BEN], CLASSES, seen={"ben": "trained on"}, settings=SETTINGS)
    assert (found.overall.windows, found.overall.people, found.overall.unknown) == (8, 2, 1)
    assert found.overall.accuracy == 5 / 8
    # Walking: 3 of 4 labelled, 4 answered; sitting: 2 of 3, 3; rowing: 0 of 1.
    assert {name: one.f1 for name, one in found.by_activity.items()} == pytest.approx(
        {W: 6 / 8, S: 4 / 6, "rowing": 0}
    )
    assert found.overall.macro_f1 == pytest.approx((6 / 8 + 4 / 6) / 3)
    # Of Ana's, walking 1 of 2 and answered once; sitting 1 of 2 and answered twice.
    assert found.by_person["ana"].macro_f1 == pytest.approx((2 / 3 + 2 / 4) / 2)
    assert found.by_person["ana"].interval is None
    assert found.unseen == found.by_person["ana"]
    assert found.not_known == {"rowing": 1}
    assert left_out([ANA, BEN]) == {"yoga": 1}


def test_difference() -> None:
    """Two builds that cut and name alike are compared person by person; others are not."""
    better = answered("ana", [W, W, S, S, None], [W, W, S, S, W])
    a, b = (labelled_windows([one, BEN]) for one in (better, ANA))
    paired = difference(a, b, SETTINGS)
    assert paired
    gains = {who: one.difference for who, one in paired.per_subject.items()}
    assert gains == pytest.approx({"ana": 1 - 7 / 12, "ben": 0})
    assert difference(a, b.assign(label=b["label"].replace("rowing", W)), SETTINGS) is None


def test_disagreements() -> None:
    """They are stretches of time, whatever the windows of either; a label ends one."""
    labels = [W, W, S, S]
    one = answered("ana", labels, [W, W, S, S], stretches((0, 4, W), (4, 8, S)))
    other = answered("ana", labels, [W] * 4, stretches((0, 1, W), (1.5, 3, S), (3, 8, W)))
    found = [(d.start_s, d.end_s, d.answers, d.label) for d in disagreements([one], [other])]
    assert found == [(1.5, 3, (W, S), W), (4, 8, (S, W), S)]
    assert disagreements([one], [one]) == []

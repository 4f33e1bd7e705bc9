"""What the page shows is what `har predict` answers, with the probabilities behind it."""

from pathlib import Path

import numpy as np
import pytest
from graphs import walk_then_sit

from har.app.analysis import analyse
from har.app.contents import Contents
from har.errors import DataError, UsageError
from har.serving.predictor import Predictor
from har.serving.recordings import Aim, open_user_files
from har.serving.timeline import predict_recording


def test_answers_are_those_of_the_command(model: Path, tmp_path: Path) -> None:
    """Window by window, over a gap of 3 s, and the signals stand beside them."""
    table = walk_then_sit()
    later = table.assign(time_s=table["time_s"] + 5)
    path = tmp_path / "gap.csv"
    path.write_text(
        table.to_csv(index=False) + later.to_csv(index=False, header=False), encoding="utf-8"
    )
    predictor = Predictor(model)
    contents = Contents.of([(path.name, path.read_bytes())])
    (one,) = analyse(contents, {}, predictor, "none", anyway=False).recordings
    files = open_user_files(path)
    (expected,) = files.each(lambda r: predict_recording(predictor, r, None), Aim.of(predictor))
    assert one.predicted.windows.equals(expected.windows)
    assert one.predicted.segments.equals(expected.segments)
    assert "gap" in set(one.predicted.segments["reason"])
    # softmax([8, 4]) where the mean of gyro_x is 1, softmax([0, 4]) where it is 0.
    first, last = one.probabilities["walking"].iloc[[0, -1]]
    assert [first, last] == pytest.approx([1 / (1 + np.exp(-4)), 1 / (1 + np.exp(4))], abs=1e-5)
    assert [len(part) for part in one.signals] == [100, 100]
    assert one.signals[1].time_s[0] == pytest.approx(5.0)


def test_nothing_is_answered_while_something_is_open(model: Path) -> None:
    """Whoever calls it without asking first."""
    table = walk_then_sit().drop(columns="time_s")
    contents = Contents.of([("a.csv", table.to_csv(index=False).encode())])
    with pytest.raises(UsageError, match="how many rows are there in a second"):
        analyse(contents, {}, Predictor(model), "none", anyway=False)


def test_short_recording_is_refused(model: Path) -> None:
    """Less than one window."""
    contents = Contents.of([("a.csv", walk_then_sit().head(8).to_csv(index=False).encode())])
    with pytest.raises(DataError):
        analyse(contents, {}, Predictor(model), "none", anyway=False)

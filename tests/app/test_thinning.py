"""Signals that are drawn keep every peak."""

import numpy as np

from har.app.thinning import Signals


def test_peak_of_one_sample_is_kept_through_two_thinnings() -> None:
    """An hour at 50 Hz, thinned to be kept and then to be drawn."""
    values = np.zeros((180_000, 2), np.float32)
    values[123_456] = [9, -9]
    kept = Signals.of(np.arange(180_000) / 50, values).thinned(50_000)
    time, drawn = kept.thinned(700).points()
    assert len(time) == 1400
    assert (drawn.max(axis=0).tolist(), drawn.min(axis=0).tolist()) == ([9, 0], [0, -9])
    assert abs(time[drawn[:, 0].argmax()] - 123_456 / 50) < 3600 / 700
    assert (np.diff(time) > 0).all()


def test_short_signals_are_as_they_were() -> None:
    """Every sample is drawn, where it was sampled."""
    values = np.arange(10, dtype=np.float32)[:, None]
    signals = Signals.of(np.arange(10.0), values).between(2.0, 5.0)
    time, drawn = signals.thinned(700).points()
    assert time.tolist() == [2, 3, 4]
    assert drawn[:, 0].tolist() == [2, 3, 4]

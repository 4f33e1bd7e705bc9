"""One candidate, scored on test windows as other sensors would have read them."""

from pathlib import Path

from har.config import IntervalSettings
from har.data.recording import read_recordings
from har.data.windows import Windows
from har.evaluation.robustness import measure_robustness
from har.models.interface import load_model


def robustness(
    out: Path,
    *,
    windows: Path,
    cleaned: Path,
    model: Path,
    rate_hz: float,
    intervals: IntervalSettings,
) -> None:
    """Write ``robustness.json``."""
    measure_robustness(
        load_model(model).predict_proba,
        Windows.load(windows),
        out,
        recordings=read_recordings(cleaned),
        rate_hz=rate_hz,
        settings=intervals,
    )

"""All models, seeds and folds of a protocol, scored together."""

from pathlib import Path

from har.config import IntervalSettings
from har.evaluation.runs import Run, write_scores


def protocol(
    out: Path,
    *,
    trained: dict[str, Path],
    predicted: dict[str, Path],
    runs: tuple[tuple[str, int, str], ...],
    name: str,
    intervals: IntervalSettings,
) -> None:
    """Score all runs (model, seed, fold), whose folders are named by number."""
    write_scores(
        out,
        name,
        [Run(*run, predicted[str(i)], trained[str(i)]) for i, run in enumerate(runs)],
        intervals,
    )

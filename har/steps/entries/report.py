"""The report of a run."""

from pathlib import Path
from typing import Any

from har.evaluation.report import write_report


def report(
    out: Path,
    *,
    cleaned: Path,
    split: Path,
    windows: Path,
    evaluation: Path,
    continuous: Path,
    robustness: dict[str, Path],
    checkpoints: dict[str, Path],
    exports: dict[str, Path],
    dataset: str,
    settings: dict[str, Any],
) -> None:
    """Write ``report.html``: one page with everything inlined."""
    write_report(
        out,
        clean=cleaned,
        split=split,
        windows=windows,
        evaluation=evaluation,
        streaming=continuous,
        robustness=robustness,
        pretrainings=checkpoints,
        exports=exports,
        dataset=dataset,
        settings=settings,
    )

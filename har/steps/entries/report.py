"""One HTML page about a run: self-contained, and computed from what the steps wrote."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.data.assignment import Assignment, Proof
from har.data.cleaning import Cleaning
from har.data.left_out import LeftOutClasses
from har.data.splits import SPLITS
from har.data.windows import Windows
from har.evaluation import plots, score_plots
from har.evaluation.results.comparisons import Comparisons
from har.evaluation.results.continuous import ContinuousScores
from har.evaluation.results.robustness import Robustness
from har.evaluation.results.scores import Metrics
from har.evaluation.sentences import sentences
from har.export.artifact import Builds
from har.models.record import pretraining_of
from har.page.html import data_uri, environment
from har.page.plots import png

COUNTED = {
    "rows_in": "samples read",
    "duplicate_rows": "duplicate rows removed",
    "repeated_times": "repeated times removed",
    "rows_interpolated": "samples interpolated",
    "gaps_filled": "short gaps filled",
    "gaps_split": "long gaps split",
    "rows_resampled": "samples gained (or lost, below 0) by resampling",
    "rows_out": "samples kept",
}


def report(
    out: Path,
    *,
    cleaned: Path,
    split: Path,
    windows: Path,
    evaluation: Path,
    continuous: Path,
    robustness: Mapping[str, Path],
    checkpoints: Mapping[str, Path],
    exports: Mapping[str, Path],
    dataset: str,
    settings: Mapping[str, Any],
    versions: Mapping[str, str],
) -> None:
    """Write ``report.html``: one file with everything inlined.

    Parameters
    ----------
    out : Path
        Folder that gets the page.
    cleaned, split, windows, evaluation, continuous : Path
        Output folders of those steps.
    robustness, checkpoints, exports : mapping of str to Path
        Output folders of those steps, by candidate.
    dataset : str
        The data sets as one name.
    settings : mapping of str to Any
        Of the run, by dotted name; printed in full.
    versions : mapping of str to str
        Of Python and of libraries; printed.
    """
    cut, proof = Windows.load(windows), Proof.read(split)
    comparisons = Comparisons.read(evaluation)
    models = {name: Metrics.read(evaluation / name) for name in exports}
    page = (
        environment(Path(__file__).parent)
        .get_template("report.html")
        .render(
            dataset=dataset,
            classes=cut.classes,
            cleaning=_cleaning(Cleaning.read(cleaned)),
            recordings=proof.recordings,
            shared=proof.shared,
            subjects=Assignment.read(split).by_split,
            windows=_windows(cut),
            channels=cut.choice.sentence,
            left_out=LeftOutClasses.beside(windows).sentences,
            models=models,
            reference=comparisons.reference,
            comparisons=comparisons.models,
            sentences=sentences(models, comparisons.reference, comparisons.models),
            exports={name: Builds.read(folder).to_dict() for name, folder in exports.items()},
            continuous={name: ContinuousScores.read(continuous / name) for name in exports},
            images=_images(evaluation, continuous, robustness, checkpoints),
            settings=settings,
            versions=versions,
        )
    )
    (out / "report.html").write_text(page, encoding="utf-8")


def _cleaning(cleaning: Cleaning) -> dict[str, int]:
    totals = cleaning.totals
    counted = {label: getattr(totals, key) for key, label in COUNTED.items()}
    return {"recordings": len(cleaning.recordings), **counted}


def _windows(cut: Windows) -> list[dict[Hashable, Any]]:
    """Return the number of windows per split, one row per class, the last for no label."""
    names = [*cut.classes, "no label"]
    label = np.array(names)[cut.y]  # -1 picks the last name
    counts = pd.crosstab(label, cut.index["split"].to_numpy())
    counts = counts.reindex(index=names, columns=list(SPLITS), fill_value=0)
    return counts.rename_axis("name").reset_index().to_dict("records")


def _images(
    evaluation: Path,
    continuous: Path,
    robustness: Mapping[str, Path],
    checkpoints: Mapping[str, Path],
) -> dict[str, str]:
    """Return every plot as a data URI, by ``<model>/<plot>`` or ``<plot>``."""
    content = {
        str(path.relative_to(folder).with_suffix("")): path.read_bytes()
        for folder in (evaluation, continuous)
        for path in sorted(folder.rglob("*.png"))
    }
    found = {name: Robustness.read(folder) for name, folder in robustness.items()}
    content["robustness"] = png(score_plots.robustness(found))
    for name, folder in checkpoints.items():
        if record := pretraining_of(folder):
            content[f"{name}/pretraining"] = png(plots.pretraining_curve(record.history))
    return {name: data_uri(data) for name, data in content.items()}

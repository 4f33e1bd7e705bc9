"""One HTML page about a run: self-contained, and computed from what the steps wrote."""

import json
import platform
from collections.abc import Callable, Hashable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment

from har.config import Settings
from har.data.splits import SPLITS
from har.data.windows import Windows
from har.evaluation import plots
from har.page import data_uri, environment

MODELS = ("encoder", "baseline")
LIBRARIES = ("har", "numpy", "pandas", "scikit-learn", "torch", "transformers", "onnxruntime")
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


def write_report(
    out: Path,
    *,
    clean: Path,
    split: Path,
    windows: Path,
    evaluation: Path,
    exports: Mapping[str, Path],
    pretraining: Path,
    settings: Settings,
) -> None:
    """Write ``report.html``: one file with everything inlined.

    Parameters
    ----------
    out : Path
        Folder that gets the page.
    clean, split, windows, evaluation, pretraining : Path
        Output folders of those steps.
    exports : mapping of str to Path
        Output folder of the export, by candidate.
    settings : Settings
        Of the run; printed in full.
    """
    cut = Windows.load(windows)
    comparison = _json(evaluation / "comparison.json")
    models = {name: _json(evaluation / name / "metrics.json") for name in MODELS}
    page = (
        _environment()
        .get_template("report.html")
        .render(
            dataset=settings.data.name,
            classes=cut.classes,
            cleaning=_cleaning(_json(clean / "report.json")),
            recordings=_json(split / "proof.json")["recordings"],
            shared=_json(split / "proof.json")["shared"],
            subjects=_json(split / "split.json"),
            windows=_windows(cut),
            models=models,
            comparison=comparison,
            sentence=sentence(models, comparison),
            exports={name: _json(folder / "builds.json") for name, folder in exports.items()},
            images=_images(evaluation, pretraining),
            settings=settings.model_dump(mode="json", exclude={"store"}),
            versions={"python": platform.python_version()} | {n: version(n) for n in LIBRARIES},
        )
    )
    (out / "report.html").write_text(page, encoding="utf-8")


def sentence(models: Mapping[str, Mapping[str, Any]], comparison: Mapping[str, Any]) -> str:
    """Say in one sentence how the two models compare, computed from the numbers.

    Parameters
    ----------
    models : mapping of str to mapping
        Metrics of ``encoder`` and ``baseline``.
    comparison : mapping
        As `har.evaluation.metrics.paired_difference` returns: encoder minus baseline.
    """
    low, high = comparison["macro_f1_difference_interval"]
    verdict = {
        "better": "The encoder is better than the baseline",
        "worse": "The encoder is worse than the baseline",
    }.get(comparison["verdict"], "There is no difference beyond noise between the models")
    return (
        f"{verdict}: on {comparison['n_subjects']} test subjects the encoder's macro-F1 is "
        f"{score(models['encoder']['macro_f1'])} and the baseline's "
        f"{score(models['baseline']['macro_f1'])}, a difference of "
        f"{change(comparison['macro_f1_difference'])} "
        f"({comparison['confidence']:.0%} interval {change(low)} to {change(high)}, "
        f"Wilcoxon p = {comparison['wilcoxon_p']:.2g})."
    )


def score(value: float) -> str:
    """Format a score between 0 and 1.

    >>> score(0.96512)
    '0.965'
    """
    return f"{value:.3f}"


def change(value: float) -> str:
    """Format a difference of scores, with its sign.

    >>> change(-0.0052), change(0.00001)
    ('−0.005', '0.000')
    """
    text = f"{value:+.3f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def _environment() -> Environment:
    made = environment(Path(__file__).parent)
    filters: dict[str, Callable[..., str]] = {"score": score, "change": change}
    made.filters.update(filters)
    return made


def _cleaning(reports: list[dict[str, Any]]) -> dict[str, int]:
    totals = {label: sum(report[key] for report in reports) for key, label in COUNTED.items()}
    return {"recordings": len(reports), **totals}


def _windows(cut: Windows) -> list[dict[Hashable, Any]]:
    """Return the number of windows per split, one row a class and one for no label."""
    names = [*cut.classes, "no label"]
    label = np.array(names)[cut.y]  # -1 picks the last name
    counts = pd.crosstab(label, cut.index["split"].to_numpy())
    counts = counts.reindex(index=names, columns=list(SPLITS), fill_value=0)
    return counts.rename_axis("name").reset_index().to_dict("records")


def _images(evaluation: Path, pretraining: Path) -> dict[str, str]:
    """Return every plot as a data URI."""
    history = _json(pretraining / "training.json")["history"]
    files = {
        "per_subject": evaluation / "encoder" / "per_subject.png",
        "learning_curves": evaluation / "encoder" / "learning_curves.png",
        **{f"confusion_{name}": evaluation / name / "confusion.png" for name in MODELS},
    }
    content = {name: path.read_bytes() for name, path in files.items()}
    content["pretraining"] = plots.png(plots.pretraining_curve(history))
    return {name: data_uri(data) for name, data in content.items()}


def _json(path: Path) -> Any:
    return json.loads(path.read_text())

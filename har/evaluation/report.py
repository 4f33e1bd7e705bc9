"""One HTML page about a run: self-contained, and computed from what the steps wrote."""

import json
import platform
from collections.abc import Hashable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.config import Settings
from har.data.splits import SPLITS
from har.data.windows import Windows
from har.evaluation import plots
from har.export.artifact import Builds
from har.page import change, data_uri, environment, score

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
    streaming: Path,
    robustness: Path,
    exports: Mapping[str, Path],
    pretrainings: Mapping[str, Path],
    settings: Settings,
) -> None:
    """Write ``report.html``: one file with everything inlined.

    Parameters
    ----------
    out : Path
        Folder that gets the page.
    clean, split, windows, evaluation, streaming, robustness : Path
        Output folders of those steps.
    exports, pretrainings : mapping of str to Path
        Output folders of exports and pretrainings, by candidate.
    settings : Settings
        Of the run; printed in full.
    """
    cut = Windows.load(windows)
    comparisons = _json(evaluation / "comparisons.json")
    models = {name: _json(evaluation / name / "metrics.json") for name in exports}
    page = (
        environment(Path(__file__).parent)
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
            reference=comparisons["reference"],
            comparisons=comparisons["models"],
            sentences=sentences(models, comparisons),
            exports={name: Builds.read(folder).to_dict() for name, folder in exports.items()},
            streaming={name: _json(streaming / name / "streaming.json") for name in exports},
            images=_images(evaluation, streaming, robustness, pretrainings),
            settings=settings.flat(),
            versions={"python": platform.python_version()} | {n: version(n) for n in LIBRARIES},
        )
    )
    (out / "report.html").write_text(page, encoding="utf-8")


def sentences(models: Mapping[str, Mapping[str, Any]], comparisons: Mapping[str, Any]) -> list[str]:
    """Say in one sentence each how the models compare with the first, from the numbers.

    Parameters
    ----------
    models : mapping of str to mapping
        Metrics by model.
    comparisons : mapping
        ``reference`` and, for each other model, what
        `har.evaluation.metrics.paired_difference` returned: the model minus the reference.
    """
    reference = comparisons["reference"]
    if not comparisons["models"]:
        m = models[reference]
        return [
            f"On {m['n_subjects']} test subjects {reference} has macro-F1 {score(m['macro_f1'])}."
        ]
    return [
        _sentence(name, models[name], reference, models[reference], difference)
        for name, difference in comparisons["models"].items()
    ]


def _sentence(
    name: str,
    model: Mapping[str, Any],
    reference: str,
    other: Mapping[str, Any],
    difference: Mapping[str, Any],
) -> str:
    low, high = difference["macro_f1_difference_interval"]
    verdict = {
        "better": f"{name} is better than {reference}",
        "worse": f"{name} is worse than {reference}",
    }.get(difference["verdict"], f"No difference beyond noise between {name} and {reference}")
    return (
        f"{verdict}: on {difference['n_subjects']} test subjects macro-F1 "
        f"{score(model['macro_f1'])} and {score(other['macro_f1'])}, a difference of "
        f"{change(difference['macro_f1_difference'])} "
        f"({difference['confidence']:.0%} interval {change(low)} to {change(high)}, "
        f"Wilcoxon p = {difference['wilcoxon_p']:.2g})."
    )


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


def _images(
    evaluation: Path, streaming: Path, robustness: Path, pretrainings: Mapping[str, Path]
) -> dict[str, str]:
    """Return every plot as a data URI, by ``<model>/<plot>`` or ``<plot>``."""
    content = {
        str(path.relative_to(folder).with_suffix("")): path.read_bytes()
        for folder in (evaluation, streaming, robustness)
        for path in sorted(folder.rglob("*.png"))
    }
    for name, folder in pretrainings.items():
        history = _json(folder / "training.json")["history"]
        content[f"{name}/pretraining"] = plots.png(plots.pretraining_curve(history))
    return {name: data_uri(data) for name, data in content.items()}


def _json(path: Path) -> Any:
    return json.loads(path.read_text())

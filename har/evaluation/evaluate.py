"""Everything that is known of the models on the test windows, in one folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from har.arrays import Probabilities
from har.config import IntervalSettings
from har.data.windows import Windows
from har.evaluation import plots, score_plots
from har.evaluation.calibration import reliability, selective
from har.evaluation.metrics import paired_difference, score
from har.evaluation.predictions import predictions, test_digest, write_predictions
from har.evaluation.seeds import group_scores
from har.models.record import Epoch, TrainingRecord, best_seed
from har.page.plots import png


@dataclass(frozen=True)
class Scorable:
    """A model as evaluation sees it.

    Attributes
    ----------
    probabilities : dict of int to ndarray of shape (n_test_windows, n_classes)
        For the labelled test windows, by seed.
    records : dict of int to TrainingRecord
        By seed.
    """

    probabilities: Mapping[int, Probabilities]
    records: Mapping[int, TrainingRecord]

    @property
    def chosen_seed(self) -> int:
        """The seed that was best on the validation subjects; it stands for the model."""
        return best_seed(self.records)

    @property
    def histories(self) -> dict[int, tuple[Epoch, ...]]:
        """Epochs of training, by seed; none for a model that has no epochs."""
        return {seed: r.history for seed, r in self.records.items() if r.history}


def evaluate(
    windows: Windows,
    out: Path,
    *,
    models: Mapping[str, Scorable],
    settings: IntervalSettings,
) -> None:
    """Score every model on the labelled test windows and compare all with the first.

    Parameters
    ----------
    windows : Windows
        All windows; only the labelled ones of the test split are used.
    out : Path
        Gets one folder per model with ``predictions.parquet``, ``metrics.json`` and plots,
        ``comparisons.json`` (each model minus the first), and plots of confidence.
    models : mapping of str to Scorable
        By name.
    settings : IntervalSettings
        Of the intervals.
    """
    test = windows.select("test")
    frozen = test_digest(test)
    tables = {
        name: predictions(test, model.probabilities[model.chosen_seed])
        for name, model in models.items()
    }
    metrics = {
        name: {
            **{"candidate": name, "test_digest": frozen, **_metrics(model, test, settings)},
            "groups": group_scores({0: tables[name]}, test.classes, settings=settings),
        }
        for name, model in models.items()
    }
    for name, model in models.items():
        _write(out / name, tables[name], metrics[name], others=metrics)
        if model.histories:
            curves = plots.learning_curves(model.histories, model.chosen_seed)
            (out / name / "learning_curves.png").write_bytes(png(curves))
    by_name = {name: m["calibration"] for name, m in metrics.items()}
    (out / "reliability.png").write_bytes(png(score_plots.reliability(by_name)))
    refusing = {name: m["selective"] for name, m in metrics.items()}
    (out / "selective.png").write_bytes(png(score_plots.selective(refusing)))
    reference, *others = models
    comparisons = {
        name: paired_difference(tables[name], tables[reference], test.classes, settings=settings)
        for name in others
    }
    _write_json(
        out / "comparisons.json",
        {"reference": reference, "test_digest": frozen, "models": comparisons},
    )


def _metrics(model: Scorable, test: Windows, settings: IntervalSettings) -> dict[str, Any]:
    """Return the scores with the chosen seed, and in short with every other one."""
    chosen = model.probabilities[model.chosen_seed]
    scores = {
        seed: score(test.y, proba, test.subjects, test.classes, settings=settings)
        for seed, proba in model.probabilities.items()
    }
    return {
        **scores[model.chosen_seed],
        "calibration": reliability(test.y, chosen),
        "selective": selective(test.y, chosen),
        "chosen_seed": model.chosen_seed,
        "seeds": [
            {
                "seed": seed,
                "validation_macro_f1": model.records[seed].validation_macro_f1,
                "test_macro_f1": m["macro_f1"],
            }
            for seed, m in sorted(scores.items())
        ],
    }


def _write(
    out: Path, table: pd.DataFrame, metrics: dict[str, Any], *, others: dict[str, dict[str, Any]]
) -> None:
    out.mkdir(parents=True)
    write_predictions(out, table)
    _write_json(out / "metrics.json", metrics)
    (out / "confusion.png").write_bytes(png(plots.confusion(metrics)))
    first = {metrics["candidate"]: metrics, **others}
    (out / "per_subject.png").write_bytes(png(plots.per_subject(first)))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")

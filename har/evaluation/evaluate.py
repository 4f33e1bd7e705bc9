"""Everything that is known of the models on the test windows, in one folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from har.arrays import Probabilities
from har.config import IntervalSettings
from har.data.windows import Windows
from har.evaluation import plots, score_plots
from har.evaluation.calibration import reliability, selective
from har.evaluation.metrics import macro_f1, paired_difference, score, subject_confusions
from har.evaluation.predictions import predictions, test_digest, write_predictions
from har.evaluation.results.comparisons import Comparisons
from har.evaluation.results.scores import Metrics, SeedScore
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
    scores = {
        name: _metrics(name, model, test, tables[name], settings, test_digest=frozen)
        for name, model in models.items()
    }
    for name, model in models.items():
        _write(out / name, tables[name], scores[name], others=scores)
        if model.histories:
            curves = plots.learning_curves(model.histories, model.chosen_seed)
            (out / name / "learning_curves.png").write_bytes(png(curves))
    calibration = {name: m.calibration for name, m in scores.items() if m.calibration}
    (out / "reliability.png").write_bytes(png(score_plots.reliability(calibration)))
    refusing = {name: m.selective for name, m in scores.items() if m.selective}
    (out / "selective.png").write_bytes(png(score_plots.selective(refusing)))
    reference, *others = models
    differences = {
        name: paired_difference(tables[name], tables[reference], test.classes, settings=settings)
        for name in others
    }
    Comparisons(reference=reference, test_digest=frozen, models=differences).write(out)


def _metrics(
    name: str,
    model: Scorable,
    test: Windows,
    table: pd.DataFrame,
    settings: IntervalSettings,
    *,
    test_digest: str,
) -> Metrics:
    """Return the scores with the chosen seed, and in short with every other one."""
    chosen = model.probabilities[model.chosen_seed]
    scores = score(test.y, chosen, test.subjects, test.classes, settings=settings)
    return Metrics(
        **dict(scores),
        candidate=name,
        test_digest=test_digest,
        groups=group_scores({0: table}, test.classes, settings=settings),
        calibration=reliability(test.y, chosen),
        selective=selective(test.y, chosen),
        chosen_seed=model.chosen_seed,
        seeds=tuple(
            SeedScore(
                seed=seed,
                validation_macro_f1=model.records[seed].validation_macro_f1,
                test_macro_f1=_macro_f1(test, probabilities),
            )
            for seed, probabilities in sorted(model.probabilities.items())
        ),
    )


def _macro_f1(test: Windows, probabilities: Probabilities) -> float:
    predicted = probabilities.argmax(1)
    _, matrices = subject_confusions(test.y, predicted, test.subjects, len(test.classes))
    return float(macro_f1(matrices.sum(0)))


def _write(
    out: Path, table: pd.DataFrame, metrics: Metrics, *, others: Mapping[str, Metrics]
) -> None:
    out.mkdir(parents=True)
    write_predictions(out, table)
    metrics.write(out)
    (out / "confusion.png").write_bytes(png(plots.confusion(metrics.candidate, metrics)))
    first = {metrics.candidate: metrics, **others}
    (out / "per_subject.png").write_bytes(png(plots.per_subject(first)))

"""Everything that is known of both models on the test windows, in one folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import confusion_matrix

from har.config import EvaluateSettings
from har.data.windows import Windows
from har.evaluation import plots
from har.evaluation.metrics import macro_f1, paired_difference, score
from har.lineage import digest

Probabilities = npt.NDArray[np.floating[Any]]


def evaluate(
    windows: Windows,
    out: Path,
    *,
    baseline_proba: Probabilities,
    encoder_proba: dict[int, Probabilities],
    chosen_seed: int,
    validation_macro_f1: dict[int, float],
    histories: dict[int, list[dict[str, Any]]],
    settings: EvaluateSettings,
) -> None:
    """Score the baseline and the encoder on the labelled test windows and compare them.

    Parameters
    ----------
    windows : Windows
        All windows; only the labelled ones of the test split are used.
    out : Path
        Gets ``baseline/`` and ``encoder/``, each with ``predictions.parquet``,
        ``metrics.json`` and plots, and ``comparison.json`` (encoder minus baseline).
    baseline_proba : ndarray of shape (n_test_windows, n_classes)
        The baseline's probabilities.
    encoder_proba : dict of int to ndarray of shape (n_test_windows, n_classes)
        The encoder's probabilities, by seed.
    chosen_seed : int
        The seed that was best on the validation subjects: the encoder that is registered.
    validation_macro_f1 : dict of int to float
        Macro-F1 on the validation subjects, by seed.
    histories : dict of int to list of dict
        Epochs of fine-tuning, by seed.
    settings : EvaluateSettings
        Of the intervals.
    """
    test = windows.select("test")
    frozen = test_digest(test)
    candidates = {"baseline": baseline_proba, "encoder": encoder_proba[chosen_seed]}
    metrics = {
        name: {
            "candidate": name,
            "test_digest": frozen,
            **score(test.y, proba, test.subjects, test.classes, settings=settings),
            "per_dataset": per_dataset(test, proba),
        }
        for name, proba in candidates.items()
    }
    scores = {
        seed: score(test.y, proba, test.subjects, test.classes, settings=settings)["macro_f1"]
        for seed, proba in encoder_proba.items()
    }
    metrics["encoder"]["seeds"] = [
        {"seed": s, "validation_macro_f1": validation_macro_f1[s], "test_macro_f1": f1}
        for s, f1 in sorted(scores.items())
    ]
    metrics["encoder"]["chosen_seed"] = chosen_seed
    tables = {name: predictions(test, proba) for name, proba in candidates.items()}
    for name, table in tables.items():
        _write(out / name, table, metrics[name], others=metrics)
    curves = plots.learning_curves(histories, chosen_seed)
    (out / "encoder" / "learning_curves.png").write_bytes(plots.png(curves))
    difference = paired_difference(
        tables["encoder"], tables["baseline"], test.classes, settings=settings
    )
    _write_json(
        out / "comparison.json",
        {"a": "encoder", "b": "baseline", "test_digest": frozen, **difference},
    )


def test_digest(test: Windows) -> str:
    """Return the digest of test windows: their ids, labels and samples."""
    return digest.of_mapping(
        {
            "window_id": digest.of_json(test.index["window_id"].tolist()),
            "y": digest.of_array(test.y),
            "X": digest.of_array(test.X),
        }
    )


def per_dataset(test: Windows, probabilities: Probabilities) -> dict[str, dict[str, float]]:
    """Return windows and macro-F1 on the test subjects of each data set."""
    predicted = np.asarray(probabilities).argmax(1)
    found = {}
    for name, rows in test.index.groupby("dataset").indices.items():
        matrix = confusion_matrix(
            test.y[rows], predicted[rows], labels=np.arange(len(test.classes))
        )
        found[str(name)] = {"n_windows": len(rows), "macro_f1": float(macro_f1(matrix))}
    return found


def predictions(test: Windows, probabilities: Probabilities) -> pd.DataFrame:
    """Return one row a window: where it is from, label, prediction, class probabilities.

    Parameters
    ----------
    test : Windows
        Labelled windows.
    probabilities : ndarray of shape (n_windows, n_classes)
        Of each class.

    Returns
    -------
    DataFrame
        ``window_id, subject_id, recording_id, start_s, label, predicted`` (class names)
        and ``p_<class>`` in the order of the classes.
    """
    names = np.array(test.classes)
    table = test.index[["window_id", "subject_id", "recording_id", "start_s"]].copy()
    table["label"] = names[test.y]
    table["predicted"] = names[np.asarray(probabilities).argmax(1)]
    table[[f"p_{name}" for name in names]] = probabilities
    return table


def _write(
    out: Path, table: pd.DataFrame, metrics: dict[str, Any], *, others: dict[str, dict[str, Any]]
) -> None:
    out.mkdir(parents=True)
    table.to_parquet(out / "predictions.parquet", index=False)
    _write_json(out / "metrics.json", metrics)
    (out / "confusion.png").write_bytes(plots.png(plots.confusion(metrics)))
    first = {metrics["candidate"]: metrics, **others}
    (out / "per_subject.png").write_bytes(plots.png(plots.per_subject(first)))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")

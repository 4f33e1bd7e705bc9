"""Predictions of windows as a table, and the digest of the windows that were predicted."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from har import parquet
from har.arrays import Probabilities
from har.data.windows import Windows
from har.lineage import digest

FILE = "predictions.parquet"
# What may set windows apart; the scores of each are reported where there are several.
GROUPS = ("dataset", "placement", "device")


def test_digest(test: Windows) -> str:
    """Return the digest of test windows: their ids, labels and samples."""
    return digest.of_mapping(
        {
            "window_id": digest.of_json(test.index["window_id"].tolist()),
            "y": digest.of_array(test.y),
            "X": digest.of_array(test.X),
        }
    )


def predictions(test: Windows, probabilities: Probabilities) -> pd.DataFrame:
    """Return one row per window: where it is from, label, prediction, class probabilities.

    Parameters
    ----------
    test : Windows
        Labelled or not.
    probabilities : ndarray of shape (n_windows, n_classes)
        Of each class.

    Returns
    -------
    DataFrame
        ``window_id, dataset, placement, device, subject_id, recording_id, start_s, label,
        predicted`` (class names; no label is null) and ``p_<class>`` in the order of the
        classes.
    """
    names = np.array(test.classes)
    columns = ["window_id", *GROUPS, "subject_id", "recording_id", "start_s"]
    table = test.index[columns].copy()
    table["label"] = pd.Series(names[test.y], dtype="str").where(test.y >= 0)
    table["predicted"] = names[np.asarray(probabilities).argmax(1)]
    table[[f"p_{name}" for name in names]] = probabilities
    return table


def write_predictions(folder: Path, table: pd.DataFrame) -> None:
    """Write ``predictions.parquet``."""
    parquet.write(table, folder / FILE)


def read_predictions(folder: Path) -> pd.DataFrame:
    """Read ``predictions.parquet``."""
    return parquet.read_frame(folder / FILE)


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of several models into one; what a model has no class for has probability 0."""
    classes = dict.fromkeys(name for part in sorted(parts, key=_width) for name in classes_of(part))
    columns = [f"p_{name}" for name in classes]
    table = pd.concat(parts, ignore_index=True)
    others = [name for name in table.columns if name not in columns]
    return table[[*others, *columns]].fillna(dict.fromkeys(columns, 0.0))


def _width(table: pd.DataFrame) -> int:
    """Sort tables with more classes first, so that theirs is the order."""
    return -len(classes_of(table))


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of labelled windows."""
    return table[table["label"].notna()].reset_index(drop=True)


def classes_of(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the classes that a table has probabilities of."""
    names = table.columns[table.columns.str.startswith("p_")].str.removeprefix("p_")
    return tuple(names)


def probabilities_of(table: pd.DataFrame) -> Probabilities:
    """Return the probabilities of a table, shape (n_windows, n_classes)."""
    return table[[f"p_{name}" for name in classes_of(table)]].to_numpy()

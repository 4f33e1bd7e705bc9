"""HAPT: 30 subjects with a phone at the waist, 12 activities, 50 Hz.

The bundled file holds the integer counts of the phone's sensors; the scale in its
metadata turns them into the phone's own float32 readings in m/s² and rad/s, bit for
bit (``scripts/bundle_hapt.py`` made the file and proved it).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from har.data.activities import ALL
from har.data.recording import CHANNELS, Recording, RecordingMeta, make_table
from har.data.sources.base import Source
from har.lineage import digest

RATE_HZ = 50.0
# Labels 1 to 12 of the data set, in its own order; -1 is unlabelled.
LABELS = dict(enumerate(ALL, start=1))


def subject(number: int) -> str:
    """Return the id of a subject: ``hapt-02`` is the data set's user 2."""
    return f"hapt-{number:02d}"


def read(path: Path) -> Iterator[Recording]:
    """Yield the 61 recordings of the bundled file.

    Parameters
    ----------
    path : Path
        ``hapt.parquet``: one row a sample, counts per axis.

    Yields
    ------
    Recording
        Acceleration in m/s² with gravity, angular velocity in rad/s, at 50 Hz.
    """
    file = pq.read_table(path)
    scale = json.loads(file.schema.metadata[b"scale"])
    source = {path.name: digest.of_file(path)}
    for experiment, rows in file.to_pandas().groupby("experiment", sort=True):
        user = int(rows["subject"].iloc[0])
        meta = RecordingMeta(
            dataset="hapt",
            recording_id=f"{subject(user)}-exp{experiment:02d}",
            subject_id=subject(user),
            rate_hz=RATE_HZ,
            placement="waist",
            licence=SOURCE.licence,
            source=source,
            conversions=tuple(f"{axis} = count * {scale[axis]!r}" for axis in CHANNELS),
        )
        yield Recording(_table(rows, meta, scale), meta)


def _table(rows: pd.DataFrame, meta: RecordingMeta, scale: dict[str, float]) -> pd.DataFrame:
    columns = {c: rows[c].to_numpy().astype(np.float32) * np.float32(scale[c]) for c in CHANNELS}
    columns["time_s"] = np.arange(len(rows)) / RATE_HZ
    return make_table(meta, columns, rows["label"].map(LABELS).to_numpy())


SOURCE = Source(
    name="hapt",
    title="Smartphone-Based Recognition of Human Activities and Postural Transitions",
    licence="CC BY 4.0",
    citation=(
        "J.-L. Reyes-Ortiz, L. Oneto, A. Samà, X. Parra, D. Anguita: Transition-Aware Human "
        "Activity Recognition Using Smartphones. Neurocomputing 171, 2016."
    ),
    placement="waist",
    rate_hz=RATE_HZ,
    activities=ALL,
    test_subjects=tuple(subject(n) for n in (2, 4, 9, 10, 12, 13, 18, 20, 24)),
    # Every fifth of the other 21, chosen before any model was trained.
    validation_subjects=tuple(subject(n) for n in (7, 16, 23, 29)),
    file=Path(__file__).parents[1] / "bundled" / "hapt.parquet",
    read=read,
)

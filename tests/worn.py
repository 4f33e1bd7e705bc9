"""A walk and a rest, and sensors that are worn tilted."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from har.arrays import Float64
from har.data.recording import CHANNELS, Recording, RecordingMeta, make_table

G, RATE = 9.80665, 50


def walked(seconds: int = 20) -> Recording:
    """Return a recording of a walk with gravity along x, then of as long a rest along z."""
    n = 2 * seconds * RATE
    time, walks = np.arange(n) / RATE, np.arange(n) < n // 2
    acc = np.where(walks[:, None], [G, 0, 0], [0, 0, G])
    acc[walks, 0] += 3 * np.sin(2 * np.pi * 2 * time[walks])
    gyro = np.where(walks[:, None], [0.5, 0, 0], [0, 0, 0])
    columns = dict(zip(CHANNELS, np.hstack([acc, gyro]).astype(np.float32).T, strict=True))
    meta = RecordingMeta("lab", "lab-01-a", "lab-01", RATE, "waist", "CC0")
    activity = np.where(walks, "walking", "lying")
    return Recording(make_table(meta, {**columns, "time_s": time}, activity), meta)


def tilted(recording: Recording, by: Rotation) -> Recording:
    """Return a recording of the same movement with its sensors turned."""
    turned = by.apply(values(recording).reshape(-1, 3)).reshape(-1, len(CHANNELS))
    columns = dict(zip(CHANNELS, turned.astype(np.float32).T, strict=True))
    return replace(recording, table=recording.table.assign(**columns))


def values(recording: Recording) -> Float64:
    """Return all channels."""
    return recording.table[list(CHANNELS)].to_numpy(np.float64)

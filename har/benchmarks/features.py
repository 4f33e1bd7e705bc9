"""Feature extraction against other libraries, on the same windows and one thread."""

import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import har
from har.arrays import Float32
from har.benchmarks.measure import cost_of
from har.data.recording import CHANNELS
from har.data.windows import Windows

REPEATS = 5
# A library of tens of windows per second is measured on so few windows.
SLOW = 20


@dataclass(frozen=True)
class Entry:
    """One library's speed.

    Attributes
    ----------
    library, version : str
        What was measured.
    features : int
        Of one window.
    windows : int
        That were measured, in each of the repeats.
    windows_per_s, features_per_s : float
        Of the median repeat, on one thread.
    ratio : float
        HAR's windows per second over this library's.
    """

    library: str
    version: str
    features: int
    windows: int
    windows_per_s: float
    features_per_s: float
    ratio: float


def run(windows: Path, n: int, rate_hz: float) -> Iterator[Entry]:
    """Yield the speed of HAR and of every library that is installed.

    Parameters
    ----------
    windows : Path
        As `har.data.windows.Windows.save` wrote them.
    n : int
        How many windows fast libraries are measured on.
    rate_hz : float
        Of the windows, Hz.
    """
    ours = None
    for package, (measure, few) in LIBRARIES.items():
        try:
            number = har.__version__ if package == "har" else version(package)
        except PackageNotFoundError:
            continue
        size = SLOW if few else n
        features, speed = cost_of(measure, windows, size, rate_hz).result
        ours = ours or speed
        yield Entry(
            package,
            number,
            features,
            size,
            round(speed, 1),
            round(speed * features),
            round(ours / speed, 2),
        )


def _speed(windows: Float32, extract: Callable[[Float32], int]) -> tuple[int, float]:
    """Return the number of features, and windows per second of the median repeat."""
    features = extract(windows[:2])
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        extract(windows)
        seconds.append(time.perf_counter() - start)
    return features, len(windows) / statistics.median(seconds)


def _windows(folder: Path, n: int) -> Float32:
    """Return windows spread over the data set."""
    X = Windows.load(folder).X
    return np.ascontiguousarray(X[np.linspace(0, len(X) - 1, n).astype(int)])


def _har(folder: Path, n: int, rate_hz: float) -> tuple[int, float]:
    import torch

    from har.features.transformer import FeatureTransformer

    torch.set_num_threads(1)
    X = _windows(folder, n)
    transformer = FeatureTransformer(X.shape[1], rate_hz).fit()
    return _speed(X, lambda windows: int(transformer.transform(windows).shape[1]))


def _tsfel(folder: Path, n: int, rate_hz: float) -> tuple[int, float]:
    import tsfel

    domains = tsfel.get_features_by_domain()

    def extract(windows: Float32) -> int:
        found: Any = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of constant windows, by the hundred
            for window in windows:
                frame = pd.DataFrame(window, columns=list(CHANNELS))
                found = tsfel.time_series_features_extractor(domains, frame, fs=rate_hz, verbose=0)
        return int(found.shape[1])

    return _speed(_windows(folder, n), extract)


def _catch22(folder: Path, n: int, rate_hz: float) -> tuple[int, float]:
    import pycatch22

    def extract(windows: Float32) -> int:
        features = 0
        for window in windows:
            found = [pycatch22.catch22_all(axis.tolist(), catch24=True) for axis in window.T]
            features = sum(len(one["values"]) for one in found)
        return features

    return _speed(_windows(folder, n), extract)


LIBRARIES: dict[str, tuple[Callable[[Path, int, float], tuple[int, float]], bool]] = {
    "har": (_har, False),
    "tsfel": (_tsfel, True),
    "pycatch22": (_catch22, False),
}
"""How each library is measured, and whether on few windows only."""

"""Out-of-distribution inputs that no model should answer, and how many a score detects."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from har.arrays import RawWindows
from har.data.channels import AXES
from har.data.gravity import STANDARD_GRAVITY

Doubles = npt.NDArray[np.float64]

# m/s² and rad/s: the most that an overdriven sensor reads.
RANGES = (20.0, 4.0)


def foreign_inputs(windows: RawWindows, *, seed: int = 0) -> dict[str, RawWindows]:
    """Make inputs that no model should answer, by what is wrong with them.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s
        Real ones, of people other than those of the test.
    seed : int, default=0
        Of noise, shuffling and the choice of axes.

    Returns
    -------
    dict of str to ndarray of the same shape
        Without what only a gyroscope can have wrong, where there is none.
    """
    rng = np.random.default_rng(seed)
    X = np.asarray(windows, np.float64)
    n, n_samples, n_channels = X.shape
    acc = np.arange(n_channels) < AXES
    one_of_each = np.arange(n_channels) == rng.integers(0, AXES, (n, 1))
    order = rng.random((n, n_samples)).argsort(1)[:, :, None]
    largest = np.where(acc, *RANGES)
    both_ways = np.concatenate([X[:, ::2], X[:, ::-2]], axis=1)
    of_gyro = {
        "gyroscope in deg/s": X * np.where(acc, 1, 180 / np.pi),
        "sensors swapped": np.roll(X, AXES, axis=2),
        "no gyroscope": X * acc,
        "one gyroscope axis zero": X * ~np.roll(one_of_each, AXES, axis=1)[:, None],
    }
    return {
        "acceleration in g": X / np.where(acc, STANDARD_GRAVITY, 1),
        "gravity removed": X - np.where(acc, X.mean(1, keepdims=True), 0),
        "no acceleration": X * ~acc,
        "one acceleration axis zero": X * ~one_of_each[:, None],
        **(of_gyro if n_channels > AXES else {}),
        "constant": np.repeat(X[:, :1], n_samples, axis=1),
        "white noise": rng.normal(0, largest / 4, X.shape),
        "acceleration cut off at 8 m/s²": np.where(acc, np.clip(X, -8, 8), X),
        "overdriven: four times, cut off": np.clip(4 * X, -largest, largest),
        "read as twice its rate": both_ways[:, :n_samples],
        "samples shuffled": np.take_along_axis(X, order, axis=1),
        "time reversed": X[:, ::-1],
    }


def detection(
    score: Callable[[RawWindows], Doubles],
    genuine: RawWindows,
    *,
    refused: float = 0.01,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Measure how well a score tells foreign inputs from the windows that they are made of.

    Parameters
    ----------
    score : callable
        From windows to numbers of shape (n_windows,); larger is further out.
    genuine : ndarray of shape (n_windows, n_samples, n_channels), m/s² and rad/s
        Of validation subjects.
    refused : float, default=0.01
        Share of the genuine windows that may be refused.
    seed : int, default=0
        Of `foreign_inputs`.

    Returns
    -------
    dict of str to dict
        By what is wrong: share ``detected`` at that share refused, and ``auroc``.
    """
    baseline = score(genuine)
    threshold = np.quantile(baseline, 1 - refused)
    detected = {}
    for name, windows in foreign_inputs(genuine, seed=seed).items():
        scores = score(windows)
        truth = np.repeat([0, 1], [len(baseline), len(scores)])
        detected[name] = {
            "detected": float((scores > threshold).mean()),
            "auroc": float(roc_auc_score(truth, np.concatenate([baseline, scores]))),
        }
    return detected

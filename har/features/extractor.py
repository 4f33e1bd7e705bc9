"""The one extractor of features: raw windows in, named numbers out."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from har.config import Statistics
from har.data.channels import AXES, by_placement, has_gyro, placed
from har.data.recording import CHANNELS
from har.features.signals import (
    BODY_ACC,
    FIELD,
    GRAVITY,
    GYRO,
    JERK,
    SCALARS,
    WindowSignals,
    measurable,
)
from har.features.spectra import PowerSpectrum, SpectralStatistics
from har.features.statistics import LevelStatistics, Moments, OrderStatistics, ShapeStatistics

_AXES = ("x", "y", "z")
_PAIRS = (("x", "y"), ("x", "z"), ("y", "z"))
_TRIAXIAL = {"body_acc": BODY_ACC, "gyro": GYRO, "jerk": JERK, "field": FIELD}
TINY = 1e-12


class Description(NamedTuple):
    """What is computed of a window's signals.

    Attributes
    ----------
    features : Tensor of shape (batch, n_features)
        The named features.
    power : Tensor of shape (batch, n_dynamic, n_frequencies)
        The power spectra of `dynamic_names`.
    dft : Tensor of shape (batch, n_dynamic, 2 * n_frequencies)
        What they were computed from (`PowerSpectrum.dft`).
    """

    features: Tensor
    power: Tensor
    dft: Tensor


class WindowFeatures(nn.Module):
    r"""Named features of raw windows, the same in torch, scikit-learn and ONNX.

    Names read ``<signal>.<statistic>``. Signals are those of `WindowSignals`;
    statistics those of `LevelStatistics` for every signal, of `OrderStatistics`
    for gravity and the scalar ones, and of `ShapeStatistics` and
    `SpectralStatistics` for all but gravity. Then come

    ============================  ====  ====================================================
    feature                       unit  formula
    ============================  ====  ====================================================
    <a>_<i>*<a>_<j>.correlation   -     Pearson, of axes i and j of one sensor
    body_acc_<i>*gyro_<j>.…       -     Pearson, across the two sensors
    gravity_<i>.cosine            -     mean gravity over its norm: the posture
    gravity.tilt                  rad   angle between the first and last second's gravity
    gravity.norm                  m/s²  norm of mean gravity
    <a>.sma                       unit  signal magnitude area: mean of \|x\| + \|y\| + \|z\|
    ============================  ====  ====================================================

    Windows of acceleration alone have those that are made of it.

    No operation depends on the data's values for its path, so the module exports
    to ONNX with a dynamic batch.

    Parameters
    ----------
    n_samples : int
        Samples in one window.
    rate_hz : float
        Sampling rate, Hz.
    channels : sequence of str, optional
        Of the windows.
    statistics : {"all", "plain"}
        Plain ones are all but those of `OrderStatistics` and `ShapeStatistics`, which take
        most of the time.

    Attributes
    ----------
    names : tuple of str
        The name of each feature.
    window_shape : tuple of int
        Samples and channels of a window.
    """

    areas: Tensor

    def __init__(
        self,
        n_samples: int,
        rate_hz: float,
        channels: Sequence[str] = CHANNELS,
        statistics: Statistics = "all",
    ) -> None:
        super().__init__()
        self.window_shape, self.plain = (n_samples, len(channels)), statistics == "plain"
        self.signals = WindowSignals(n_samples, rate_hz, channels)
        self.level = LevelStatistics()
        self.shape = ShapeStatistics(n_samples, rate_hz)
        self.spectrum = PowerSpectrum(n_samples, rate_hz)
        self.spectral = SpectralStatistics(self.spectrum.frequencies, rate_hz)
        self.posture = Posture(n_samples, min(round(rate_hz), n_samples))
        signals = self.signals.names
        self.dynamic_names = signals[len(GRAVITY) :]
        # Quartiles need a sort, which is dear, and those of single axes add nothing.
        ordered = (*GRAVITY, *measurable(SCALARS, channels))
        self.ordered = [signals.index(name) for name in ordered]
        self.order = OrderStatistics(n_samples)
        # Three axes each of a sensor, or of what is derived from it: the first of `dynamic`.
        self.triaxial = [name for name, axes in _TRIAXIAL.items() if axes[0] in signals]
        # Of all signals, those that are axes of one sensor.
        areas = [[name in _TRIAXIAL[axes] for axes in self.triaxial] for name in signals]
        self.register_buffer("areas", torch.tensor(areas).float(), persistent=False)
        across = [(i, j) for i in _AXES for j in _AXES] if has_gyro(channels) else []
        self.names = (
            *(f"{s}.{name}" for s in signals for name in self.level.names),
            *(() if self.plain else self._slow_names(ordered)),
            *(f"{s}.{name}" for s in self.dynamic_names for name in self.spectral.names),
            *(f"{a}_{i}*{a}_{j}.correlation" for a in self.triaxial for i, j in _PAIRS),
            *(f"body_acc_{i}*gyro_{j}.correlation" for i, j in across),
            *(f"gravity_{i}.cosine" for i in _AXES),
            *("gravity.tilt", "gravity.norm"),
            *(f"{a}.sma" for a in self.triaxial),
        )
        first = {name: AXES * i for i, name in enumerate(self.triaxial)}
        place = {axis: i for i, axis in enumerate(_AXES)}
        pairs = [(first[a] + place[i], first[a] + place[j]) for a in first for i, j in _PAIRS]
        pairs += [(first["body_acc"] + place[i], first["gyro"] + place[j]) for i, j in across]
        self.correlated = [AXES * len(first) * i + j for i, j in pairs]

    def _slow_names(self, ordered: Sequence[str]) -> Iterator[str]:
        yield from (f"{s}.{name}" for s in ordered for name in self.order.names)
        yield from (f"{s}.{name}" for s in self.dynamic_names for name in self.shape.names)

    @property
    def signal_names(self) -> tuple[str, ...]:
        """The name of each signal."""
        return self.signals.names

    @property
    def frequencies(self) -> Tensor:
        """Those of the power spectra, Hz."""
        return self.spectrum.frequencies

    def forward(self, windows: Tensor) -> Tensor:
        """Return the features.

        Parameters
        ----------
        windows : Tensor of shape (batch, n_samples, n_channels), m/s² and rad/s

        Returns
        -------
        Tensor of shape (batch, n_features)
        """
        return self.describe(self.signals(windows)).features

    def describe(self, values: Tensor) -> Description:
        """Return the features of signals that `WindowSignals` gave, and their spectra."""
        n_still, n_axes = len(GRAVITY), AXES * len(self.triaxial)
        moments = Moments.of(values)
        dynamic = moments.centred[:, n_still:]
        unit = dynamic / (moments.deviation[:, n_still:] * math.sqrt(self.window_shape[0]))
        dft = self.spectrum.dft(dynamic)
        power = self.spectrum.power(dft)
        slow = () if self.plain else (self.order(values[:, self.ordered]), self.shape(unit))
        parts = [
            self.level(moments),
            *slow,
            self.spectral(power),
            self._correlations(unit[:, :n_axes]),
            self.posture(values[:, :n_still]),
            values.abs().mean(-1) @ self.areas,
        ]
        features = torch.cat([part.flatten(1) if part.ndim > 2 else part for part in parts], dim=1)
        return Description(features, power, dft)

    def _correlations(self, unit: Tensor) -> Tensor:
        products = (unit @ unit.transpose(1, 2)).flatten(1)
        return products[:, self.correlated]


class Posture(nn.Module):
    """Direction, turn and size of gravity, as `WindowFeatures` lists them.

    Parameters
    ----------
    n_samples, second : int
        Samples in one window, and in one second.
    """

    means: Tensor
    differences: Tensor

    def __init__(self, n_samples: int, second: int) -> None:
        super().__init__()
        means = torch.zeros(n_samples, 3)
        means[:, 0] = 1 / n_samples
        means[:second, 1] = means[-second:, 2] = 1 / second
        self.register_buffer("means", means, persistent=False)
        # Of the whole, the first and the last: the whole, first - last, first + last.
        differences = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, -1.0, 1.0]])
        self.register_buffer("differences", differences, persistent=False)

    def forward(self, gravity: Tensor) -> Tensor:
        """Return posture of shape (batch, 5) of gravity of shape (batch, 3, n_samples)."""
        means = gravity @ self.means
        sizes = torch.linalg.vector_norm(means, dim=1, keepdim=True) + TINY
        # atan2(|a-b|, |a+b|) of unit vectors stays exact for small angles, arccos does not.
        vectors = means / sizes @ self.differences
        _, turn, along = torch.split(torch.linalg.vector_norm(vectors, dim=1), 1, dim=1)
        parts = [vectors[..., 0], 2 * (turn / (along + TINY)).atan(), sizes[:, 0, :1]]
        return torch.cat(parts, dim=1)


class PlacedFeatures(nn.Module):
    """Named features of windows of several placements: those of each placement by itself.

    Names are those of `WindowFeatures` after the placement's, as ``chest.body_acc_x.mean``.

    Parameters
    ----------
    n_samples : int
        Samples in one window.
    rate_hz : float
        Sampling rate, Hz.
    channels : sequence of str
        Of the windows, each with its placement.
    statistics : {"all", "plain"}
        As in `WindowFeatures`.

    Attributes
    ----------
    names, signal_names : tuple of str
        The name of each feature, and of each signal.
    window_shape : tuple of int
        Samples and channels of a window.
    """

    def __init__(
        self,
        n_samples: int,
        rate_hz: float,
        channels: Sequence[str],
        statistics: Statistics = "all",
    ) -> None:
        super().__init__()
        self.window_shape = (n_samples, len(channels))
        own = by_placement(channels)
        self.parts = nn.ModuleList(
            WindowFeatures(n_samples, rate_hz, c, statistics) for c in own.values()
        )
        self.n_channels = [len(c) for c in own.values()]
        self.n_signals = [len(part.signal_names) for part in self._each()]
        named = list(zip(own, self._each(), strict=True))
        self.signal_names = tuple(
            n for name, part in named for n in placed(name, part.signal_names)
        )
        self.dynamic_names = tuple(
            n for name, part in named for n in placed(name, part.dynamic_names)
        )
        self.names = tuple(n for name, part in named for n in placed(name, part.names))

    def forward(self, windows: Tensor) -> Tensor:
        """Return the features of windows of shape (batch, n_samples, n_channels)."""
        return self.describe(self.signals(windows)).features

    def signals(self, windows: Tensor) -> Tensor:
        """Return the signals of all placements, shape (batch, n_signals, n_samples)."""
        own = torch.split(windows, self.n_channels, dim=2)
        pairs = zip(self._each(), own, strict=True)
        return torch.cat([part.signals(values) for part, values in pairs], dim=1)

    def describe(self, values: Tensor) -> Description:
        """Return the features and spectra of what `signals` gave."""
        own = torch.split(values, self.n_signals, dim=1)
        pairs = zip(self._each(), own, strict=True)
        described = zip(*(part.describe(signals) for part, signals in pairs), strict=True)
        return Description(*(torch.cat(parts, dim=1) for parts in described))

    @property
    def frequencies(self) -> Tensor:
        """Those of the power spectra, Hz."""
        return self._each()[0].frequencies

    def _each(self) -> list[WindowFeatures]:
        return [part for part in self.parts if isinstance(part, WindowFeatures)]


def window_features(
    n_samples: int,
    rate_hz: float,
    channels: Sequence[str] = CHANNELS,
    statistics: Statistics = "all",
) -> WindowFeatures | PlacedFeatures:
    """Return the extractor of windows of one placement, or of several."""
    if len(by_placement(channels)) > 1:
        return PlacedFeatures(n_samples, rate_hz, channels, statistics)
    return WindowFeatures(n_samples, rate_hz, channels, statistics)

"""The one extractor of features: raw windows in, named numbers out."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from har.data.channels import by_placement, has_gyro, placed
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
    norm,
)
from har.features.spectra import SpectralStatistics
from har.features.statistics import LevelStatistics, OrderStatistics, ShapeStatistics

_AXES = ("x", "y", "z")
_PAIRS = (("x", "y"), ("x", "z"), ("y", "z"))
_TRIAXIAL = {"body_acc": BODY_ACC, "gyro": GYRO, "jerk": JERK, "field": FIELD}
TINY = 1e-12


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

    Attributes
    ----------
    names : tuple of str
        The name of each feature.
    window_shape : tuple of int
        Samples and channels of a window.
    """

    def __init__(self, n_samples: int, rate_hz: float, channels: Sequence[str] = CHANNELS) -> None:
        super().__init__()
        self.window_shape = (n_samples, len(channels))
        self.signals = WindowSignals(n_samples, rate_hz, channels)
        self.level = LevelStatistics()
        self.order = OrderStatistics(n_samples)
        self.shape = ShapeStatistics(n_samples, rate_hz)
        self.spectral = SpectralStatistics(n_samples, rate_hz)
        self.second = min(round(rate_hz), n_samples)
        signals = self.signals.names
        dynamic, scalars = signals[len(GRAVITY) :], measurable(SCALARS, channels)
        self.n_scalars = len(scalars)
        # Where the three axes of a sensor, or of what is derived from it, are among the signals.
        self.triaxial = {
            name: slice(first := signals.index(axes[0]), first + len(axes))
            for name, axes in _TRIAXIAL.items()
            if axes[0] in signals
        }
        # Quartiles need a sort, which is dear, and those of single axes add nothing.
        ordered = (*GRAVITY, *scalars)
        across = [(i, j) for i in _AXES for j in _AXES] if has_gyro(channels) else []
        self.names = (
            *(f"{s}.{name}" for s in signals for name in self.level.names),
            *(f"{s}.{name}" for s in ordered for name in self.order.names),
            *(f"{s}.{name}" for s in dynamic for name in self.shape.names),
            *(f"{s}.{name}" for s in dynamic for name in self.spectral.names),
            *(f"{a}_{i}*{a}_{j}.correlation" for a in self.triaxial for i, j in _PAIRS),
            *(f"body_acc_{i}*gyro_{j}.correlation" for i, j in across),
            *(f"gravity_{i}.cosine" for i in _AXES),
            *("gravity.tilt", "gravity.norm"),
            *(f"{a}.sma" for a in self.triaxial),
        )

    @property
    def signal_names(self) -> tuple[str, ...]:
        """The name of each signal."""
        return self.signals.names

    def forward(self, windows: Tensor) -> Tensor:
        """Return the features.

        Parameters
        ----------
        windows : Tensor of shape (batch, n_samples, n_channels), m/s² and rad/s

        Returns
        -------
        Tensor of shape (batch, n_features)
        """
        features: Tensor = self.describe(self.signals(windows))
        return features

    def describe(self, values: Tensor) -> Tensor:
        """Return the features of signals that `WindowSignals` gave."""
        gravity, dynamic = values[:, :3], values[:, 3:]
        axes = {name: values[:, where] for name, where in self.triaxial.items()}
        across = [_across(axes["body_acc"], axes["gyro"])] if "gyro" in axes else []
        parts = [
            self.level(values),
            self.order(torch.cat([gravity, values[:, -self.n_scalars :]], dim=1)),
            self.shape(dynamic),
            self.spectral(dynamic),
            *(_own_correlations(sensor) for sensor in axes.values()),
            *across,
            self._posture(gravity),
            *(sensor.abs().mean(-1).sum(-1, keepdim=True) for sensor in axes.values()),
        ]
        return torch.cat([part.flatten(1) for part in parts], dim=1)

    def _posture(self, gravity: Tensor) -> Tensor:
        mean = gravity.mean(-1, keepdim=True)
        first = gravity[..., : self.second].mean(-1, keepdim=True)
        last = gravity[..., -self.second :].mean(-1, keepdim=True)
        size = norm(mean)
        # atan2(|a-b|, |a+b|) of unit vectors stays exact for small angles, arccos does not.
        a, b = first / norm(first), last / norm(last)
        tilt = 2 * (norm(a - b) / norm(a + b)).atan()
        return torch.cat([(mean / size), tilt, size], dim=1)


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

    Attributes
    ----------
    names, signal_names : tuple of str
        The name of each feature, and of each signal.
    window_shape : tuple of int
        Samples and channels of a window.
    """

    def __init__(self, n_samples: int, rate_hz: float, channels: Sequence[str]) -> None:
        super().__init__()
        self.window_shape = (n_samples, len(channels))
        own = by_placement(channels)
        self.parts = nn.ModuleList(WindowFeatures(n_samples, rate_hz, c) for c in own.values())
        self.n_channels = [len(c) for c in own.values()]
        self.n_signals = [len(part.signal_names) for part in self._each()]
        named = list(zip(own, self._each(), strict=True))
        self.signal_names = tuple(
            n for name, part in named for n in placed(name, part.signal_names)
        )
        self.names = tuple(n for name, part in named for n in placed(name, part.names))

    def forward(self, windows: Tensor) -> Tensor:
        """Return the features of windows of shape (batch, n_samples, n_channels)."""
        return self.describe(self.signals(windows))

    def signals(self, windows: Tensor) -> Tensor:
        """Return the signals of all placements, shape (batch, n_signals, n_samples)."""
        own = torch.split(windows, self.n_channels, dim=2)
        pairs = zip(self._each(), own, strict=True)
        return torch.cat([part.signals(values) for part, values in pairs], dim=1)

    def describe(self, values: Tensor) -> Tensor:
        """Return the features of what `signals` gave."""
        own = torch.split(values, self.n_signals, dim=1)
        pairs = zip(self._each(), own, strict=True)
        return torch.cat([part.describe(signals) for part, signals in pairs], dim=1)

    def _each(self) -> list[WindowFeatures]:
        return [part for part in self.parts if isinstance(part, WindowFeatures)]


def window_features(
    n_samples: int, rate_hz: float, channels: Sequence[str] = CHANNELS
) -> WindowFeatures | PlacedFeatures:
    """Return the extractor of windows of one placement, or of several."""
    if len(by_placement(channels)) > 1:
        return PlacedFeatures(n_samples, rate_hz, channels)
    return WindowFeatures(n_samples, rate_hz, channels)


def _unit(axes: Tensor) -> Tensor:
    """Centre each signal and scale it to norm 1, so that products are correlations."""
    centred = axes - axes.mean(-1, keepdim=True)
    return centred / ((centred * centred).sum(-1, keepdim=True) + TINY).sqrt()


def _across(body: Tensor, gyro: Tensor) -> Tensor:
    """Return the correlations of each axis of one sensor with each of the other."""
    return _unit(body) @ _unit(gyro).transpose(1, 2)


def _own_correlations(axes: Tensor) -> Tensor:
    x, y, z = _unit(axes).unbind(1)
    return torch.stack([(x * y).sum(-1), (x * z).sum(-1), (y * z).sum(-1)], dim=1)

"""Whether a whole recording is unlike what the model was trained on: one warning, not a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from har.arrays import Float32, Float64
from har.data.recording import RecordingMeta
from har.models.reference import Reference, moments

# Of the stretches of a recording; fewer are a person's odd minutes.
SHARE = 0.5
# Of the model's rate; between it and the model's, movements are a little blunter.
COARSE = 0.9
HINT = "the answers are not to be relied on"


@dataclass(frozen=True)
class Warned:
    """Why a recording is unlike training.

    Attributes
    ----------
    what : str
        In one sentence or more.
    hint : str
        What to do.
    """

    what: str
    hint: str


@dataclass(frozen=True)
class Likeness:
    """How a recording compares with the training recordings.

    Attributes
    ----------
    stretches, unlike : int
        Stretches of up to a minute that were judged, and those that are unlike training.
    is_unlike : bool
        Whether so many are that the answers mean nothing.
    gravity : tuple of float or None
        Median over the windows of the mean of each axis of acceleration, m/s²; None for a
        model of acceleration without gravity.
    unknown_share : float
        Share of the windows that are unknown, 0 to 1.
    warnings : tuple of Warned
        Empty where nothing speaks against the answers.
    """

    stretches: int
    unlike: int
    is_unlike: bool
    gravity: tuple[float, float, float] | None
    unknown_share: float
    warnings: tuple[Warned, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return {
            "stretches": self.stretches,
            "unlike_stretches": self.unlike,
            "unlike_training": self.is_unlike,
            "gravity_m_s2": self.gravity and [round(v, 3) for v in self.gravity],
            "unknown_share": round(self.unknown_share, 4),
            "warnings": [f"{warned.what}; {warned.hint}" for warned in self.warnings],
        }


@dataclass
class Judge:
    """Collects a recording's windows, part by part, and judges them at the end.

    Attributes
    ----------
    reference : Reference or None
        Of the model's file; older files have none.
    rate_hz : float
        The model's, Hz.
    """

    reference: Reference | None
    rate_hz: float
    _moments: list[Float32] = field(default_factory=list)
    _unknown: list[npt.NDArray[np.bool_]] = field(default_factory=list)

    def add(self, windows: Float32, unknown: npt.NDArray[np.bool_]) -> None:
        """Take windows of shape (n_windows, n_samples, n_channels), and which are unknown."""
        # A day of them is a few MB.
        self._moments.append(moments(windows).astype(np.float32))
        self._unknown.append(unknown)

    def forget(self, stretches: int) -> None:
        """Keep the windows of the last so many stretches, and those that follow them."""
        n = max(self.reference.limits, default=0) if self.reference else 0
        windows = sum(map(len, self._moments))
        drop = (windows // n - stretches) * n if n else windows
        if drop > 0:
            self._moments = [np.concatenate(self._moments)[drop:]]
            self._unknown = [np.concatenate(self._unknown)[drop:]]

    def to_dict(self) -> dict[str, Any]:
        """Return the windows that were taken as a JSON-able dict."""
        return {
            "moments": [one for part in self._moments for one in part.tolist()],
            "unknown": [one for part in self._unknown for one in part.tolist()],
        }

    def restore(self, fields: Mapping[str, Any]) -> None:
        """Take the windows of what `to_dict` returned."""
        if fields["moments"]:
            self._moments = [np.array(fields["moments"], np.float32)]
            self._unknown = [np.array(fields["unknown"], bool)]

    @property
    def moments(self) -> Float32:
        """Moments of all windows, as `har.models.reference.moments` has them."""
        return (
            np.concatenate(self._moments) if self._moments else np.empty((0, 0, 2, 3), np.float32)
        )

    def verdict(self, meta: RecordingMeta) -> Likeness:
        """Return how the recording compares, of which `meta` tells the own rate."""
        windows = sum(map(len, self._moments))
        unknown = float(np.concatenate(self._unknown).mean()) if windows else 0.0
        gravity = _gravity(self._moments, self.reference)
        unlike, stretches = self._unlike()
        warnings = list(self._stated(meta))
        is_unlike = bool(stretches) and len(unlike) >= SHARE * stretches
        if is_unlike:
            warnings.insert(0, self._explained(np.concatenate(unlike), gravity, unknown))
        return Likeness(stretches, len(unlike), is_unlike, gravity, unknown, tuple(warnings))

    def _unlike(self) -> tuple[list[Float64], int]:
        """Return the windows of the stretches that are unlike training, and how many there are."""
        if self.reference is None or not self._moments:
            return [], 0
        of = np.concatenate(self._moments).astype(np.float64)
        n = self.reference.length(len(of))
        if not n:
            return [], 0
        starts = range(0, len(of) - n + 1, n)
        surprise = self.reference.surprise(of)
        limit = self.reference.limits[n]
        foreign = [of[i : i + n] for i in starts if surprise[i : i + n].mean() > limit]
        return foreign, len(starts)

    def _explained(
        self, unlike: Float64, gravity: tuple[float, ...] | None, unknown: float
    ) -> Warned:
        assert self.reference is not None
        if cause := self.reference.cause(unlike):
            return Warned(cause.what, f"{cause.hint}; until then {HINT}")
        where = ", ".join(self.reference.placements)
        worn = f" (worn at the {where} there)" if where else ""
        level = "" if gravity is None else f"gravity lies along ({_numbers(gravity)}) m/s², "
        return Warned(
            "the recording is unlike all training recordings: another placement, device or "
            f"activity{worn}; {level}{unknown:.0%} of the windows are unknown",
            HINT,
        )

    def _stated(self, meta: RecordingMeta) -> Sequence[Warned]:
        """Return what the recording states of itself that the model does not know."""
        found = []
        if meta.rate_hz < COARSE * self.rate_hz:
            found.append(
                Warned(
                    f"recorded at {meta.rate_hz:.3g} Hz for a model of {self.rate_hz:g} Hz: its "
                    "fast movements are missing",
                    f"record at {self.rate_hz:g} Hz or more; until then {HINT}",
                )
            )
        known = self.reference.placements if self.reference else ()
        if known and meta.placement not in ("unknown", "", *known):
            found.append(
                Warned(
                    f"worn at the {meta.placement}; the model was trained at the "
                    f"{', '.join(known)}",
                    HINT,
                )
            )
        return found


def _gravity(
    parts: Sequence[Float32], reference: Reference | None
) -> tuple[float, float, float] | None:
    if reference is None or not reference.gravity or not parts:
        return None
    sensor = reference.acceleration.index(True)
    x, y, z = np.median(np.concatenate([part[:, sensor, 0] for part in parts]), axis=0)
    return float(x), float(y), float(z)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{v:.1f}" for v in values)

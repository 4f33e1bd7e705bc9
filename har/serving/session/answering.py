"""Answers to the windows of a stream, smoothed, and overruled where all of it is unlike training.

A recording that is read whole is judged at its end; a stream is judged whenever a stretch of
windows is full, by the last of them, and the verdict holds for the windows that follow.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from har.arrays import Float32, Float64
from har.config import WindowGrid
from har.data.recording import RecordingMeta
from har.models.answers import UNKNOWN, Answers
from har.models.smoothing import Smoother
from har.serving.predictor import BLOCK, UNLIKE, Predictor, said
from har.serving.session.cutting import Cutter
from har.serving.session.segments import Window
from har.serving.session.stretches import Piece
from har.serving.unlike import Judge, Likeness, Warned

Watch = Callable[[Float32, Answers], None]
# Stretches of a minute that are judged together.
RECENT = 30


class Answering:
    """Answers the windows of one stretch after another.

    Parameters
    ----------
    predictor : Predictor
        The model.
    smoother : Smoother or None
        Smooths over each stretch.
    watch : callable or None
        Is given the windows and the model's own answers, whenever there are some.
    meta : RecordingMeta
        What is known of the stream; its rate may become known later.
    anyway : bool, default=False
        Whether a stream that is unlike training is answered nevertheless.

    Attributes
    ----------
    likeness : Likeness or None
        The last verdict; None before the first.
    probabilities : ndarray of shape (n_classes,) or None
        The model's own of the last window.
    cutter : Cutter
        Of the present stretch.
    """

    def __init__(
        self,
        predictor: Predictor,
        smoother: Smoother | None,
        meta: RecordingMeta,
        watch: Watch | None = None,
        *,
        anyway: bool = False,
    ) -> None:
        self._predictor, self._smoother, self.meta = predictor, smoother, meta
        self._watch, self._anyway = watch, anyway
        self._grid: WindowGrid = predictor.window
        self._judge = Judge(predictor.reference, predictor.window)
        self._seen = 0  # windows, of all stretches
        self._state: Float64 | None = None
        self.likeness: Likeness | None = None
        self.probabilities: Float64 | None = None
        self.cutter = Cutter(self._grid)

    def push(self, piece: Piece) -> Iterator[Window]:
        """Yield the answers to the windows that a piece completes."""
        if piece.begins:
            self.cutter, self._state = Cutter(self._grid), None
        number = self.cutter.windows
        windows = self.cutter.push(piece.values)
        while len(windows):
            n = min(len(windows), self._until_verdict, BLOCK)
            yield from self._answered(windows[:n], piece.start_s, number)
            windows, number = windows[n:], number + n

    def end_s(self, start_s: float) -> float:
        """Return the end of the present stretch, which starts then."""
        rate_hz = self._predictor.rate_hz
        return start_s + (self.cutter.samples - 1) / rate_hz + 1 / rate_hz

    def _answered(self, windows: Float32, start_s: float, number: int) -> Iterator[Window]:
        is_withheld = not self._anyway and self.likeness is not None and self.likeness.is_withheld
        own = answers = self._predictor.answer(windows)
        if self._watch:
            self._watch(windows, own)
        if self._smoother:
            answers, self._state = self._smoother.step(own, self._state)
        self.probabilities = own.probabilities[-1].astype(np.float64)
        rate_hz, size, hop = self._predictor.rate_hz, *self._shape
        first = (number + np.arange(len(own))) * hop
        starts = start_s + first / rate_hz
        ends = start_s + (first + size - 1) / rate_hz + 1 / rate_hz
        rows = zip(starts.tolist(), ends.tolist(), *_lists(said(own, answers)), strict=True)
        for place, (begin, end, activity, probability, reason) in enumerate(rows, start=1):
            if place == len(own):
                self._judged(windows, own.unknown)
            if is_withheld:
                yield Window(begin, end, UNKNOWN, 0.0, UNLIKE)
            else:
                yield Window(begin, end, activity, probability, reason)

    @property
    def _shape(self) -> tuple[int, int]:
        return self._grid.n_samples, self._grid.n_hop

    @property
    def _until_verdict(self) -> int:
        """Windows until the next verdict, the same ones however samples are cut."""
        reference = self._predictor.reference
        if reference is None or not reference.lengths:
            return BLOCK
        longest = max(reference.lengths)
        if later := [n for n in reference.lengths if n > self._seen]:
            return min(later) - self._seen
        return longest - self._seen % longest

    def _judged(self, windows: Float32, unknown: Any) -> None:
        is_full = len(windows) == self._until_verdict
        self._judge.add(windows, unknown)
        self._seen += len(windows)
        if is_full or self._predictor.reference is None:
            self._judge.forget(RECENT)
        if is_full and self._predictor.reference is not None:
            self.likeness = self._judge.verdict(self.meta)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as a JSON-able dict."""
        state = None
        if self._state is not None:
            state = [list(self._state.shape), [_or_none(v) for v in self._state.ravel().tolist()]]
        return {
            "seen": self._seen,
            "smoother": state,
            "judge": self._judge.to_dict(),
            "likeness": self.likeness and asdict(self.likeness),
            "probabilities": None if self.probabilities is None else self.probabilities.tolist(),
            "cutter": self.cutter.to_dict(),
        }

    def restore(self, fields: Mapping[str, Any]) -> None:
        """Go on where the one that `to_dict` was called on stood."""
        self._seen = fields["seen"]
        if fields["smoother"]:
            shape, values = fields["smoother"]
            self._state = np.array(values, np.float64).reshape(shape)
        self._judge.restore(fields["judge"])
        self.likeness = _likeness(fields["likeness"])
        if fields["probabilities"] is not None:
            self.probabilities = np.array(fields["probabilities"], np.float64)
        self.cutter.restore(fields["cutter"])


def _likeness(fields: Mapping[str, Any] | None) -> Likeness | None:
    if fields is None:
        return None
    gravity = fields["gravity"] and tuple(fields["gravity"])
    warnings = tuple(Warned(**warned) for warned in fields["warnings"])
    not_judged = fields["not_judged"] and Warned(**fields["not_judged"])
    return Likeness(
        **{**fields, "gravity": gravity, "warnings": warnings, "not_judged": not_judged}
    )


def _lists(columns: Mapping[str, Any]) -> list[list[Any]]:
    return [column.tolist() for column in columns.values()]


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None

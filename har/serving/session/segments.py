"""Segments of one activity as `har.serving.timeline.timeline` makes them, window by window."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from har.models.answers import UNKNOWN
from har.serving.timeline import apart


@dataclass(frozen=True)
class Window:
    """What was answered to one window.

    Attributes
    ----------
    start_s, end_s : float
        On the clock of the samples.
    activity : str
        Smoothed, where the session smooths; ``unknown`` where no class is an answer.
    probability : float
        Of the activity, by the model alone; 0 where unknown.
    reason : str
        Why it is unknown.
    """

    start_s: float
    end_s: float
    activity: str
    probability: float
    reason: str = ""


@dataclass(frozen=True)
class Segment:
    """A time of one activity.

    Attributes
    ----------
    start_s, end_s : float
        On the clock of the samples; the end of the present one moves.
    activity, reason : str
        As of its windows; ``gap`` and ``too short`` are reasons without a window.
    windows : int
        How many there are.
    probability : float
        Their mean.
    """

    start_s: float
    end_s: float
    activity: str
    reason: str
    windows: int
    probability: float

    @classmethod
    def hole(cls, start_s: float, end_s: float, reason: str) -> Self:
        """Return a time without an answer."""
        return cls(start_s, end_s, UNKNOWN, reason, 0, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return asdict(self)


class Segments:
    """Joins windows that follow one another to segments.

    Parameters
    ----------
    rate_hz : float
        The model's, Hz.

    Attributes
    ----------
    current : Segment or None
        The last one, which goes on; None before the first window.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self.current: Segment | None = None

    def add(self, window: Window) -> Segment | None:
        """Take a window; return the segment that it ends, or that it merely begins.

        Where two segments overlap, they meet in the middle.
        """
        now, start_s = self.current, window.start_s
        if now is None or not now.windows or apart(now.end_s, start_s, self._rate_hz):
            self.current = self._of(window, start_s)
            return now
        if now.activity != window.activity:
            overlap_s = max(0.0, now.end_s - start_s)
            self.current = self._of(window, start_s + overlap_s / 2)
            return replace(now, end_s=now.end_s - overlap_s / 2)
        n = now.windows + 1
        mean = now.probability + (window.probability - now.probability) / n
        self.current = replace(now, end_s=window.end_s, windows=n, probability=mean)
        return None

    def close(self) -> Segment | None:
        """End the last segment, which nothing follows, and return it."""
        now, self.current = self.current, None
        return now

    def skip(self, start_s: float, end_s: float, reason: str) -> Segment | None:
        """Take a time without an answer; return the segment before it."""
        before, self.current = self.current, Segment.hole(start_s, end_s, reason)
        return before

    @staticmethod
    def _of(window: Window, start_s: float) -> Segment:
        one = (window.activity, window.reason, 1, window.probability)
        return Segment(start_s, window.end_s, *one)

"""What a session has answered: segments of one activity, how long each lasted, and what changed."""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from har.errors import DataError
from har.serving.session.segments import Segment, Segments, Window
from har.serving.unlike import Likeness

# Segments that a view can show; sums are kept of all.
HISTORY = 100
Kind = Literal["activity", "likeness", "refused"]


@dataclass(frozen=True)
class Event:
    """Something that whoever follows a session is told.

    Attributes
    ----------
    id : int
        Counts from 1.
    kind : {"activity", "likeness", "refused"}
        Another activity, or none; whether the stream is like training changed; samples are of
        no use.
    at_s : float or None
        On the clock of the samples; of an activity, when it began.
    activity, reason : str
        As of a segment.
    probability : float
        Of the window that began it.
    before : str
        The activity before; empty at the beginning.
    message : str
        Of the other kinds, in words.
    """

    id: int
    kind: Kind
    at_s: float | None
    activity: str = ""
    reason: str = ""
    probability: float = 0.0
    before: str = ""
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return asdict(self)


@dataclass
class Update:
    """What came of some samples.

    Attributes
    ----------
    windows : list of Window
        The answers to all windows that became whole.
    segments : list of Segment
        Those that ended.
    events : list of Event
        What changed.
    refused : DataError or None
        Why samples are of no use: the first seconds say that the unit is wrong, or the rate too
        low. They are left out, and the next ones are looked at anew.
    """

    windows: list[Window] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    refused: DataError | None = None


class Journal:
    """Keeps the answers of one session, and tells each `Update` what they changed.

    Parameters
    ----------
    rate_hz : float
        The model's, Hz.

    Attributes
    ----------
    last : Window or None
        The one that was answered last.
    n_events : int
        How many there were.
    history : deque of Segment
        The last ones that ended.
    """

    def __init__(self, rate_hz: float) -> None:
        self._segments = Segments(rate_hz)
        self._told = ("", "")  # activity and reason of the last event
        self._was_unlike = False
        self._seconds: dict[tuple[str, str], float] = {}
        self.last: Window | None = None
        self.n_events = 0
        self.history: deque[Segment] = deque(maxlen=HISTORY)

    def add(self, window: Window, likeness: Likeness | None, update: Update) -> None:
        """Take the answer to a window, and how like training the stream is by then."""
        update.windows.append(window)
        self.last = window
        if ended := self._segments.add(window):
            self._keep(ended, update)
        self._announce(window.probability, update)
        self._judged(likeness, window, update)

    def skip(self, start_s: float, end_s: float, reason: str, update: Update) -> None:
        """Take a time without an answer."""
        if ended := self._segments.skip(start_s, end_s, reason):
            self._keep(ended, update)
        self._announce(0.0, update)

    def close(self, update: Update) -> bool:
        """End the last segment; return whether there was one."""
        if last := self._segments.close():
            self._keep(last, update)
        return last is not None

    def refuse(self, error: DataError, update: Update) -> None:
        """Say that samples are of no use."""
        update.refused = error
        self._tell(update, "refused", None, message=str(error))

    def _keep(self, ended: Segment, update: Update) -> None:
        update.segments.append(ended)
        self.history.append(ended)
        _add_to(self._seconds, ended)

    def _announce(self, probability: float, update: Update) -> None:
        now = self._segments.current
        assert now is not None
        if (now.activity, now.reason) == self._told:
            return
        before, self._told = self._told[0], (now.activity, now.reason)
        self._tell(
            update,
            "activity",
            now.start_s,
            activity=now.activity,
            reason=now.reason,
            probability=probability,
            before=before,
        )

    def _judged(self, likeness: Likeness | None, window: Window, update: Update) -> None:
        if likeness is None or likeness.is_unlike == self._was_unlike:
            return
        self._was_unlike = likeness.is_unlike
        words = "; ".join(f"{warned.what}; {warned.hint}" for warned in likeness.warnings)
        self._tell(update, "likeness", window.end_s, message=words or "like training again")

    def _tell(self, update: Update, kind: Kind, at_s: float | None, **what: Any) -> None:
        self.n_events += 1
        update.events.append(Event(self.n_events, kind, at_s, **what))

    def view(self, segments: int) -> dict[str, Any]:
        """Return the part of `Session.view` that is about answers.

        Parameters
        ----------
        segments : int
            How many of the last ones, at most; the present one among them.
        """
        now = self._segments.current
        shown = [*self.history, *([now] if now else [])][-segments:] if segments > 0 else []
        return {
            "activity": now and now.activity,
            "reason": now and now.reason,
            "since_s": now and now.start_s,
            "until_s": now and now.end_s,
            "confidence": now and now.probability,
            "probability": self.last and self.last.probability,
            "segments": [segment.to_dict() for segment in shown],
            "minutes": self._minutes(),
            "events": self.n_events,
        }

    def _minutes(self) -> list[dict[str, Any]]:
        seconds = self._seconds.copy()
        if now := self._segments.current:
            _add_to(seconds, now)
        most_first = sorted(seconds.items(), key=lambda pair: -pair[1])
        return [
            {"activity": activity, "reason": reason, "minutes": total / 60}
            for (activity, reason), total in most_first
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return its part of a session's state, as a JSON-able dict."""
        current = self._segments.current
        return {
            "current": current and current.to_dict(),
            "told": list(self._told),
            "last": self.last and asdict(self.last),
            "was_unlike": self._was_unlike,
            "n_events": self.n_events,
            "history": [segment.to_dict() for segment in self.history],
            "seconds": [[*key, total] for key, total in self._seconds.items()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what `to_dict` gave, among other parts of a session's state."""
        if state["current"]:
            self._segments.current = Segment(**state["current"])
        self._told = (state["told"][0], state["told"][1])
        self.last = Window(**state["last"]) if state["last"] else None
        self._was_unlike, self.n_events = state["was_unlike"], state["n_events"]
        self.history.extend(Segment(**fields) for fields in state["history"])
        self._seconds = {(a, reason): total for a, reason, total in state["seconds"]}


def _add_to(seconds: dict[tuple[str, str], float], segment: Segment) -> None:
    key = segment.activity, segment.reason
    seconds[key] = seconds.get(key, 0.0) + segment.end_s - segment.start_s

"""One stream of samples, from the first to the last."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np

from har.arrays import Float64
from har.data.channels import placements_of
from har.data.gravity import KINDS
from har.data.recording import ACC, GYRO, RecordingMeta
from har.errors import DataError, UsageError
from har.serving.predictor import Predictor
from har.serving.session.answering import Answering, Watch
from har.serving.session.beside import Beside
from har.serving.session.chunks import Chunk, SampleError
from har.serving.session.order import NO_ROWS, Order, Released, Rows
from har.serving.session.segments import Segment, Segments, Window
from har.serving.session.settings import SessionSettings
from har.serving.session.stretches import Cleaner, Piece
from har.serving.timeline import GAP, TOO_SHORT, apart

STATE_VERSION = 1
# Segments that a view can show; sums are kept of all.
HISTORY = 100
NO_OTHER, UNUSABLE = "nothing of the other sensor near", "of no use to the model"
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


class Session:
    """Answers a stream of samples as `har predict` answers a recording of them.

    Parameters
    ----------
    predictor : Predictor
        The model.
    settings : SessionSettings, optional
        What is told of the samples.
    watch : callable, optional
        Is given the windows and the model's own answers, whenever there are some.

    Raises
    ------
    UsageError
        If the model reads several placements at once, or has no such smoother.
    DataError
        If it was trained with the other kind of acceleration.
    """

    def __init__(
        self,
        predictor: Predictor,
        settings: SessionSettings | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.settings = settings = settings or SessionSettings()
        self.predictor = predictor
        _check(predictor, settings)
        name = settings.smoother or predictor.default_smoother
        meta = RecordingMeta("stream", "stream", "stream", predictor.rate_hz, "", "")
        meta = replace(meta, placement=settings.placement, gravity=settings.gravity)
        self._order = Order(settings.late_s)
        self._gravity, self._gyro = Beside("near"), Beside("between")
        self._cleaner = Cleaner(
            predictor.rate_hz,
            max_gap_s=settings.max_gap_s,
            calibrate_s=settings.calibrate_s,
            told_hz=settings.rate_hz,
            gravity=settings.gravity,
        )
        smoother = predictor.smoother(name)
        self._answering = Answering(predictor, smoother, meta, watch, anyway=settings.anyway)
        self._segments = Segments(predictor.rate_hz)
        self._columns = [(ACC + GYRO).index(channel) for channel in predictor.channels]
        self._acceleration = ""  # "acc", or "linear" with gravity beside it
        self._stretch_end_s: float | None = None
        self._told = ("", "")  # activity and reason of the last event
        self._last: Window | None = None
        self._was_unlike = False
        self.n_events = 0
        self.received: Counter[str] = Counter()
        self.history: deque[Segment] = deque(maxlen=HISTORY)
        self._seconds: dict[tuple[str, str], float] = {}

    # --- samples in, answers out -----------------------------------------------------------

    def push(self, *chunks: Chunk) -> Update:
        """Take samples, of one sensor or more, and return what they bring.

        Parameters
        ----------
        *chunks : Chunk
            In any order, and late within ``settings.late_s``.

        Raises
        ------
        DataError
            If they cannot be taken; none is then.
        """
        source = self._source(chunks)
        released = self._order.push([c for c in chunks if c.sensor in self._read(source)])
        self._acceleration = source
        for chunk in chunks:
            self.received[chunk.sensor] += len(chunk)
        update = Update()
        for rows in released:
            self._go_on(rows, update)
        return update

    def finish(self) -> Update:
        """End the stream: answer what waited for later samples, and end the last segment."""
        update = Update()
        released = self._order.finish()
        self._go_on(replace(released, until_s=np.inf, ends_clock=True), update)
        return update

    def _source(self, chunks: tuple[Chunk, ...]) -> str:
        sent = {chunk.sensor for chunk in chunks if len(chunk)} & {"acc", "linear"}
        found = {self._acceleration} - {""} | sent
        if len(found) > 1:
            raise SampleError(
                sorted(sent)[0],
                "acceleration of two kinds",
                expected="acc, or linear with gravity, throughout a session",
                found=" and ".join(sorted(found)),
            )
        return next(iter(found), "")

    def _read(self, source: str) -> set[str]:
        """Return the sensors that are read: what a model has no use for is not kept."""
        read = {source} if source else {"gravity"}
        if source == "linear" and self.predictor.gravity:
            read.add("gravity")
        return read | ({"gyro"} if self.predictor.needs_gyro else set())

    def _go_on(self, released: Released, update: Update) -> None:
        time, values = self._joined(released)
        try:
            for piece in self._cleaner.push(time, values, end=released.ends_clock):
                self._take(piece, update)
        except DataError as error:
            update.refused = error
            self._tell(update, "refused", None, message=str(error))
        if released.ends_clock and (last := self._segments.close()):
            self._keep(last, update)
            self._stretch_end_s = None

    def _joined(self, released: Released) -> Rows:
        """Return acceleration, and angular velocity at its times where the model reads it."""
        until_s = np.inf if released.ends_clock else released.until_s
        acc = released.rows.get("linear" if self._acceleration == "linear" else "acc", NO_ROWS)
        if self._acceleration == "linear" and self.predictor.gravity:
            gravity = released.rows.get("gravity", NO_ROWS)
            time, linear, beside = self._gravity.push(acc, gravity, until_s)
            acc, until_s = (time, linear + beside), self._gravity.reach(until_s)
        if not self.predictor.needs_gyro:
            return acc
        time, values, turned = self._gyro.push(acc, released.rows.get("gyro", NO_ROWS), until_s)
        return time, np.hstack([values.reshape(-1, 3), turned])

    def _take(self, piece: Piece, update: Update) -> None:
        if piece.begins:
            self._begin(piece.start_s, update)
        values = piece.values[:, self._columns] if len(piece.values) else piece.values
        for window in self._answering.push(replace(piece, values=values)):
            self._add(window, update)
        if piece.ends:
            self._stretch_end_s = end_s = self._answering.end_s(piece.start_s)
            if not self._answering.cutter.windows:
                self._skip(piece.start_s, end_s, TOO_SHORT, update)

    def _begin(self, start_s: float, update: Update) -> None:
        own_hz = self._cleaner.own_hz or self.predictor.rate_hz
        self._answering.meta = replace(self._answering.meta, rate_hz=own_hz)
        end_s = self._stretch_end_s
        if end_s is not None and apart(end_s, start_s, self.predictor.rate_hz):
            self._skip(end_s, start_s, GAP, update)

    # --- what is told ----------------------------------------------------------------------

    def _add(self, window: Window, update: Update) -> None:
        update.windows.append(window)
        self._last = window
        if ended := self._segments.add(window):
            self._keep(ended, update)
        self._announce(window.probability, update)
        self._judged(window, update)

    def _skip(self, start_s: float, end_s: float, reason: str, update: Update) -> None:
        if ended := self._segments.skip(start_s, end_s, reason):
            self._keep(ended, update)
        self._announce(0.0, update)

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

    def _judged(self, window: Window, update: Update) -> None:
        likeness = self._answering.likeness
        if likeness is None or likeness.is_unlike == self._was_unlike:
            return
        self._was_unlike = likeness.is_unlike
        words = "; ".join(f"{warned.what}; {warned.hint}" for warned in likeness.warnings)
        self._tell(update, "likeness", window.end_s, message=words or "like training again")

    def _tell(self, update: Update, kind: Kind, at_s: float | None, **what: Any) -> None:
        self.n_events += 1
        update.events.append(Event(self.n_events, kind, at_s, **what))

    # --- how it stands ---------------------------------------------------------------------

    @property
    def lost(self) -> dict[str, int]:
        """Samples that were left out so far, by reason."""
        counts = {
            **self._order.lost,
            NO_OTHER: self._gravity.lost + self._gyro.lost,
            UNUSABLE: self._cleaner.lost,
        }
        return {reason: n for reason, n in counts.items() if n}

    def view(self, segments: int = 20) -> dict[str, Any]:
        """Return what a page shows of the session, as a JSON-able dict.

        ``activity`` and ``reason`` are those of the present segment, ``since_s`` its start and
        ``confidence`` the mean probability of its windows; ``probability`` and ``probabilities``
        are the model's own of the last window, which is not smoothed.

        Parameters
        ----------
        segments : int, default=20
            How many of the last ones, at most; the present one among them.
        """
        now, last, likeness = self._segments.current, self._last, self._answering.likeness
        shown = [*self.history, *([now] if now else [])][-segments:] if segments > 0 else []
        own = self._answering.probabilities
        return {
            "activity": now and now.activity,
            "reason": now and now.reason,
            "since_s": now and now.start_s,
            "until_s": now and now.end_s,
            "confidence": now and now.probability,
            "probability": last and last.probability,
            "probabilities": _named(self.predictor.classes, own),
            "segments": [segment.to_dict() for segment in shown],
            "minutes": self._minutes(),
            "likeness": likeness and likeness.to_dict(),
            "rate_hz": self._cleaner.own_hz,
            "samples": {"received": dict(self.received), "lost": self.lost},
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

    # --- kept and restored -----------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return all that the session knows, as a JSON-able dict for `restore`."""
        return {
            "version": STATE_VERSION,
            "model": _fingerprint(self.predictor),
            "settings": asdict(self.settings),
            "order": self._order.to_dict(),
            "gravity": self._gravity.to_dict(),
            "gyro": self._gyro.to_dict(),
            "cleaner": self._cleaner.to_dict(),
            "answering": self._answering.to_dict(),
            "current": self._segments.current and self._segments.current.to_dict(),
            "acceleration": self._acceleration,
            "stretch_end_s": self._stretch_end_s,
            "told": list(self._told),
            "last": self._last and asdict(self._last),
            "was_unlike": self._was_unlike,
            "n_events": self.n_events,
            "received": dict(self.received),
            "history": [segment.to_dict() for segment in self.history],
            "seconds": [[*key, total] for key, total in self._seconds.items()],
        }

    @classmethod
    def restore(cls, predictor: Predictor, state: Mapping[str, Any]) -> Self:
        """Return a session that goes on where the one whose `state` it was stood.

        Raises
        ------
        DataError
            If it is the state of another model, or of a later har.
        """
        if state.get("version") != STATE_VERSION or state["model"] != _fingerprint(predictor):
            raise DataError(
                "not a state of this model's sessions",
                expected=f"version {STATE_VERSION}, of {_fingerprint(predictor)}",
                found=f"version {state.get('version')}, of {state.get('model')}",
                hint="restore it with the model that it began with, or begin a new session",
            )
        session = cls(predictor, SessionSettings(**state["settings"]))
        session._order = Order.from_dict(state["order"])
        session._gravity.restore(state["gravity"])
        session._gyro.restore(state["gyro"])
        session._cleaner.restore(state["cleaner"])
        session._answering.restore(state["answering"])
        own_hz = session._cleaner.own_hz or predictor.rate_hz
        session._answering.meta = replace(session._answering.meta, rate_hz=own_hz)
        session._restore_told(state)
        return session

    def _restore_told(self, state: Mapping[str, Any]) -> None:
        if state["current"]:
            self._segments.current = Segment(**state["current"])
        self._acceleration, self._stretch_end_s = state["acceleration"], state["stretch_end_s"]
        self._told = (state["told"][0], state["told"][1])
        self._last = Window(**state["last"]) if state["last"] else None
        self._was_unlike, self.n_events = state["was_unlike"], state["n_events"]
        self.received = Counter(state["received"])
        self.history.extend(Segment(**fields) for fields in state["history"])
        self._seconds = {(a, reason): total for a, reason, total in state["seconds"]}


def _check(predictor: Predictor, settings: SessionSettings) -> None:
    if placements := placements_of(predictor.channels):
        raise UsageError(
            "this model reads several placements at once, and a session has one",
            expected="a model of one placement",
            found=", ".join(placements),
            hint="predict files of all placements, with `har predict`",
        )
    if other := [channel for channel in predictor.channels if channel not in ACC + GYRO]:
        raise UsageError(
            "this model reads a sensor that a session does not take",
            expected="a model of acceleration, or of acceleration and angular velocity",
            found=", ".join(other),
            hint="predict files, with `har predict`",
        )
    if predictor.upright:
        raise UsageError(
            "this model turns whole recordings upright, and a session has none yet",
            expected="a model of recordings as they are worn (without window.upright)",
            found=f"window.upright is {predictor.upright}",
            hint="predict files, with `har predict`",
        )
    if settings.gravity != predictor.gravity:
        raise DataError(
            f"a session of acceleration {KINDS[settings.gravity]}",
            expected=f"acceleration {KINDS[predictor.gravity]}, which the model was trained with",
            hint="say gravity=false of linear acceleration alone, or use another model",
        )


def _fingerprint(predictor: Predictor) -> dict[str, Any]:
    """Return what a state depends on: it fits every model that is alike in these."""
    return {
        "classes": list(predictor.classes),
        "channels": list(predictor.channels),
        "rate_hz": predictor.rate_hz,
        "n_samples": predictor.n_samples,
        "n_hop": predictor.n_hop,
        "gravity": predictor.gravity,
    }


def _add_to(seconds: dict[tuple[str, str], float], segment: Segment) -> None:
    key = segment.activity, segment.reason
    seconds[key] = seconds.get(key, 0.0) + segment.end_s - segment.start_s


def _named(classes: tuple[str, ...], values: Float64 | None) -> dict[str, float] | None:
    return None if values is None else dict(zip(classes, values.tolist(), strict=True))

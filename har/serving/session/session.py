"""One stream of samples, from the first to the last."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Self

import numpy as np

from har.arrays import Float64
from har.data.channels import placements_of
from har.data.gravity import KINDS
from har.data.recording import ACC, GYRO, RecordingMeta
from har.errors import DataError, UsageError, VerificationError
from har.lineage import digest
from har.serving.predictor import Predictor
from har.serving.session.answering import Answering, Watch
from har.serving.session.beside import Beside
from har.serving.session.chunks import Chunk, SampleError
from har.serving.session.journal import Journal, Update
from har.serving.session.order import NO_ROWS, Order, Released, Rows
from har.serving.session.settings import SessionSettings
from har.serving.session.stretches import Cleaner, Piece
from har.serving.timeline import GAP, TOO_SHORT, apart

# Version 2 added a digest.
STATE_VERSION = 2
_READ = (1, 2)
NO_OTHER, UNUSABLE = "nothing of the other sensor near", "of no use to the model"


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
        self._journal = Journal(predictor.rate_hz)
        self._columns = [(ACC + GYRO).index(channel) for channel in predictor.channels]
        self._acceleration = ""  # "acc", or "linear" with gravity beside it
        self._stretch_end_s: float | None = None
        self.received: Counter[str] = Counter()

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
            self._journal.refuse(error, update)
        if released.ends_clock and self._journal.close(update):
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
            self._journal.add(window, self._answering.likeness, update)
        if piece.ends:
            self._stretch_end_s = end_s = self._answering.end_s(piece.start_s)
            if not self._answering.cutter.windows:
                self._journal.skip(piece.start_s, end_s, TOO_SHORT, update)

    def _begin(self, start_s: float, update: Update) -> None:
        own_hz = self._cleaner.own_hz or self.predictor.rate_hz
        self._answering.meta = replace(self._answering.meta, rate_hz=own_hz)
        end_s = self._stretch_end_s
        if end_s is not None and apart(end_s, start_s, self.predictor.rate_hz):
            self._journal.skip(end_s, start_s, GAP, update)

    # --- how it stands ---------------------------------------------------------------------

    @property
    def n_events(self) -> int:
        """How many events there were."""
        return self._journal.n_events

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
        likeness, own = self._answering.likeness, self._answering.probabilities
        return {
            **self._journal.view(segments),
            "probabilities": _named(self.predictor.classes, own),
            "likeness": likeness and likeness.to_dict(),
            "rate_hz": self._cleaner.own_hz,
            "samples": {"received": dict(self.received), "lost": self.lost},
        }

    # --- kept and restored -----------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return all that the session knows, as a JSON-able dict for `restore`."""
        known = self._known()
        return {**known, "digest": digest.of_json(known)}

    def _known(self) -> dict[str, Any]:
        return {
            "version": STATE_VERSION,
            "model": _fingerprint(self.predictor),
            "settings": asdict(self.settings),
            "order": self._order.to_dict(),
            "gravity": self._gravity.to_dict(),
            "gyro": self._gyro.to_dict(),
            "cleaner": self._cleaner.to_dict(),
            "answering": self._answering.to_dict(),
            "acceleration": self._acceleration,
            "stretch_end_s": self._stretch_end_s,
            "received": dict(self.received),
            **self._journal.to_dict(),
        }

    @classmethod
    def restore(cls, predictor: Predictor, state: Mapping[str, Any]) -> Self:
        """Return a session that goes on where the one whose `state` it was stood.

        Raises
        ------
        DataError
            If it is the state of another model, or of a later har, or none at all.
        VerificationError
            If it is not as it was made.
        """
        _check_state(predictor, state)
        try:
            session = cls(predictor, SessionSettings(**state["settings"]))
            session._restore(state)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # Of version 1, of which nothing tells that it is damaged.
            raise DataError(
                "not a state of a session",
                expected="what `state` returned, whole",
                found=f"{type(error).__name__}: {error}"[:200],
                hint="begin a new session",
            ) from None
        return session

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._order = Order.from_dict(state["order"])
        self._gravity.restore(state["gravity"])
        self._gyro.restore(state["gyro"])
        self._cleaner.restore(state["cleaner"])
        self._answering.restore(state["answering"])
        own_hz = self._cleaner.own_hz or self.predictor.rate_hz
        self._answering.meta = replace(self._answering.meta, rate_hz=own_hz)
        self._acceleration = state["acceleration"]
        self._stretch_end_s = state["stretch_end_s"]
        self.received = Counter(state["received"])
        self._journal.restore(state)


def _check_state(predictor: Predictor, state: Mapping[str, Any]) -> None:
    """Raise unless a state is one of this model's sessions, as it was made."""
    if not isinstance(state, Mapping):
        raise DataError("not a state of a session", found=type(state).__name__)
    version, model = state.get("version"), state.get("model")
    if type(version) is not int or version not in _READ or model != _fingerprint(predictor):
        raise DataError(
            "not a state of this model's sessions",
            expected=f"version {STATE_VERSION}, of {_fingerprint(predictor)}",
            found=f"version {str(version)[:20]}, of {str(model)[:300]}",
            hint="restore it with the model that it began with, or begin a new session",
        )
    found = _digest({name: value for name, value in state.items() if name != "digest"})
    if found is None:
        raise DataError("not a state of a session", found="what JSON does not hold, as NaN")
    if version > 1 and state.get("digest") != found:
        raise VerificationError(
            "the state of a session is not as it was made",
            hint="take a copy of it that is whole, or begin a new session",
        )


def _digest(known: Mapping[str, Any]) -> str | None:
    try:
        return digest.of_json(known)
    except (TypeError, ValueError, RecursionError):  # what is no JSON has none
        return None


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
    predictor.require_as_worn("a session", "predict files, with `har predict`")
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


def _named(classes: tuple[str, ...], values: Float64 | None) -> dict[str, float] | None:
    return None if values is None else dict(zip(classes, values.tolist(), strict=True))

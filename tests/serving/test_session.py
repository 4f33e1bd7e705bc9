"""What a session tells while samples come, and what it keeps."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graphs import write_rule
from streamed import Person, Streamed, made, stream

from har.data.gravity import STANDARD_GRAVITY
from har.errors import DataError, UsageError, VerificationError
from har.models.reference import Reference
from har.models.smoothing import HMM, Average, Smoothing
from har.serving.predictor import UNLIKE, Predictor
from har.serving.session import Chunk, SampleError, Session, SessionSettings
from har.serving.session.order import COPY, LATE, MAX_WAITING
from har.serving.timeline import GAP, TOO_SHORT

SMOOTHING = Smoothing(Average(3), HMM(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0.5, 0.5])))


def reference(limit: float) -> Reference:
    """Return a reference of one Gaussian about rest, whose minutes are like it up to a limit."""
    return Reference(
        weights=np.ones(1),
        means=np.array([[0.0, 0.0, 9.8, *np.log([0.15] * 6)]]),
        whitening=np.eye(9)[None],
        acceleration=(True, False),
        typical=4.5 * np.log(2 * np.pi),
        limits={10: limit, 20: limit},
    )


def rule(folder: Path, **facts: str) -> Predictor:
    """Return a model that says walking where gyro_x is 1 rad/s."""
    return Predictor(write_rule(folder / "rule.onnx", **facts))


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """Smooths by the mean of three windows."""
    folder = tmp_path_factory.mktemp("rule")
    return rule(folder, smoothing=json.dumps(SMOOTHING.to_dict()), smoother="average")


def at(seconds: float, *, x: float = 0.0, first: float = 0.0, hz: float = 50.0) -> list[Chunk]:
    """Return so many seconds of lying still, turning about x."""
    time = first + np.arange(round(seconds * hz)) / hz
    rest, turn = np.zeros((2, len(time), 3))
    rest[:, 2], turn[:, 0] = 9.8, x
    return [Chunk.of("acc", time, rest), Chunk.of("gyro", time, turn)]


def test_an_event_tells_each_change_of_activity(predictor: Predictor) -> None:
    """Walking for 4 s, sitting for 4 s; segments meet in the middle of two windows."""
    session = Session(predictor, SessionSettings(late_s=0.0, smoother="none"))
    walk = session.push(*at(4, x=2))
    sit = session.push(*at(4, first=4))
    assert [(e.id, e.activity, e.before) for e in walk.events] == [(1, "walking", "")]
    assert [(e.id, e.activity, e.before) for e in sit.events] == [(2, "sitting", "walking")]
    # The window from 3.8 to 4.2 s is the last one of a mean above 0.5; the next begins at 4 s.
    assert sit.events[0].at_s == pytest.approx(4.1)
    (walked,) = sit.segments
    assert (walked.start_s, walked.activity) == (0.0, "walking")
    assert walked.end_s == sit.events[0].at_s
    (rest,) = session.finish().segments
    assert (rest.activity, rest.end_s) == ("sitting", 8.0)


def test_gaps_and_what_is_too_short_are_told(predictor: Predictor) -> None:
    """4 s, a gap, 0.2 s, which is shorter than a window, a gap, 1 s."""
    session = Session(predictor, SessionSettings(late_s=0.0))
    told = Streamed()
    for seconds, first in ((4, 0), (0.2, 5), (1, 6)):
        told.add(session.push(*at(seconds, first=first)))
    told.add(session.finish())
    found = [(s.activity, s.reason, round(s.start_s, 2), round(s.end_s, 2)) for s in told.segments]
    assert found == [
        ("sitting", "", 0, 4),
        ("unknown", GAP, 4, 5),
        ("unknown", TOO_SHORT, 5, 5.2),
        ("unknown", GAP, 5.2, 6),
        ("sitting", "", 6, 7),
    ]
    assert [event.reason for event in told.events] == ["", GAP, TOO_SHORT, GAP, ""]


@pytest.mark.parametrize("rate_hz", [50, 52, 99, 100.3, 104, 119, 200, 416])
def test_the_rate_that_phones_have_is_found(predictor: Predictor, rate_hz: float) -> None:
    """The first three seconds choose the filter that all of the file would."""
    person = made(3, seconds=12, acc_hz=rate_hz, gyro_hz=rate_hz, jitter=0.2)
    predicted = person.predicted(predictor, smoother="none")
    session = Session(predictor, SessionSettings(smoother="none"))
    streamed = stream(session, person.chunks([37]))
    assert session.view()["rate_hz"] == pytest.approx(rate_hz, rel=0.01)
    np.testing.assert_array_equal([w.start_s for w in streamed.windows], predicted.windows.start_s)
    assert [w.activity for w in streamed.windows] == predicted.windows["activity"].tolist()
    np.testing.assert_allclose(
        [w.probability for w in streamed.windows], predicted.windows["probability"], atol=1e-6
    )


def test_another_rate_is_noticed_within_a_minute(predictor: Predictor) -> None:
    """A phone that goes from 100 to 50 Hz: what follows is filtered as of 50 Hz."""
    session = Session(predictor, SessionSettings(late_s=0.0))
    session.push(*at(30, hz=100))
    assert session.view()["rate_hz"] == pytest.approx(100, rel=1e-3)
    update = session.push(*at(120, first=30, hz=50))
    assert update.refused is None
    assert session.view()["rate_hz"] == pytest.approx(50, rel=1e-3)
    assert not [event for event in update.events if event.reason == GAP]


def test_a_state_goes_through_json_and_changes_nothing(predictor: Predictor) -> None:
    """Saved and restored after every push, late samples, gaps and all."""
    person = made(5, seconds=9, gaps=[(4, 4.6)], late_s=0.4, copies=4, gyro_hz=51)
    plain = stream(Session(predictor), person.chunks([23]))
    session, told = Session(predictor), Streamed()
    for chunks in person.chunks([23]):
        told.add(session.push(*chunks))
        state = json.loads(json.dumps(session.state(), allow_nan=False))
        session = Session.restore(predictor, state)
        assert session.state() == state
    told.add(session.finish())
    assert (told.windows, told.segments, told.events) == (
        plain.windows,
        plain.segments,
        plain.events,
    )


def test_a_state_of_another_model_is_refused(predictor: Predictor, tmp_path: Path) -> None:
    """Its windows would mean something else."""
    other = rule(tmp_path, classes='["sitting", "walking"]')
    with pytest.raises(DataError, match="not a state of this model's sessions"):
        Session.restore(other, Session(predictor).state())


def test_a_state_that_was_changed_is_refused(predictor: Predictor) -> None:
    """One number of it is another: nothing goes on from there. The oldest have no digest."""
    session = Session(predictor)
    session.push(*at(2))
    state = json.loads(json.dumps(session.state()))
    with pytest.raises(VerificationError, match="not as it was made"):
        Session.restore(predictor, {**state, "received": {"acc": 101, "gyro": 100}})
    old = {name: value for name, value in state.items() if name != "digest"} | {"version": 1}
    restored = Session.restore(predictor, old)
    assert restored.state() == session.state()
    with pytest.raises(DataError, match="not a state of a session"):
        Session.restore(predictor, {**old, "stretch_end_s": float("nan")})


def test_samples_that_come_too_late_or_twice_are_counted(predictor: Predictor) -> None:
    """Later than the tolerance: lost, and told; nothing else changes."""
    session = Session(predictor, SessionSettings(late_s=0.5))
    session.push(*at(2))
    session.push(*at(0.1, first=1.9))
    session.push(*at(0.2))
    session.push(*at(1, first=2))
    assert session.lost == {LATE: 20, COPY: 10}
    assert session.view()["samples"]["received"] == {"acc": 165, "gyro": 165}


def test_a_clock_that_was_set_back_goes_on(predictor: Predictor) -> None:
    """Ten seconds of samples from the past are another clock, and none of them is lost."""
    session = Session(predictor, SessionSettings(late_s=0.0))
    told = Streamed()
    told.add(session.push(*at(10, first=1000)))
    for second in range(20):
        told.add(session.push(*at(1, first=second)))
    told.add(session.finish())
    assert session.lost == {}
    assert [(s.start_s, s.end_s) for s in told.segments] == [(1000, 1010), (0, 20)]


def test_what_a_model_cannot_use_is_refused_and_looked_at_anew(predictor: Predictor) -> None:
    """Acceleration in g: the first seconds say so; then it comes in m/s²."""
    session = Session(predictor, SessionSettings(late_s=0.0))
    acc, gyro = at(4)
    update = session.push(replace(acc, values=acc.values / STANDARD_GRAVITY), gyro)
    assert update.refused is not None
    assert "looks like g" in str(update.refused.found)
    assert [event.kind for event in update.events] == ["refused"]
    slow = session.push(*at(8, first=4, hz=10))
    assert "too slow for 50 Hz" in str(slow.refused)
    good = session.push(*at(4, first=12))
    assert good.refused is None
    assert {window.activity for window in good.windows} == {"sitting"}
    assert session.lost == {"of no use to the model": 280}


def test_a_stream_unlike_training_is_told_and_answered_no_more(tmp_path: Path) -> None:
    """Upside down for ten windows; then as in training, until most of what is known is."""
    known = json.dumps(reference(6.0).to_dict())
    session = Session(rule(tmp_path, reference=known), SessionSettings(late_s=0.0))
    acc, gyro = at(8)
    down = session.push(replace(acc, values=-acc.values), gyro)
    (event,) = [event for event in down.events if event.kind == "likeness"]
    assert event.message.startswith("gravity points the other way")
    assert event.at_s == down.windows[9].end_s
    assert [window.reason for window in down.windows[:10]] == [""] * 10
    assert {window.reason for window in down.windows[10:]} == {UNLIKE}
    assert session.view()["likeness"]["unlike_training"]
    restored = Session.restore(session.predictor, session.state())
    up = restored.push(*at(60, first=8))
    anyway = Session(session.predictor, SessionSettings(late_s=0.0, anyway=True))
    answered = anyway.push(replace(acc, values=-acc.values), gyro)
    assert {window.reason for window in answered.windows} == {""}
    assert [event.kind for event in answered.events] == ["activity", "likeness"]
    assert [e.message for e in up.events if e.kind == "likeness"] == ["like training again"]
    assert (up.windows[0].reason, up.windows[-1].reason) == (UNLIKE, "")


def test_no_chunk_is_taken_where_one_is_no_measurement() -> None:
    """The field at fault is named."""
    time, values = np.arange(3.0), np.zeros((3, 3))
    wrong = [
        (
            "acc.values[1][2]",
            lambda: Chunk.of("acc", time, values + np.diag([0, np.nan, 0])[:, [0, 2, 1]]),
        ),
        ("gyro.values[0][0]", lambda: Chunk.of("gyro", time, values + 100)),
        ("acc.time_s[2]", lambda: Chunk.of("acc", [0, 1, 1e18], values)),
        ("acc.values", lambda: Chunk.of("acc", time, values[:2])),
        ("acc.values", lambda: Chunk.of("acc", time, [[1, 2], [3], []])),
        ("acc.time_s", lambda: Chunk.of("acc", ["0", "1", "2"], values)),
        ("acc.unit", lambda: Chunk.of("acc", time, values, unit="deg/s")),
    ]
    for field, make in wrong:
        with pytest.raises(SampleError) as caught:
            make()
        assert caught.value.field == field
    assert len(Chunk.of("acc", [], [])) == 0
    assert Chunk.of("acc", [0.0], [[0, 0, 1]], unit="g").values[0, 2] == STANDARD_GRAVITY


def test_what_a_session_cannot_be_is_refused(predictor: Predictor, tmp_path: Path) -> None:
    """Other gravity than the model's, no bounds, two kinds of acceleration, no whole recording."""
    turned = Predictor(write_rule(tmp_path / "turned.onnx", upright='"x"'))
    with pytest.raises(UsageError, match=r"window\.upright is x"):
        Session(turned)
    with pytest.raises(DataError, match="without gravity"):
        Session(predictor, SessionSettings(gravity=False))
    with pytest.raises(UsageError, match="late_s"):
        SessionSettings(late_s=float("inf"))
    session = Session(predictor)
    session.push(*at(1))
    with pytest.raises(SampleError, match="two kinds"):
        session.push(Chunk.of("linear", [1.0], [[0.0, 0.0, 0.0]]))


def test_memory_is_bounded_however_long_a_stream_is(predictor: Predictor) -> None:
    """Four hours with an hour of gaps: the state is as small as after some minutes."""
    session = Session(predictor, SessionSettings(late_s=1.0, rate_hz=50.0))
    sizes = []
    for hour in range(4):
        for minute in range(60):
            x = float(minute % 2)
            session.push(*at(45, x=x, first=3600 * hour + 60 * minute))
        sizes.append(len(json.dumps(session.state())))
    assert sizes[-1] < 1.05 * sizes[0]
    assert sizes[-1] < 100_000
    time = np.linspace(20_000, 20_000.9, MAX_WAITING + 1)
    with pytest.raises(DataError, match="too many samples wait"):
        session.push(Chunk.of("acc", time, np.zeros((len(time), 3))))
    assert session.push(*at(1, first=15_000)).refused is None


def test_a_model_of_acceleration_alone_takes_no_gyroscope(tmp_path: Path) -> None:
    """What it has no use for is not waited for."""
    channels = ("acc_z", "acc_x", "acc_y")
    path = write_rule(tmp_path / "acc.onnx", channel="acc_x", channels=channels)
    session = Session(Predictor(path), SessionSettings(late_s=0.0))
    time = np.arange(200) / 50
    values = np.tile([1.0, 0.0, 9.8], (200, 1))
    update = session.push(Chunk.of("acc", time, values))
    assert {window.activity for window in update.windows} == {"walking"}
    turned = Person((time + 4, values), (time + 4, values))
    acc, gyro = next(turned.chunks([200]))
    assert session.push(acc, gyro).refused is None


def test_a_state_that_is_malformed_is_bad_input(predictor: Predictor) -> None:
    """Whatever part of one without a digest is another thing than it should be: our error."""
    session = Session(predictor)
    session.push(*at(8, x=2))
    state = {k: v for k, v in session.state().items() if k != "digest"} | {"version": 1}
    for name in state:
        for wrong in ("evil", 7, None, [1], {"a": 1}, [["evil", "x", "y"]]):
            with contextlib.suppress(DataError, UsageError):
                Session.restore(predictor, {**state, name: wrong})
        with pytest.raises(DataError, match="not a state of"):
            Session.restore(predictor, {k: v for k, v in state.items() if k != name})

"""What the app Sensor Logger pushes is answered as its file of messages is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import write_rule

from har.data.gravity import STANDARD_GRAVITY
from har.errors import DataError
from har.serving.predictor import Predictor
from har.serving.recordings import Aim, open_user_files
from har.serving.session import Session, SessionSettings
from har.serving.session.sensor_logger import Feed
from har.serving.timeline import predict_recording

NS = 1_700_000_000_000_000_000


def reading(name: str, ms: float, *xyz: float, as_text: bool = True) -> dict[str, Any]:
    """Return one reading as the app writes it."""
    values = {a: str(v) if as_text else v for a, v in zip("zyx", reversed(xyz), strict=True)}
    time = NS + round(ms * 1e6)
    return {"name": name, "time": str(time) if as_text else time, "values": values}


def message(number: int, payload: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a message."""
    return {"messageId": number, "sessionId": "s", "deviceId": "d", "payload": payload}


def second(n: int, *names: str, hz: float = 50.0, sign: float = 1.0) -> dict[str, Any]:
    """Return the message of a second: walking in the first two of each four."""
    x = 1.0 if n % 4 < 2 else 0.0
    axes = {
        "totalacceleration": (0.5, 0.0, sign * 9.8),
        "accelerometer": (sign * 0.5, 0.0, 0.0),
        "gravity": (0.0, 0.0, sign * 9.8),
        "accelerometeruncalibrated": (0.0, 0.0, -1.0),
        "gyroscope": (x, 0.1, 0.0),
    }
    at = {name: 1000 * n + np.arange(hz) * 1000 / hz + 2 * i for i, name in enumerate(names)}
    rows = [reading(name, ms, *axes[name]) for name in names for ms in at[name]]
    return message(n, rows)


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """Says walking where gyro_x is 1 rad/s."""
    return Predictor(write_rule(tmp_path_factory.mktemp("rule") / "rule.onnx"))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("totalacceleration", "gyroscope"), {}),
        (("accelerometer", "totalacceleration", "gravity", "gyroscope"), {}),
        (("accelerometer", "gravity", "gyroscope"), {"acc_sign": "-"}),
        (("gyroscope", "accelerometeruncalibrated"), {}),
    ],
)
def test_pushed_messages_are_answered_as_their_file(
    predictor: Predictor, tmp_path: Path, names: tuple[str, ...], said: dict[str, str]
) -> None:
    """Of Android and of an iPhone; texts for numbers; every second message a second late."""
    sign = -1.0 if said else 1.0
    sent = [second(n, *names, sign=sign) for n in range(12)]
    (tmp_path / "log.json").write_text("\n".join(map(json.dumps, sent)))
    files = open_user_files(tmp_path / "log.json", stated=said)
    aim = Aim.of(predictor)
    (expected,) = files.each(lambda one: predict_recording(predictor, one, None), aim)
    session = Session(predictor, SessionSettings(late_s=2.5, smoother="none"))
    feed = Feed(holds_gravity=True, platform="ios" if said else "")
    order = [
        0,
        *(n for pair in zip(range(2, 12, 2), range(1, 11, 2), strict=True) for n in pair),
        11,
    ]
    windows = []
    for number in order:
        windows += session.push(*feed.chunks(sent[number])).windows
    windows += session.finish().windows
    assert session.lost == {}
    assert [w.activity for w in windows] == expected.windows["activity"].tolist()
    np.testing.assert_array_equal([w.start_s for w in windows], expected.windows["start_s"])
    assert len(windows) > 50


def test_the_apps_test_and_other_sensors_are_no_samples() -> None:
    """The button that tests the address sends a message of its own."""
    feed = Feed(holds_gravity=True)
    assert feed.chunks(message(0, [{"name": "test", "time": NS, "values": {}}])) == []
    assert feed.chunks(message(1, [])) == []
    assert feed.chunks(message(2, [reading("magnetometer", 0, 1, 2, 3)])) == []


def test_readings_without_a_number_are_counted() -> None:
    """The others of their message are taken."""
    bad = reading("totalacceleration", 20, 0, 0, 9) | {"values": {"x": "null", "y": 0, "z": 9}}
    good = reading("totalacceleration", 40, 0, 0, 9, as_text=False)
    feed = Feed(holds_gravity=True)
    (chunk,) = feed.chunks(message(0, [bad, good]))
    assert (feed.lost, chunk.sensor, chunk.values.tolist()) == (1, "acc", [[0, 0, 9]])
    assert chunk.time_s.tolist() == [(NS + 40_000_000) * 1e-9]


def test_metadata_tells_the_platform() -> None:
    """An iPhone's sign is turned, unless the app has turned it."""
    told = {"name": "metadata", "platform": "ios", "standardisation": "false"}
    rows = [reading("accelerometer", 0, 0, 0, 1), reading("gravity", 0, 0, 0, -9)]
    linear, gravity = Feed(holds_gravity=True).chunks(message(0, [told, *rows]))
    assert (linear.values[0, 2], gravity.values[0, 2]) == (-1, 9)
    feed = Feed(holds_gravity=True, platform="ios", standardised=True)
    assert feed.chunks(message(0, rows))[0].values[0, 2] == 1


def test_what_nobody_can_tell_is_asked_for() -> None:
    """No sign, no gravity, no message: each says what to do; the next message may be better."""
    feed = Feed(holds_gravity=True)
    with pytest.raises(DataError, match="the sign of acceleration") as caught:
        feed.chunks(second(0, "accelerometer", "gravity"))
    assert "platform=ios" in str(caught.value.expected)
    assert feed.chunks(second(1, "accelerometer")) == feed.chunks(second(2, "gyroscope")) == []
    with pytest.raises(DataError, match="does not send what the model reads") as caught:
        feed.chunks(second(3, "accelerometer"))
    assert caught.value.found == "accelerometer, gyroscope"
    assert len(feed.chunks(second(4, "totalacceleration"))) == 1
    with pytest.raises(DataError, match="no message of Sensor Logger"):
        feed.chunks([1, 2])


def test_gravity_in_g_is_an_iphones(predictor: Predictor) -> None:
    """Uncalibrated acceleration is in g there, with the opposite sign."""
    feed = Feed(holds_gravity=True)
    for n in range(2):
        assert feed.chunks(second(n, "accelerometeruncalibrated")) == []
    first, *_ = feed.chunks(second(2, "accelerometeruncalibrated"))
    assert first.values[0].tolist() == [0, 0, STANDARD_GRAVITY]

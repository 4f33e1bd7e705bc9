"""Sensor Logger: which file holds gravity, whose sign, labels from annotations, CSV and JSON."""

import json
import zipfile

import pytest
from recorded import Recorded, all_recorded, recorded, write

from har.data import recorders
from har.data.ingest.files import open_files
from har.errors import DataError

NS = 1_600_000_000_000_000_000
START = 1_600_000_000.0
META = (
    "version,device name,recording epoch time,recording time,recording timezone,platform,"
    "appVersion,device id,sensors,sampleRateMs,standardisation,platform version\n"
    "3,{device},1600000000000,2020-09-13_12-26-40,Europe/London,{platform},1.63.0,x,"
    "Accelerometer|Gyroscope,10,{standard},14\n"
)
ANDROID = META.format(device="Pixel 8", platform="android", standard="false")
IPHONE = META.format(device="iPhone", platform="ios", standard="false")
STANDARD = META.format(device="iPhone", platform="ios", standard="true")


def sensor(*rows, step_ms=10, first_ms=0):
    """Return a file's text; rows are x, y, z, which the app writes as z, y, x."""
    lines = ["time,seconds_elapsed,z,y,x"]
    for i, (x, y, z) in enumerate(rows):
        ms = first_ms + i * step_ms
        lines.append(f"{NS + ms * 1_000_000},{ms / 1000:.3f},{z},{y},{x}")
    return "\n".join(lines) + "\n"


TOTAL = sensor((1, 2, 9.5), (1, 2, 9.25))
LINEAR = sensor((1, 2, 0.5), (1, 2, 0.25))
GRAVITY = sensor((0, 0.5, 9), (0, 0.5, 9))
GYRO = sensor((0.1, 0.2, 0.3), (0, 0, -0.5), first_ms=4)


def test_android_takes_total_acceleration_and_each_sensors_clock(tmp_path):
    """Columns run z, y, x; the gyroscope has its own times; gravity is in TotalAcceleration."""
    files = {
        "Metadata.csv": ANDROID,
        "TotalAcceleration.csv": TOTAL,
        "Accelerometer.csv": LINEAR,
        "Gravity.csv": GRAVITY,
        "Gyroscope.csv": GYRO,
        "Magnetometer.csv": sensor((30, -20, 32), first_ms=2),
        "MagnetometerUncalibrated.csv": sensor((90, 1, 2)),
    }
    found = recorded(tmp_path, files)
    assert (found.recorder.name, found.asked) == ("sensor-logger", [])
    assert found.acc == [[1, 2, 9.5], [1, 2, 9.25]]
    assert found.gyro == [[0.1, 0.2, 0.3], [0, 0, -0.5]]
    assert found.times == [[START, START + 0.01], [START + 0.004, START + 0.014]]
    raw = found.raw
    assert (raw.acc_unit, raw.gyro_unit, raw.gravity, raw.clock) == ("m/s2", "rad/s", True, "utc")
    assert (raw.device, raw.app, raw.recorder) == ("Pixel 8", "1.63.0", "Sensor Logger")
    assert found.ledger.rows_in == 4
    assert found.field == [[0.002, 30, -20, 32]]
    assert set(found.item.files) == set(files)


def test_without_total_acceleration_gravity_is_added(tmp_path):
    """At the same times; the sum is told."""
    found = recorded(
        tmp_path, {"Metadata.csv": ANDROID, "Accelerometer.csv": LINEAR, "Gravity.csv": GRAVITY}
    )
    assert found.acc == [[1, 2.5, 9.5], [1, 2.5, 9.25]]
    assert found.raw.gravity is True
    assert found.raw.conversions == ("acceleration = Accelerometer + Gravity",)
    assert (found.ledger.rows_in, found.ledger.rows_kept) == (4, 2)


def test_gravity_of_another_clock_is_taken_at_the_times_of_acceleration(tmp_path):
    """Half way between two samples it is their mean; far from all it is missing."""
    linear = sensor((0, 0, 0), (0, 0, 0), (0, 0, 0), step_ms=200, first_ms=10)
    gravity = sensor((0, 0, 8), (0, 0, 10), step_ms=20)
    found = recorded(
        tmp_path, {"Metadata.csv": ANDROID, "Accelerometer.csv": linear, "Gravity.csv": gravity}
    )
    assert found.acc == [[0, 0, 9]]
    assert found.ledger.reasons == {"no gravity within 0.1 s": 2}


def test_an_iphones_sign_is_turned_unless_it_is_standardised(tmp_path):
    """At rest an iPhone's z reads minus; what is turned is told."""
    files = {"Accelerometer.csv": LINEAR, "Gravity.csv": GRAVITY}
    turned = recorded(tmp_path / "a", {"Metadata.csv": IPHONE, **files})
    assert turned.acc == [[-1, -2.5, -9.5], [-1, -2.5, -9.25]]
    assert "Apple's sign turned" in turned.raw.conversions[-1]
    assert "turned" in turned.understood.facts["sign"]
    plain = recorded(tmp_path / "b", {"Metadata.csv": STANDARD, **files})
    assert plain.acc == [[1, 2.5, 9.5], [1, 2.5, 9.25]]


def test_linear_acceleration_alone_is_linear_and_its_sign_is_asked(tmp_path):
    """A folder of Accelerometer and Gyroscope tells neither gravity nor platform."""
    files = {"Walking/walk_1/Accelerometer.csv": LINEAR, "Walking/walk_1/Gyroscope.csv": GYRO}
    found = recorded(tmp_path / "a", files)
    assert found.asked == ["acc_sign"]
    assert "TotalAcceleration" in found.understood.facts["gravity"]
    with pytest.raises(DataError, match=r"--map acc_sign=\+"):
        _ = found.raws
    stated = recorded(tmp_path / "b", files, acc_sign="-")
    assert stated.raw.gravity is False
    assert stated.acc[0] == [-1, -2, -0.5]


def test_a_gyroscope_is_never_taken_for_acceleration(tmp_path):
    """Neither under its own name, nor under another that tells nothing."""
    for name in ("Gyroscope.csv", "walk.csv", "Location.csv"):
        with pytest.raises(DataError, match="no acceleration"):
            _ = recorded(tmp_path / name, {name: GYRO}).understood


def test_uncalibrated_acceleration_of_an_iphone_is_in_g(tmp_path):
    """Its size tells the unit, and with it the platform's sign."""
    in_g = sensor(*[(0, 0, -1)] * 9)
    found = recorded(tmp_path / "a", {"AccelerometerUncalibrated.csv": in_g})
    assert (found.asked, found.raw.acc_unit, found.acc[0]) == ([], "g", [0, 0, 1])
    in_si = sensor(*[(0, 0, 9.8)] * 9)
    files = {"AccelerometerUncalibrated.csv": in_si, "Metadata.csv": ANDROID}
    assert recorded(tmp_path / "b", files).raw.acc_unit == "m/s2"


WATCH_NAMES = (
    "time,seconds_elapsed,rotationRateX,rotationRateY,rotationRateZ,gravityX,gravityY,gravityZ,"
    "accelerationX,accelerationY,accelerationZ,quaternionW,quaternionX,quaternionY,quaternionZ\n"
)


def watch(scale):
    """Return two rows of a watch at rest on its back, in g or scaled."""
    rows = (
        f"{NS + i * 10_000_000},0.0{i},0.5,-0.25,0,0,0,{-scale},{scale / 4},0,0,1,0,0,0\n"
        for i in range(2)
    )
    return WATCH_NAMES + "".join(rows)


def test_a_watch_has_gravity_apart_in_g_and_apples_sign(tmp_path):
    """Without metadata the size of gravity tells both."""
    found = recorded(tmp_path, {"WristMotion.csv": watch(1)})
    assert found.asked == []
    assert found.acc == [[-0.25, 0, 1]] * 2
    assert found.gyro == [[0.5, -0.25, 0]] * 2
    assert (found.raw.acc_unit, found.raw.placement) == ("g", "wrist")


def test_a_standardised_watch_is_in_si_and_has_androids_sign(tmp_path):
    """As the metadata say, or as gravity's size does."""
    for files in ({"Metadata.csv": STANDARD}, {}):
        found = recorded(tmp_path / str(len(files)), {**files, "WristMotion.csv": watch(8)})
        assert found.acc == [[2, 0, -8]] * 2
        assert found.raw.acc_unit == "m/s2"


def test_phone_and_watch_of_one_session_are_two_recordings(tmp_path):
    """Each with its placement; the watch's name tells it."""
    files = {"Metadata.csv": STANDARD, "TotalAcceleration.csv": TOTAL, "WristMotion.csv": watch(8)}
    found = recorded(tmp_path, {f"s/{name}": text for name, text in files.items()})
    assert [(raw.name, raw.placement) for raw, _ in found.raws] == [
        ("s", "unknown"),
        ("s-watch", "wrist"),
    ]


def test_an_annotation_labels_what_follows_it(tmp_path):
    """What is before the first one is unlabelled."""
    notes = (
        "time,seconds_elapsed,text,millisecond_press_duration\n"
        f"{NS + 5_000_000},0.005,Walking,80\n"
        f'{NS + 15_000_000},0.015,"Sitting, upright",90\n'
        f"{NS + 16_000_000},0.016,,90\n"
    )
    total = sensor(*[(0, 0, 9)] * 3)
    found = recorded(tmp_path, {"TotalAcceleration.csv": total, "Annotation.csv": notes})
    labels = found.tables[0]["label"]
    assert labels.isna().tolist() == [True, False, False]
    assert labels.tolist()[1:] == ["Walking", "Sitting, upright"]
    assert "Walking" in found.understood.facts["labels"]


def test_a_zip_is_a_recording_named_by_it(tmp_path):
    """As the app shares it."""
    write(tmp_path, {"TotalAcceleration.csv": TOTAL, "Metadata.csv": ANDROID})
    path = tmp_path / "2020-09-13_12-26-40.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("TotalAcceleration.csv", "Metadata.csv"):
            archive.write(tmp_path / name, name)
    files = open_files(path)
    ((recorder, item),) = recorders.recognise(files)
    assert Recorded(files, recorder, item, {}).raw.name == "2020-09-13_12-26-40"


def test_files_renamed_by_activity_are_told_apart(tmp_path):
    """What comes before the sensor's name names the recording; metadata hold for all."""
    files = {
        "Standing_TotalAcceleration.csv": TOTAL,
        "Standing_Gyroscope.csv": GYRO,
        "Walking_TotalAcceleration.csv": TOTAL,
        "Metadata.csv": ANDROID,
    }
    found = all_recorded(tmp_path, files)
    assert [one.raw.name for one in found] == ["Standing", "Walking"]
    assert [one.raw.device for one in found] == ["Pixel 8", "Pixel 8"]


def exported(name, rows, **more):
    """Return samples as the app exports them: numbers are texts."""
    return [
        {
            "sensor": name,
            "time": str(NS + i * 10_000_000),
            "seconds_elapsed": f"{i / 100}",
            **dict(zip("xyz", map(str, row), strict=True)),
            **more,
        }
        for i, row in enumerate(rows)
    ]


def test_exported_json(tmp_path):
    """Numbers are texts; metadata and annotations stand among the samples."""
    samples = [
        {
            "sensor": "Metadata",
            "platform": "ios",
            "device name": "iPhone",
            "standardisation": "false",
        },
        *exported("Accelerometer", [(1, 2, 0.5), (1, 2, 0.25)]),
        *exported("Gravity", [(0, 0, -9), (0, 0, -9)]),
        *exported("Gyroscope", [(0.1, 0, 0), (0, 0.2, 0)]),
        {"sensor": "Annotation", "time": str(NS - 1), "seconds_elapsed": "0", "text": "Walking"},
    ]
    found = recorded(tmp_path, {"rec.json": json.dumps(samples)})
    assert (found.recorder.name, found.asked) == ("sensor-logger", [])
    assert found.acc == [[-1, -2, 8.5], [-1, -2, 8.75]]
    assert found.gyro == [[0.1, 0, 0], [0, 0.2, 0]]
    assert found.tables[0]["label"].tolist() == ["Walking", "Walking"]
    assert found.times[0] == [START, START + 0.01]


def test_samples_that_lack_a_number_are_quarantined(tmp_path):
    """With their place in the file."""
    samples = exported("TotalAcceleration", [(1, 2, 9), ("x", 2, 9), (1, 2, 9)])
    del samples[2]["z"]
    found = recorded(tmp_path, {"rec.json": json.dumps(samples)})
    assert found.acc == [[1, 2, 9]]
    assert (found.ledger.rows_in, found.ledger.rows_quarantined) == (3, 2)
    assert found.ledger.quarantined()["line"].tolist() == [2, 3]


def message(number, session, *times_ms):
    """Return a message as the app pushes it."""
    payload = [
        {
            "name": "totalacceleration",
            "time": NS + ms * 1_000_000,
            "values": {"x": ms, "y": 0.5, "z": 9.5},
        }
        for ms in times_ms
    ]
    return json.dumps(
        {"messageId": number, "sessionId": session, "deviceId": "d", "payload": payload}
    )


@pytest.mark.parametrize("ends", [("", "\n", ""), ("[", ",", "]")])
def test_pushed_messages_are_put_in_their_order(ends, tmp_path):
    """One a line, or in an array; they arrive as the network lets them."""
    messages = [message(2, "s", 20, 30), message(1, "s", 0, 10)]
    first, between, last = ends
    found = recorded(tmp_path, {"log.json": first + between.join(messages) + last})
    assert found.times == [[START, START + 0.01, START + 0.02, START + 0.03]]
    assert [row[0] for row in found.acc] == [0, 10, 20, 30]


def test_pushed_sessions_are_recordings(tmp_path):
    """One file may hold the messages of several."""
    text = "\n".join([message(1, "a", 0, 10), message(1, "b", 500, 510), message(2, "a", 20)])
    found = recorded(tmp_path, {"log.json": text})
    assert [(raw.name, len(tables[0])) for raw, tables in found.raws] == [
        ("log-a", 3),
        ("log-b", 2),
    ]


def test_json_that_is_cut_off_is_an_error(tmp_path):
    """Not the samples before the cut."""
    text = json.dumps(exported("TotalAcceleration", [(1, 2, 9)] * 3))[:-20]
    with pytest.raises(DataError, match="damaged or cut off"):
        _ = recorded(tmp_path, {"rec.json": text}).understood


def test_recordings_have_si_units_and_times_from_zero(tmp_path):
    """To the end: harmonised, with the gyroscope at the times of acceleration."""
    rows = [(0.5, 0.5, 9.8)] * 200
    turns = [(0.25, 0, 0)] * 200
    files = {
        "TotalAcceleration.csv": sensor(*rows, step_ms=20),
        "Gyroscope.csv": sensor(*turns, step_ms=20, first_ms=7),
    }
    found = recorded(tmp_path, files)
    (recording,) = found.recordings()
    assert recording.meta.rate_hz == pytest.approx(50)
    assert recording.table["gyro_x"].unique().tolist() == [0.25]
    assert (recording.meta.start_s, recording.meta.clock) == (START, "utc")

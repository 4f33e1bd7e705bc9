"""Edge Impulse: CSV without units, and JSON or CBOR that state them."""

import json

import pytest
from recorded import recorded

from har.errors import DataError

cbor2 = pytest.importorskip("cbor2")
CSV = "timestamp,accX,accY,accZ,gyrX,gyrY,gyrZ\n0,0.5,0,9.5,30,0,0\n16,0,0,9.75,0,-45,0\n"
UNITS = ("m/s2",) * 3 + ("dps",) * 3


def acquisition(units=UNITS, device="NANO33BLE", **payload):
    names = ("accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ")
    sensors = [{"name": n, "units": u} for n, u in zip(names, units, strict=False)]
    values = [[0.5, 0, 9.5, 30, 0, 0], [0, 0, 9.75, 0, -45, 0]]
    return {
        "protected": {"ver": "v1", "alg": "HS256", "iat": 1678638094},
        "signature": "0" * 64,
        "payload": {
            "device_name": "ac:87",
            "device_type": device,
            "interval_ms": 16,
            "sensors": sensors,
            "values": [row[: len(sensors)] for row in values],
            **payload,
        },
    }


def test_csv_asks_for_the_gyroscopes_unit(tmp_path):
    """Slow turns in deg/s look like rad/s."""
    found = recorded(tmp_path, {"e.csv": CSV})
    assert (found.recorder.name, found.asked) == ("edge-impulse", ["gyro_unit"])
    assert found.understood.facts["angular velocity"] == "unit in doubt"
    with pytest.raises(DataError, match="--map gyro_unit=rad/s or gyro_unit=deg/s"):
        _ = found.raws
    found = recorded(tmp_path, {"e.csv": CSV}, gyro_unit="deg/s")
    assert found.acc == [[0.5, 0, 9.5], [0, 0, 9.75]]
    assert (found.gyro[1], found.raw.gyro_unit) == ([0, -45, 0], "deg/s")
    assert found.times == [[0, 0.016]]


def test_csv_of_acceleration_alone_asks_nothing(tmp_path):
    """It is m/s², as the level of gravity will prove."""
    text = "\n".join(",".join(line.split(",")[:4]) for line in CSV.splitlines())
    found = recorded(tmp_path, {"e.csv": text})
    assert (found.asked, found.raw.acc_unit) == ([], "m/s2")
    assert recorded(tmp_path, {"e.csv": text}, acc_unit="g").raw.acc_unit == "g"


@pytest.mark.parametrize(("name", "write"), [("json", json.dumps), ("cbor", cbor2.dumps)])
def test_the_acquisition_format_states_all(name, write, tmp_path):
    """Step, units, device; the label is in the file's name before the first dot."""
    found = recorded(tmp_path, {f"walk.3r7ulpn9.{name}": write(acquisition())})
    assert (found.recorder.name, found.asked) == ("edge-impulse", [])
    assert found.acc == [[0.5, 0, 9.5], [0, 0, 9.75]]
    assert found.gyro == [[30, 0, 0], [0, -45, 0]]
    assert found.times == [[0, 0.016]]
    raw = found.raw
    assert (raw.acc_unit, raw.gyro_unit, raw.device) == ("m/s2", "deg/s", "NANO33BLE")
    assert found.tables[0]["label"].tolist() == ["walk", "walk"]


def test_a_plain_name_is_no_label(tmp_path):
    """Only the form that the platform writes has one."""
    found = recorded(tmp_path, {"walk.json": json.dumps(acquisition())})
    assert found.tables[0]["label"].isna().all()


def test_units_that_are_none_are_asked_for(tmp_path):
    """Data forwarders send N/A."""
    text = json.dumps(acquisition(units=("N/A",) * 6))
    assert recorded(tmp_path, {"e.json": text}).asked == ["acc_unit", "gyro_unit"]
    found = recorded(tmp_path, {"e.json": text}, acc_unit="mg", gyro_unit="rad/s")
    assert found.raw.acc_unit == "g"
    assert found.acc[0] == [0.0005, 0, 0.0095]


def test_a_browsers_sign_is_asked_for(tmp_path):
    """Safari has Apple's, and the file does not tell."""
    text = json.dumps(acquisition(units=UNITS[:3], device="MOBILE_CLIENT"))
    assert recorded(tmp_path, {"e.json": text}).asked == ["acc_sign"]
    assert recorded(tmp_path, {"e.json": text}, acc_sign="-").acc[0] == [-0.5, 0, -9.5]


def test_rows_that_are_none_are_quarantined(tmp_path):
    """With their number; the others keep their times."""
    values = [[0, 0, 9], [0, None, 9], [0, 9], "x", [0, 0, True], [1, 0, 9]]
    text = json.dumps(acquisition(units=UNITS[:3], values=values))
    found = recorded(tmp_path, {"e.json": text})
    assert found.acc == [[0, 0, 9], [1, 0, 9]]
    assert found.times == [[0, 0.08]]
    assert (found.ledger.rows_in, found.ledger.rows_quarantined) == (6, 4)


@pytest.mark.parametrize(
    "payload",
    [{"values": []}, {"interval_ms": 0}, {"interval_ms": None}, {"sensors": []}, {"sensors": "x"}],
)
def test_a_payload_that_is_none_is_an_error(payload, tmp_path):
    """Never a traceback."""
    with pytest.raises(DataError):
        _ = recorded(tmp_path, {"e.json": json.dumps(acquisition(**payload))}).raws

"""Xsens DOT: lines before the names, a clock of 32 bits, FreeAcc without gravity."""

import pytest
from recorded import recorded

HEADER = "sep=,\nDeviceTag:,LeftWrist\nFirmwareVersion:,2.0.0\nOutputRate:,60Hz\n\n"
NAMES = "PacketCounter,SampleTimeFine,Euler_X,Euler_Y,Euler_Z,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z\n"
ROWS = "65535,4294960000,0,0,0,0.5,-0.25,9.75,30,0,-1.5\n0,9371,0,0,0,0,0,9.5,0,0,0\n"


def test_the_clock_starts_again_and_time_does_not(tmp_path):
    """2^32 µs; the second row is 16,667 µs after the first."""
    found = recorded(tmp_path, {"d.csv": HEADER + NAMES + ROWS})
    assert (found.recorder.name, found.asked) == ("xsens-dot", [])
    assert found.acc == [[0.5, -0.25, 9.75], [0, 0, 9.5]]
    assert found.gyro == [[30, 0, -1.5], [0, 0, 0]]
    assert found.times == [[4294.96, 4294.976667]]
    raw = found.raw
    assert (raw.acc_unit, raw.gyro_unit, raw.gravity) == ("m/s2", "deg/s", True)
    assert (raw.device, raw.app) == ("Xsens DOT LeftWrist", "2.0.0")


def test_free_acceleration_is_linear(tmp_path):
    """And it has the axes of the world, which is told."""
    text = HEADER + NAMES.replace("Acc_", "FreeAcc_") + ROWS
    found = recorded(tmp_path, {"d.csv": text})
    assert found.raw.gravity is False
    assert "world" in found.understood.facts["axes"]


def test_packets_count_where_times_are_missing(tmp_path):
    """At the rate that the header states, across the counter's end."""
    rows = ROWS.replace("4294960000", "").replace("9371", "")
    found = recorded(tmp_path, {"d.csv": HEADER + NAMES + rows})
    assert found.times == [
        [pytest.approx(65535 / 60, abs=1e-5), pytest.approx(65536 / 60, abs=1e-5)]
    ]
    text = HEADER.replace("OutputRate:,60Hz\n", "") + NAMES + rows
    assert recorded(tmp_path, {"d.csv": text}).asked == ["rate_hz"]


def test_without_the_dots_header_the_gyroscopes_unit_is_asked_for(tmp_path):
    """Other devices of the maker's write the same names, in rad/s."""
    assert recorded(tmp_path, {"d.csv": NAMES + ROWS}).asked == ["gyro_unit"]

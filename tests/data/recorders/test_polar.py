"""Polar: mg, a sensor's clock and the phone's."""

from recorded import recorded

ACC = (
    "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]\n"
    "2026-06-10T22:00:00.000;599628000000000000;500;-250;1000\n"
    "2026-06-10T22:00:00.900;599628000020000000;0;0;1000\n"
)
GYRO = (
    "Phone timestamp;sensor timestamp [ns];X [dps];Y [dps];Z [dps]\n"
    "2026-06-10T22:00:00.100;599628000010000000;30;0;-1.5\n"
)
START = 1781128800.0  # date -u -d "2026-06-10 22:00" +%s
NAME = "Polar_Sense_0C301E3F_20260610_220000_{}.txt"


def test_mg_become_g_and_the_sensors_clock_counts(tmp_path):
    """The phone tells when it began; packets arrive in bursts, samples do not."""
    found = recorded(tmp_path, {NAME.format("ACC"): ACC})
    assert (found.recorder.name, found.asked) == ("polar", [])
    assert found.acc == [[0.5, -0.25, 1], [0, 0, 1]]
    assert found.times == [[START, START + 0.02]]
    raw = found.raw
    assert (raw.acc_unit, raw.clock) == ("g", "local")
    assert "acceleration in g = mg * 0.001" in raw.conversions


def test_the_gyroscope_has_the_same_clock(tmp_path):
    """The files are joined by the beginning of their names."""
    found = recorded(tmp_path, {NAME.format("ACC"): ACC, NAME.format("GYRO"): GYRO})
    assert found.gyro == [[30, 0, -1.5]]
    assert found.times[1] == [START + 0.01]
    assert found.raw.gyro_unit == "deg/s"

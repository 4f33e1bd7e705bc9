"""Files of a user's own: grouped by layout, understood once, asked about what is in doubt."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from har.data.ingest import own
from har.data.ingest.files import open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import read_item
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import make_entries, make_mapping
from har.data.ingest.plan import Plan
from har.data.recording import ACC, GYRO, MAG, Recording
from har.data.schema import STANDARD_GRAVITY
from har.errors import DataError, UsageError

N, RATE = 200, 50.0
AXES = ("x", "y", "z")


def moving(n: int = N, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a walk in m/s² with gravity, and how it turns, rad/s."""
    random = np.random.default_rng(seed)
    swing = np.sin(2 * np.pi * 2 * np.arange(n) / RATE)[:, None]
    acc = np.array([0.5, 9.6, 1.5]) + 2.0 * swing + random.normal(0, 0.1, (n, 3))
    return acc.round(4), (0.8 * swing + random.normal(0, 0.02, (n, 3))).round(4)


def columns(prefix: str, values: Any, suffix: str = "") -> dict[str, Any]:
    """Return three columns named after the axes."""
    return {f"{prefix}{a}{suffix}": values[:, i] for i, a in enumerate(AXES)}


def write(folder: Path, name: str, frame: Any, **options: Any) -> Path:
    """Write a table below a folder; return the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(pd.DataFrame(frame).to_csv(index=False, **options), encoding="utf-8")
    return folder


def text(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    """Write a file below a folder; return the folder."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content.encode(encoding))
    return folder


def planned(path: Path, **stated: Any) -> Plan:
    """Return what is made of a path."""
    return own.plan(open_files(path), stated, "raw")


@dataclass(frozen=True)
class Found:
    """What was read."""

    recordings: list[Recording]
    ledgers: list[Ledger]
    refused: dict[str, str]

    @property
    def one(self) -> Recording:
        """The only recording."""
        (recording,) = self.recordings
        return recording

    def values(self, channels: tuple[str, ...]) -> np.ndarray:
        """Return channels of the only recording."""
        return self.one.table[list(channels)].to_numpy("float64")


def read(path: Path, plan: Plan | None = None, **stated: Any) -> Found:
    """Read everything at a path by its plan; every account adds up."""
    files = open_files(path)
    plan = plan or own.plan(files, stated, "raw")
    plan.refuse_doubts("raw")
    source = own.source("lab", plan)
    found = Found([], [], {})
    for item in source.items(files):
        ledger = Ledger()
        try:
            found.recordings.extend(read_item(files, item, Origin("lab", source, {}), ledger))
        except DataError as error:
            found.refused[item.name] = error.message
        found.ledgers.append(ledger)
    return found


def entries(plan: Plan) -> Mapping[str, str]:
    """Return the guesses of the only group."""
    (group,) = plan.groups
    return group.guesses


# layouts


def test_a_magnetic_field_is_read_where_its_unit_is_named(tmp_path: Path) -> None:
    """48,000 nT are 48 µT; a file in which some are missing is kept without, and says so."""
    acc, gyro = moving()
    field = np.tile([30_000.0, -20_000.0, 32_000.0], (N, 1))
    table = {"time": np.arange(N) / RATE, **columns("a", acc), **columns("g", gyro)}
    whole = pd.DataFrame({**table, **columns("mag_", field, " (nT)")})
    found = read(write(tmp_path / "whole", "s1.csv", whole))
    assert found.values(MAG)[0].tolist() == pytest.approx([30, -20, 32])
    assert found.one.table["mag_x"].dtype == np.float32
    assert found.one.meta.conversions == ("magnetic field = nT * 0.001",)
    whole.loc[3:5, "mag_y (nT)"] = np.nan
    holed = read(write(tmp_path / "holed", "s1.csv", whole))
    assert (len(holed.one.table), "mag_x" in holed.one.table) == (N, False)
    assert [w for w in holed.ledgers[0].warnings if w.kind == "no magnetometer"]
    nameless = {**table, **columns("m", field / 1000)}
    folder = write(tmp_path / "nameless", "s1.csv", nameless)
    assert "mag_x" not in read(folder).one.table
    assert read(folder, mag="mx,my,mz").values(MAG)[0].tolist() == pytest.approx([30, -20, 32])
    ours = {"time": table["time"], **columns("acc_", acc), **columns("mag_", field / 1000)}
    folder_of_ours = write(tmp_path / "ours", "s1.csv", ours)
    assert read(folder_of_ours).values(MAG)[0].tolist() == pytest.approx([30, -20, 32])
    wrong = read(folder, mag="mx,my,mz", mag_unit="gauss")
    assert "mag_x" not in wrong.one.table


def test_each_layout_is_understood_by_itself(tmp_path: Path) -> None:
    """Two layouts and an odd file: two groups, one refusal, and all that is sound is read."""
    acc, _ = moving()
    write(tmp_path, "a/1.csv", {"t": np.arange(N) / RATE, **columns("a", acc)})
    write(tmp_path, "a/2.csv", {"t": np.arange(N) / RATE, **columns("a", acc + 0.1)})
    g = acc / STANDARD_GRAVITY
    write(tmp_path, "b/3.csv", {"Timestamp (ms)": np.arange(N) * 20, **columns("Acc ", g, " (g)")})
    write(tmp_path, "pulse.csv", {"time": np.arange(5), "heart_rate": 60})
    text(tmp_path, "README.txt", "Recorded in spring.\n")
    plan = planned(tmp_path)
    assert [len(group.items) for group in plan.groups] == [2, 1]
    assert [item.name for item in plan.refused] == ["pulse.csv"]
    assert plan.left == {"README.txt": "no table"}
    found = read(tmp_path)
    assert len(found.recordings) == 3
    assert found.refused == {"pulse.csv": "pulse.csv: no columns that look like acceleration"}
    np.testing.assert_allclose(found.recordings[2].table["acc_y"], acc[:, 1], rtol=1e-4)


def test_a_unit_is_judged_over_all_files(tmp_path: Path) -> None:
    """A quiet file and a brisk one of one layout, both in deg/s: neither is kept as rad/s."""
    acc, gyro = moving()
    quiet = np.random.default_rng(1).normal((0, 0, 9.8, 0, 0, 0), (*[0.02] * 3, *[0.3] * 3), (N, 6))
    for name, a, w in (("a", quiet[:, :3], quiet[:, 3:]), ("b", acc, np.rad2deg(gyro))):
        table = {"time_s": np.arange(N) / RATE, **columns("acc_", a), **columns("gyro_", w)}
        write(tmp_path, f"{name}.csv", table)
    plan = planned(tmp_path)
    assert entries(plan)["gyro_unit"] == "deg/s"
    found = read(tmp_path, plan)
    np.testing.assert_allclose(found.recordings[1].table["gyro_x"], gyro[:, 0], atol=1e-6)
    assert np.abs(found.recordings[0].table["gyro_x"]).max() < np.deg2rad(1.5)


def test_files_in_two_units_are_two_groups(tmp_path: Path) -> None:
    """One layout, but gravity is 9.8 in one file and 1 in the other: both are read right."""
    acc, _ = moving()
    for name, factor in (("a", 1.0), ("b", STANDARD_GRAVITY)):
        table = {"time": np.arange(N) / RATE, **columns("a", acc / factor)}
        write(tmp_path, f"{name}.csv", table)
    found = read(tmp_path)
    for recording in found.recordings:
        np.testing.assert_allclose(recording.table["acc_y"], acc[:, 1], rtol=1e-5)


def test_nothing_to_read(tmp_path: Path) -> None:
    """The error says what was expected, and shows what there is."""
    text(tmp_path, "notes.md", "hello")
    with pytest.raises(DataError, match="raw: no tables") as caught:
        planned(tmp_path)
    assert caught.value.found == "notes.md"


# how text is written

ROWS = [(0.02 * i, 0.1, 9.75 + 0.05 * (i % 3), 1.25) for i in range(60)]
BODY = "".join(f"{t:.2f},{x},{y:.2f},{z}\n" for t, x, y, z in ROWS)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("\n\ntime,ax,ay,az\n" + BODY, "utf-8"),
        ("Device: Foo\nStart: noon\n\ntime,ax,ay,az\n" + BODY, "utf-8"),
        ("time,ax,ay,az\ns,m/s^2,m/s^2,m/s^2\n" + BODY, "utf-8"),
        ("% made by Foo\n% time,ax,ay,az\n" + BODY, "utf-8"),
        ("sep=,\ntime,ax,ay,az\n" + BODY, "utf-8"),
        ("sep=;\ntime;ax;ay;az\n" + BODY.replace(",", ";").replace(".", ","), "utf-8"),
        ("time (s),Acc X (m/s²),Acc Y (m/s²),Acc Z (m/s²)\n" + BODY, "latin-1"),
        ("time,ax,ay,az\n" + BODY, "utf-16"),
        ("time,ax,ay,az,\n" + BODY.replace("\n", ",\n"), "utf-8"),
        ("time,ax,ay,az\n" + BODY.replace("\n", ",\n"), "utf-8"),
        ("time ax ay az\n" + BODY.replace(",", "  "), "utf-8"),
        ("time,ax,ay,az\n" + BODY.replace("\n", ";\n"), "utf-8"),
        ("a,a,a,a\ntime,ax,ay,az\n" + BODY, "utf-8"),
    ],
    ids=[
        *("blank lines", "header of a device", "units", "comments", "sep", "sep and commas"),
        *("latin-1", "UTF-16", "trailing blank column", "trailing separators", "blanks"),
        *("semicolons at the ends", "two lines of names"),
    ],
)
def test_text_is_read_however_it_is_written(content: str, encoding: str, tmp_path: Path) -> None:
    """The same 60 rows each time, every one of them kept."""
    found = read(text(tmp_path, "s1.csv", content, encoding))
    np.testing.assert_allclose(found.one.table["time_s"], [r[0] for r in ROWS], atol=1e-9)
    np.testing.assert_allclose(found.values(ACC), [r[1:] for r in ROWS], rtol=1e-6)
    assert (found.ledgers[0].rows_in, found.ledgers[0].rows_kept) == (60, 60)


def test_decimal_commas_with_exponents(tmp_path: Path) -> None:
    """``9,75E+00`` is a number."""
    body = "".join(";".join(f"{v:.4E}" for v in row) + "\n" for row in ROWS).replace(".", ",")
    found = read(text(tmp_path, "s1.csv", "t;ax;ay;az\n" + body))
    np.testing.assert_allclose(found.values(ACC), [r[1:] for r in ROWS], rtol=1e-4)


def test_a_damaged_first_row_is_counted(tmp_path: Path) -> None:
    """It stands between the names and the first sound row, and goes to quarantine."""
    found = read(text(tmp_path, "s1.csv", "time,ax,ay,az\n0.0,1,2\n" + BODY))
    assert (found.ledgers[0].rows_in, dict(found.ledgers[0].reasons)) == (61, {"not 4 fields": 1})


def test_blank_lines_part_captures_without_time(tmp_path: Path) -> None:
    """Ten captures of 30 rows at 119 Hz: ten recordings, each from 0; blank lines take no time."""
    lines = [f"{x / 9.8:.4f},{y / 9.8:.4f},{z / 9.8:.4f}" for _, x, y, z in ROWS][:30]
    content = "aX,aY,aZ\n" + "\n\n".join("\n".join(lines) for _ in range(10)) + "\n"
    found = read(text(tmp_path, "gestures.csv", content), rate_hz="119", acc_unit="g")
    assert [len(r.table) for r in found.recordings] == [30] * 10
    assert found.recordings[9].meta.recording_id == "lab-unknown-gestures-10"
    last = found.recordings[9].table["time_s"].to_numpy()
    np.testing.assert_allclose(last, np.arange(30) / 119, atol=1e-9)


def test_blank_lines_between_all_rows_are_no_captures(tmp_path: Path) -> None:
    """Line ends that were written twice part nothing, and take no time."""
    lines = "\n\n".join(f"{x},{y},{z}" for _, x, y, z in ROWS)
    found = read(text(tmp_path, "s1.csv", "ax,ay,az\n\n" + lines + "\n"), rate_hz="50")
    np.testing.assert_allclose(found.one.table["time_s"], np.arange(60) / 50, atol=1e-9)


def test_no_line_of_names(tmp_path: Path) -> None:
    """Refused with a hint; names or numbers of columns say what the columns are."""
    text(tmp_path, "s1.csv", BODY)
    with pytest.raises(DataError, match="the first line holds numbers") as caught:
        planned(tmp_path)
    assert "--map names=time,x,y,z" in str(caught.value.hint)
    for stated in ({"names": "t,x,y,z"}, {"time": "1", "acc": "2,3,4"}):
        np.testing.assert_allclose(read(tmp_path, **stated).values(ACC), [r[1:] for r in ROWS])


def test_counts_behind_a_header(tmp_path: Path) -> None:
    """Start and rate in two lines, then 1/64 g: 64 counts are 1 g."""
    content = "1680686620.0, 1680686620.0, 1680686620.0\n32.0, 32.0, 32.0\n" + "-2,64,10\n" * 64
    stated = {"names": "x,y,z", "skip": "2", "acc_scale": "0.015625", "acc_unit": "g"}
    found = read(text(tmp_path, "ACC.csv", content), rate_hz="32", **stated)
    assert len(found.one.table) == 64
    np.testing.assert_allclose(found.values(ACC)[0], np.array([-2, 64, 10]) / 64 * 9.80665)


# time


def test_time_is_the_column_that_tells_rows_apart(tmp_path: Path) -> None:
    """Whole seconds stand beside a fine stamp; the first is no time of the rows."""
    acc, _ = moving()
    stamps = 1729166252.87 + np.arange(N) / RATE
    dates = pd.to_datetime(stamps, unit="s").strftime("%Y-%m-%d %H:%M:%S")
    table = {"Date": dates, "Timestamp": stamps.round(2), **columns("a", acc)}
    found = read(write(tmp_path, "s1.csv", table, sep=";"))
    assert found.one.meta.rate_hz == pytest.approx(50)
    assert (found.one.meta.clock, found.one.meta.start_s) == ("utc", pytest.approx(1729166252.87))


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("%Y-%m-%d %H:%M:%S:%f", "2024-05-06 07:08:09"),
        ("%Y-%m-%d %H:%M:%S,%f", "2024-05-06 07:08:09"),
        ("%d/%m/%Y %H:%M:%S.%f", "2024-05-16 07:08:09"),
        ("%m/%d/%Y %I:%M:%S.%f %p", "2024-05-16 19:08:09"),
        ("%Y-%m-%dT%H:%M:%S.%f+02:00", "2024-05-06 07:08:09"),
        ("%Y-%m-%d %H-%M-%S-%f", "2024-05-06 07:08:09"),
    ],
)
def test_dates_as_recorders_write_them(form: str, start: str, tmp_path: Path) -> None:
    """Twenty milliseconds apart, from the second that is written."""
    acc, _ = moving()
    stamps = pd.Timestamp(start) + pd.to_timedelta(np.arange(N) * 20, unit="ms")
    if form.endswith("-%f"):  # AndroSensor: a colon behind hyphens
        form = "%Y-%m-%d %H-%M-%S:%f"
    table = {"timestamp": stamps.strftime(form), **columns("a", acc)}
    found = read(write(tmp_path, "s1.csv", table, sep=";"))
    np.testing.assert_allclose(found.one.table["time_s"], np.arange(N) / 50, atol=1e-6)
    zone = datetime.timedelta(hours=2 if form.endswith("02:00") else 0)
    expected = (pd.Timestamp(start) - zone).timestamp()
    assert found.one.meta.start_s == pytest.approx(expected)
    assert found.one.meta.clock == ("utc" if zone else "local")


def test_day_or_month_first_is_asked(tmp_path: Path) -> None:
    """6 May or 5 June: nobody can tell but the user."""
    acc, _ = moving()
    stamps = pd.Timestamp("2024-05-06") + pd.to_timedelta(np.arange(N) * 20, unit="ms")
    table = {"time": stamps.strftime("%d/%m/%Y %H:%M:%S.%f"), **columns("a", acc)}
    write(tmp_path, "s1.csv", table)
    (doubt,) = planned(tmp_path).doubts
    assert (doubt.entry, doubt.choices) == ("date_order", ("dmy", "mdy"))
    start = read(tmp_path, date_order="dmy").one.meta.start_s
    assert start == pd.Timestamp("2024-05-06").timestamp()


def test_what_cannot_be_read_as_a_time_is_told_with_its_value(tmp_path: Path) -> None:
    """Not "missing": the row's own word is in quarantine."""
    acc, _ = moving()
    stamps = pd.Timestamp("2024-05-06") + pd.to_timedelta(np.arange(N) * 20, unit="ms")
    words = [*stamps.strftime("%Y-%m-%d %H:%M:%S.%f")[:-1], "half past"]
    found = read(write(tmp_path, "s1.csv", {"time": words, **columns("a", acc)}))
    assert dict(found.ledgers[0].reasons) == {"cannot be read as a time": 1}
    assert "half past" in found.ledgers[0].quarantined()["content"].iloc[0]


@pytest.mark.parametrize(
    ("times", "clock"),
    [
        (pd.to_timedelta(np.arange(N) * 20, unit="ms"), ""),
        (pd.Timestamp("2024-05-06") + pd.to_timedelta(np.arange(N) * 20, unit="ms"), "local"),
        (
            pd.Timestamp("2024-05-06", tz="Europe/Berlin")
            + pd.to_timedelta(np.arange(N) * 20, unit="ms"),
            "utc",
        ),
    ],
    ids=["durations", "dates", "dates with a zone"],
)
def test_times_of_parquet(times: Any, clock: str, tmp_path: Path) -> None:
    """Their type says what they are."""
    acc, _ = moving()
    pd.DataFrame({"time": times, **columns("a", acc)}).to_parquet(tmp_path / "s1.parquet")
    found = read(tmp_path)
    np.testing.assert_allclose(found.one.table["time_s"], np.arange(N) / 50, atol=1e-6)
    assert found.one.meta.clock == clock


def test_no_time_is_asked(tmp_path: Path) -> None:
    """The rate must be stated; the error names the flag."""
    acc, _ = moving()
    write(tmp_path, "s1.csv", columns("a", acc))
    with pytest.raises(UsageError, match="how many rows are there in a second") as caught:
        read(tmp_path)
    assert caught.value.hint == "--map rate_hz=…"
    assert read(tmp_path, rate_hz="40").one.meta.rate_hz == 40


def test_a_column_of_time_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Whoever misspells it hears so, and is not asked for a rate."""
    acc, _ = moving()
    write(tmp_path, "s1.csv", {"time": np.arange(N) / RATE, **columns("a", acc)})
    with pytest.raises(DataError, match=r"s1\.csv: no column tim"):
        read(tmp_path, time="tim")


@pytest.mark.parametrize("name", ["s1.csv", "s1.parquet"])
def test_blanks_around_stated_names_do_not_matter(name: str, tmp_path: Path) -> None:
    """A name may be copied from the file as it stands there."""
    acc, _ = moving()
    table = pd.DataFrame({"elapsed ": np.arange(N) / RATE, **columns("a", acc)})
    path = tmp_path / name
    table.to_parquet(path) if path.suffix == ".parquet" else table.to_csv(path, index=False)
    stated = {"time": "elapsed ", "time_unit": "s"}
    assert len(read(tmp_path, **stated).one.table) == N


def test_a_stated_rate_replaces_times_that_are_too_coarse(tmp_path: Path) -> None:
    """Whole seconds for 50 Hz, and the rate: rows are 20 ms apart."""
    acc, _ = moving()
    write(tmp_path, "s1.csv", {"time": np.arange(N) // 50, **columns("a", acc)})
    found = read(tmp_path, rate_hz="50")
    assert (len(found.one.table), found.one.meta.rate_hz) == (N, 50)


# units, gravity, sign


def test_a_unit_in_a_name_is_not_overruled(tmp_path: Path) -> None:
    """Linear acceleration in m/s² whose values look like g: in m/s², without gravity."""
    linear = np.tile([[0.6, 0.8, 0.0]], (N, 1)) + np.random.default_rng(0).normal(0, 0.01, (N, 3))
    names = {f"Linear Acceleration {a} (m/s^2)": linear[:, i] for i, a in enumerate(AXES)}
    plan = planned(write(tmp_path, "s1.csv", {"Time (s)": np.arange(N) / RATE, **names}))
    (group,) = plan.groups
    assert group.mapping is not None
    assert (group.mapping.acc_unit, group.mapping.gravity) == ("m/s2", "none")
    assert not plan.is_guess


def test_g_or_linear_acceleration_is_asked(tmp_path: Path) -> None:
    """Small values without a unit may be either; --yes is no answer."""
    linear = np.random.default_rng(0).normal(0, 1.0, (N, 3))
    write(tmp_path, "s1.csv", {"time": np.arange(N) / RATE, **columns("a", linear)})
    (doubt,) = planned(tmp_path).doubts
    assert (doubt.entry, doubt.choices) == ("acc_unit", ("g", "m/s2"))
    (group,) = planned(tmp_path, acc_unit="m/s2").groups
    assert group.guesses["gravity"] == "none"


def test_a_quiet_gyroscope_is_asked(tmp_path: Path) -> None:
    """A phone on a table turns by noise alone: rad/s or deg/s."""
    random = np.random.default_rng(0)
    acc = random.normal((0, 0, 9.8), 0.004, (N, 3))
    gyro = random.normal(0, 0.05, (N, 3))
    table = {"time": np.arange(N) / RATE, **columns("a", acc), **columns("g", gyro)}
    write(tmp_path, "s1.csv", table)
    (doubt,) = planned(tmp_path).doubts
    assert (doubt.entry, doubt.choices) == ("gyro_unit", ("rad/s", "deg/s"))
    stated = read(tmp_path, gyro_unit="deg/s")
    np.testing.assert_allclose(stated.values(GYRO), np.deg2rad(gyro), atol=1e-6)


def test_one_value_beyond_reason_says_nothing_of_a_unit(tmp_path: Path) -> None:
    """Two fields of a row ran together: the row is set aside, and the others are in rad/s."""
    acc, gyro = moving()
    wrong = gyro.copy()
    wrong[7, 1] = -9.2e19
    table = {"time": np.arange(N) / RATE, **columns("a", acc), **columns("g", wrong)}
    write(tmp_path, "s1.csv", table)
    found = read(tmp_path)
    np.testing.assert_allclose(found.values(GYRO), np.delete(gyro, 7, axis=0), atol=1e-6)


def test_gravity_apart_is_added(tmp_path: Path) -> None:
    """Core Motion: gravity and user acceleration in g, of the opposite sign to Android's."""
    acc, gyro = moving()
    down = np.tile([[0.05, 0.98, 0.15]], (N, 1))
    user = acc / STANDARD_GRAVITY - down
    table = {
        "time": np.arange(N) / RATE,
        **columns("gravity.", -down),
        **columns("userAcceleration.", -user),
        **columns("rotationRate.", gyro),
    }
    table = {
        name[:-1] + name[-1].upper() if name != "time" else name: v for name, v in table.items()
    }
    plan = planned(write(tmp_path, "s1.csv", table))
    assert entries(plan)["acc_sign"] == "-"
    np.testing.assert_allclose(read(tmp_path, plan).values(ACC), acc, atol=1e-5)


def test_sign_is_turned_when_stated(tmp_path: Path) -> None:
    """Acceleration alone: what turns does not change."""
    acc, gyro = moving()
    table = {"time": np.arange(N) / RATE, **columns("a", -acc), **columns("g", gyro)}
    found = read(write(tmp_path, "s1.csv", table), acc_sign="-")
    np.testing.assert_allclose(found.values(ACC), acc, rtol=1e-5)
    np.testing.assert_allclose(found.values(GYRO), gyro, atol=1e-6)
    assert "acceleration = its opposite" in found.one.meta.conversions


def test_several_accelerations_are_asked(tmp_path: Path) -> None:
    """Back and thigh in one table: the user says which one."""
    acc, _ = moving()
    table = {"time": np.arange(N) / RATE, **columns("back_", acc), **columns("thigh_", acc + 1)}
    write(tmp_path, "s1.csv", table)
    (doubt,) = planned(tmp_path).doubts
    assert doubt.choices == ("back_x,back_y,back_z", "thigh_x,thigh_y,thigh_z")
    found = read(tmp_path, acc="thigh_x,thigh_y,thigh_z")
    np.testing.assert_allclose(found.values(ACC), acc + 1, rtol=1e-5)


def test_an_unknown_unit_is_refused(tmp_path: Path) -> None:
    """256 counts to the g: the hint names the entry that says so."""
    acc, _ = moving()
    counts = (acc / STANDARD_GRAVITY * 256).round()
    write(tmp_path, "s1.csv", {"time": np.arange(N) / RATE, **columns("a", counts)})
    with pytest.raises(DataError, match="acceleration in an unknown unit") as caught:
        planned(tmp_path)
    assert "acc_scale" in str(caught.value.hint)
    found = read(tmp_path, acc_scale=1 / 256, acc_unit="g")
    np.testing.assert_allclose(found.values(ACC), acc, atol=0.03)


# several files and long tables


def test_sensors_in_files_of_their_own_are_joined(tmp_path: Path) -> None:
    """The same names of columns; units apart, 50 Hz and 100 Hz: one recording."""
    acc, gyro = moving()
    fine = np.column_stack([np.interp(np.arange(2 * N - 1) / 2, np.arange(N), w) for w in gyro.T])
    g = {"time (s)": np.arange(N) / RATE, **columns("", acc / STANDARD_GRAVITY, "-axis (g)")}
    turn = {
        "time (s)": np.arange(2 * N - 1) / 100,
        **columns("", np.rad2deg(fine), "-axis (deg/s)"),
    }
    write(tmp_path, "walk_Accelerometer_50.0Hz.csv", g)
    write(tmp_path, "walk_Gyroscope_100.0Hz.csv", turn)
    found = read(tmp_path)
    assert len(found.one.table) == N
    np.testing.assert_allclose(found.values(ACC), acc, rtol=1e-4)
    np.testing.assert_allclose(found.values(GYRO), gyro, atol=1e-5)
    assert found.ledgers[0].rows_in == 3 * N - 1


def test_a_gyroscope_is_never_taken_for_acceleration(tmp_path: Path) -> None:
    """x, y and z in Gyroscope.csv turn; alone they are refused."""
    acc, gyro = moving()
    write(tmp_path, "a/Gyroscope.csv", {"time": np.arange(N) / RATE, **columns("", gyro)})
    with pytest.raises(DataError, match="angular velocity, and no columns that look like"):
        planned(tmp_path)
    write(tmp_path, "a/Accelerometer.csv", {"time": np.arange(N) / RATE, **columns("", acc)})
    np.testing.assert_allclose(read(tmp_path).values(GYRO), gyro, atol=1e-6)


def test_joined_files_by_a_mapping(tmp_path: Path) -> None:
    """Which sensor by a part of the name; who is who by the rest."""
    acc, gyro = moving()
    for who in ("s1", "s2"):
        frame = {"t": np.arange(N) / RATE, **columns("", acc)}
        write(tmp_path, f"{who}/walk_waist_A.csv", frame)
        write(tmp_path, f"{who}/walk_waist_W.csv", {**frame, **columns("", gyro)})
    mapping = make_mapping(
        {
            "time": "t",
            "acc": ["x", "y", "z"],
            "gyro": ["x", "y", "z"],
            "sensors": {"acc": "_A.csv", "gyro": "_W.csv"},
        },
        "mine.toml",
    )
    found = read(tmp_path, own.plan(open_files(tmp_path), mapping, "raw"))
    assert [r.meta.subject_id for r in found.recordings] == ["lab-1", "lab-2"]
    np.testing.assert_allclose(found.recordings[1].table[list(GYRO)].to_numpy(), gyro, atol=1e-6)


def test_a_file_of_no_sensor_is_refused_by_name(tmp_path: Path) -> None:
    """Its name has no word of a mapping's, or is that of another file of the recording."""
    acc, _ = moving()
    frame = {"t": np.arange(N) / RATE, **columns("", acc)}
    names = ("walk_A.csv", "Walk_a.csv", "walk_B.csv", "walk_W.csv")
    for name in names:
        write(tmp_path, name, frame)
    sensors = {"acc": "_a", "gyro": "_w"}
    axes = ["x", "y", "z"]
    whole = make_mapping({"time": "t", "acc": axes, "gyro": axes, "sensors": sensors}, "mine.toml")
    for stated in (whole, make_entries({"sensors": sensors, "gyro": axes}, "mine.toml")):
        plan = own.plan(open_files(tmp_path), stated, "raw")
        taken = [name for item in plan.items for name in item.files]
        assert sorted(taken) == sorted(names)
        assert {item.files for item in plan.refused} >= {("walk_B.csv",)}
    none = make_entries({"sensors": {"gyro": "nowhere"}, "gyro": axes}, "mine.toml")
    with pytest.raises(DataError, match=r"Walk_a.csv: the file of no sensor"):
        own.plan(open_files(tmp_path), none, "raw")


def test_a_long_table(tmp_path: Path) -> None:
    """A row for each sensor and time, several placements, comments: a recording a placement."""
    acc, gyro = moving(40)
    lines = ["% Universal", "% TimeStamp; Sample No; X; Y; Z; Sensor Type; Sensor ID"]
    for i in range(40):
        for worn in (0, 1):
            for kind, values in (
                (0, acc / 9.80665 + 0.05 * worn),
                (1, np.rad2deg(gyro)),
                (2, gyro),
            ):
                x, y, z = values[i]
                lines.append(f"{20 * i};{i};{x:.6f};{y:.6f};{z:.6f};{kind};{worn}")
    text(tmp_path, "s3.csv", "\n".join(lines) + "\n")
    mapping = make_mapping(
        {
            "time": "TimeStamp",
            "time_unit": "ms",
            "comment": "%",
            "names": ["TimeStamp", "n", "X", "Y", "Z", "type", "id"],
            "acc": ["X", "Y", "Z"],
            "acc_unit": "g",
            "gyro": ["X", "Y", "Z"],
            "gyro_unit": "deg/s",
            "sensor": "type",
            "sensors": {"acc": "0", "gyro": "1"},
            "placement_column": "id",
            "placements": {"0": "pocket", "1": "wrist"},
        },
        "mine.toml",
    )
    found = read(tmp_path, own.plan(open_files(tmp_path), mapping, "raw"))
    by_place = {r.meta.placement: r.table for r in found.recordings}
    assert set(by_place) == {"pocket", "wrist"}
    np.testing.assert_allclose(by_place["pocket"][list(ACC)].to_numpy(), acc, atol=1e-4)
    np.testing.assert_allclose(by_place["wrist"][list(GYRO)].to_numpy(), gyro, atol=1e-4)
    (ledger,) = found.ledgers
    assert (ledger.rows_in, ledger.rows_kept, ledger.rows_left_out) == (240, 160, 80)


def test_placements_in_a_column_with_all_sensors_in_a_row(tmp_path: Path) -> None:
    """Rows of two placements in turn are two recordings; those of a third are left out."""
    acc, gyro = moving()
    parts = [
        pd.DataFrame({"t": np.arange(N) / RATE, **columns("a", a), **columns("g", gyro), "at": at})
        for a, at in ((acc, "ch"), (acc[:, [1, 2, 0]], "wr"), (acc, "head"))
    ]
    pd.concat(parts).sort_values("t", kind="stable").to_csv(tmp_path / "s3.csv", index=False)
    mapping = make_mapping(
        {
            "time": "t",
            "time_unit": "s",
            "acc": ["ax", "ay", "az"],
            "gyro": ["gx", "gy", "gz"],
            "placement_column": "at",
            "placements": {"ch": "chest", "wr": "wrist"},
        },
        "mine.toml",
    )
    found = read(tmp_path, own.plan(open_files(tmp_path), mapping, "raw"))
    by_place = {r.meta.placement: r.table for r in found.recordings}
    assert set(by_place) == {"chest", "wrist"}
    np.testing.assert_allclose(by_place["chest"][list(ACC)].to_numpy(), acc, atol=1e-4)
    np.testing.assert_allclose(
        by_place["wrist"][list(ACC)].to_numpy(), acc[:, [1, 2, 0]], atol=1e-4
    )
    (ledger,) = found.ledgers
    assert (ledger.rows_in, ledger.rows_kept, ledger.rows_left_out) == (3 * N, 2 * N, N)


# people and activities


@pytest.mark.parametrize(
    ("subject", "activity"),
    [("Subject-id", "Activity Label"), ("USER ID", "label"), ("participant", "Class")],
)
def test_people_and_labels_by_any_spelling(subject: str, activity: str, tmp_path: Path) -> None:
    """Hyphens, blanks and capitals do not matter."""
    acc, _ = moving()
    who = np.where(np.arange(N) < N // 2, 1600, 1601)
    table = {subject: who, activity: "walking", "t": np.arange(N) / RATE, **columns("a", acc)}
    found = read(write(tmp_path, "all.csv", table))
    assert [r.meta.subject_id for r in found.recordings] == ["lab-1600", "lab-1601"]
    assert set(found.recordings[0].table["activity"]) == {"walking"}


def test_a_column_that_numbers_rows_names_nobody(tmp_path: Path) -> None:
    """Not every "id" is a person's."""
    acc, _ = moving()
    table = {"id": np.arange(N), "t": np.arange(N) / RATE, **columns("a", acc)}
    assert read(write(tmp_path, "s1.csv", table)).one.meta.subject_id == "lab-1"


@pytest.mark.parametrize(
    ("layout", "who", "what"),
    [
        ("{Activity}/subject_{n}.csv", {"1", "2"}, {"walking", "standing"}),
        ("{Activity}/{activity}_{n}/data.csv", {"1", "2"}, {"walking", "standing"}),
        ("person{n}-x/{activity}_0{n}.csv", {"1", "2"}, {"walking", "standing"}),
        ("{name}/{activity}.csv", {"ann", "bob"}, {"walking", "standing"}),
        ("s{n}_{activity}.csv", {"1", "2"}, {"walking", "standing"}),
    ],
)
def test_people_and_activities_by_the_path(
    layout: str, who: set[str], what: set[str], tmp_path: Path
) -> None:
    """Folders or files named after activities say what was done, and who did several of them."""
    for n, name in ((1, "ann"), (2, "bob")):
        for activity in ("walking", "standing"):
            acc, _ = moving(seed=n)
            path = layout.format(n=n, name=name, activity=activity, Activity=activity.title())
            write(tmp_path, path, {"time": np.arange(N) / RATE, **columns("a", acc)})
    plan = planned(tmp_path)
    assert plan.is_guess
    recordings = read(tmp_path, plan).recordings
    assert {r.meta.subject_id.removeprefix("lab-") for r in recordings} == who
    assert {str(r.table["activity"].iloc[0]) for r in recordings} == what


def test_patterns_that_are_stated(tmp_path: Path) -> None:
    """Who, what and which recording by the path."""
    acc, _ = moving()
    table = {"time": np.arange(N) / RATE, **columns("a", acc)}
    write(tmp_path, "k7/gait-walking/trial3.csv", table)
    patterns = {
        "subject_pattern": "(k[0-9])/",
        "activity_pattern": "gait-([a-z]+)",
        "recording_pattern": "(trial[0-9]+)",
    }
    recording = read(tmp_path, **patterns).one
    assert recording.meta.recording_id == "lab-k7-trial3"
    assert set(recording.table["activity"]) == {"walking"}


# statements


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"acc_unit": "kg"}, "raw: acc_unit: input should be"),
        ({"colour": "red"}, "raw: colour: extra inputs are not permitted"),
        ({"activity_pattern": "no group"}, "activity_pattern needs one group"),
        ({"encoding": "klingon"}, "no encoding 'klingon'"),
        ({"separator": "ab"}, "separator: string should have at most 1 character"),
    ],
)
def test_what_does_not_fit_is_named(stated: dict[str, str], message: str, tmp_path: Path) -> None:
    """Before any file is read."""
    with pytest.raises(DataError) as caught:
        planned(tmp_path, **stated)
    assert message in caught.value.message


def test_names_stated_in_full_are_not_guessed(tmp_path: Path) -> None:
    """Who states units and columns in names and flags has nothing to confirm."""
    acc, _ = moving()
    write(tmp_path, "s1.csv", {"t": np.arange(N) / RATE, **columns("q", acc)})
    stated = {"time": "t", "time_unit": "s", "acc": "qx,qy,qz", "acc_unit": "m/s2"}
    assert not planned(tmp_path, **stated).is_guess
    assert planned(tmp_path, acc="qx,qy,qz").is_guess


def test_a_plan_is_the_same_each_time(tmp_path: Path) -> None:
    """What determines how items are read does not change between two looks."""
    acc, _ = moving()
    for name in ("Accelerometer.csv", "Gyroscope.csv", "other.csv"):
        write(tmp_path, f"a/{name}", {"time": np.arange(N) / RATE, **columns("", acc)})
    one, two = planned(tmp_path), planned(tmp_path)
    assert one == two
    assert [one.reader(i) for i in one.items] == [two.reader(i) for i in two.items]
    only = one.only(one.items[0])
    assert only.items == one.items[:1]
    assert own.source("x", only).placements == own.source("x", one).placements


def test_names_of_our_own_say_the_unit_where_nothing_else_does(tmp_path: Path) -> None:
    """`har data export` writes rad/s: a still recording of it is not asked about."""
    random = np.random.default_rng(0)
    acc, gyro = random.normal((0, 0, 9.8), 0.004, (N, 3)), random.normal(0, 0.05, (N, 3))
    table = {"time_s": np.arange(N) / RATE, **columns("acc_", acc), **columns("gyro_", gyro)}
    found = read(write(tmp_path, "walk.csv", table))
    np.testing.assert_allclose(found.values(GYRO), gyro, atol=1e-6)


def test_what_is_in_doubt_is_not_read(tmp_path: Path) -> None:
    """Who reads by a plan without settling it gets an error for each item, with the flag."""
    acc, _ = moving()
    files = open_files(write(tmp_path, "s1.csv", columns("a", acc)))
    plan = own.plan(files, {}, "raw")
    (item,) = plan.items
    with pytest.raises(DataError, match="how many rows") as caught:
        list(own.source("lab", plan).read(files, item, Ledger()))
    assert caught.value.hint == "state it with --map rate_hz=…"


SENSOR_LOGGER = {
    "Metadata.csv": "version,device name,platform\n3,Pixel,android\n",
    "Annotation.csv": "time,seconds_elapsed,text\n1700000000000000000,0.0,Gehen\n",
}


def test_stated_labels_and_parents_hold_for_annotations_and_paths(tmp_path: Path) -> None:
    """They are said of words, wherever these stand."""
    acc, _ = moving()
    times = 1_700_000_000_000_000_000 + 20_000_000 * np.arange(N)
    table = {"time": times, "seconds_elapsed": np.arange(N) / RATE, **columns("", acc)}
    for name in ("annotated", "Skaten"):
        write(tmp_path, f"{name}/TotalAcceleration.csv", table)
        text(tmp_path, f"{name}/Metadata.csv", SENSOR_LOGGER["Metadata.csv"])
    text(tmp_path, "annotated/Annotation.csv", SENSOR_LOGGER["Annotation.csv"])
    stated = {
        "labels": {"Gehen": "walking", "Skaten": "skating"},
        "activities": {"skating": "sport"},
        "activity_pattern": "(Skaten)/",
    }
    plan = planned(tmp_path, **stated)
    assert {group.recorder for group in plan.groups} == {"sensor-logger"}
    found = read(tmp_path, plan)
    assert {name for r in found.recordings for name in r.table["activity"].dropna()} == {
        "walking",
        "skating",
    }
    assert own.source("lab", plan).own_activities == {"skating": "sport"}


def test_an_activity_under_two_parents_is_refused(tmp_path: Path) -> None:
    """What was said of all files is held against the mapping of each."""
    acc, _ = moving()
    write(tmp_path, "walk.csv", {"t": np.arange(N) / RATE, **columns("a", acc)})
    plan = planned(tmp_path, activities={"skating": "sport"})
    with pytest.raises(DataError, match="disagree on the activity skating"):
        own.source("lab", replace(plan, activities={"skating": "locomotion"}))

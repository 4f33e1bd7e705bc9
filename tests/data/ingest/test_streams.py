"""Tables of any length in stretches that lie in memory: no row is lost at their borders."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from har.config import WindowGrid
from har.data import sources
from har.data.ingest import streams
from har.data.ingest.harmonise import Origin, harmonise
from har.data.ingest.ledger import Ledger
from har.data.ingest.streams import Stream, Stretch
from har.data.recording import Recording
from har.data.sources.base import Raw
from har.data.windows import count_windows

HZ = 50
PART = 100  # rows
SOURCE = replace(sources.get("hapt"), placements=("unknown",), rate_hz=None)


@pytest.fixture(autouse=True)
def _short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let memory hold 150 rows."""
    monkeypatch.setattr(streams, "PART_ROWS", PART)
    monkeypatch.setattr(streams, "CHUNK_ROWS", PART // 2)


def rows(time: Any, *, sensor: str = "acc", first: int = 1) -> pd.DataFrame:
    """Return rows of a sensor whose x axis is a hundredth of the time."""
    frame = pd.DataFrame({"time_s": np.asarray(time, float)})
    frame[f"{sensor}_x"] = frame["time_s"] / 100
    frame[f"{sensor}_y"] = 0.0
    frame[f"{sensor}_z"] = 9.81 if sensor == "acc" else 0.0
    file = pd.Categorical([f"{sensor}.csv"] * len(frame))
    line = np.arange(first, first + len(frame))
    return frame.assign(label=None, file=file, line=line, repaired=False)


def blocks(table: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    """Yield a table in blocks, as a reader of a file does."""
    for start in range(0, len(table), size):
        yield table[start : start + size].reset_index(drop=True)


def run(*parts: pd.DataFrame, size: int = 30) -> tuple[list[Recording], Ledger]:
    """Harmonise one raw recording in blocks; its account must add up."""
    ledger = Ledger()
    ledger.read(sum(map(len, parts)))
    raw = Raw("7", "a", "unknown", tuple(blocks(part, size) for part in parts))
    found = list(harmonise(raw, Origin("lab", SOURCE, {}), ledger))
    ledger.check("item")
    for column in ("rows_kept", "rows_repaired"):
        assert sum(getattr(r.meta, column) for r in found) == getattr(ledger, column)
    return found, ledger


def names(found: Sequence[Recording]) -> list[str]:
    """Return what tells recordings apart."""
    return [r.meta.recording_id.removeprefix("lab-7-a") for r in found]


def on_one_clock(found: Sequence[Recording], column: str) -> np.ndarray:
    """Return a column of all recordings; time is the source's."""
    starts = [r.meta.start_s if column == "time_s" else 0.0 for r in found]
    return np.concatenate([r.table[column] + s for r, s in zip(found, starts, strict=True)])


# one table


def test_long_recordings_are_written_in_parts() -> None:
    """340 rows: two parts of 100 and one of 140, each on the clock of the source."""
    time = 1000 + np.arange(340) / HZ
    found, ledger = run(rows(time))
    assert names(found) == ["-part1", "-part2", "-part3"]
    assert [len(r.table) for r in found] == [100, 100, 140]
    assert [r.meta.start_s for r in found] == pytest.approx([1000, 1002, 1004])
    assert all(r.table["time_s"].iloc[0] == 0 for r in found)
    assert on_one_clock(found, "time_s") == pytest.approx(time)
    assert on_one_clock(found, "acc_x") == pytest.approx(time / 100)
    assert (ledger.rows_kept, ledger.rows_repaired, ledger.rows_quarantined) == (340, 0, 0)


def test_what_memory_holds_is_one_recording() -> None:
    """149 rows in blocks of 30 keep their name."""
    found, _ = run(rows(np.arange(149) / HZ))
    assert names(found) == [""]


def test_memory_holds_little_more_than_a_part() -> None:
    """When the first part is there, few of a million rows have been read."""
    read = 0

    def endless() -> Iterator[pd.DataFrame]:
        nonlocal read
        for start in range(0, 1_000_000, 30):
            read += 30
            yield rows(np.arange(start, start + 30) / HZ)

    stream = Stream(endless(), convert=lambda r: r, check=lambda _: None, ledger=Ledger())
    first = stream.take()
    assert first is not None
    assert (len(first.rows), first.more) == (PART, True)
    assert read <= 1.5 * PART + 2 * 60


@pytest.mark.parametrize("rate_hz", [50.0, 100.0])
@pytest.mark.parametrize("n", [3000, 3333])
def test_a_border_costs_a_window_at_most_on_either_side(n: int, rate_hz: float) -> None:
    """Of windows of 2.56 s every 1.28 s, fewer than two a border are missing."""
    grid = WindowGrid(rate_hz=rate_hz)
    part = 1000
    sizes = [part] * ((n - part // 2) // part)
    sizes.append(n - sum(sizes))
    lost = count_windows(n, grid) - sum(count_windows(size, grid) for size in sizes)
    assert 0 < lost <= 2 * (len(sizes) - 1)


def test_disorder_across_blocks_and_parts_is_put_in_order() -> None:
    """Pairs of rows that changed places, wherever blocks and parts end."""
    order = np.arange(400)
    order[9:-1:10], order[10::10] = order[10::10].copy(), order[9:-1:10].copy()
    found, ledger = run(rows(order / HZ))
    assert on_one_clock(found, "time_s") == pytest.approx(np.arange(400) / HZ)
    assert on_one_clock(found, "acc_x") == pytest.approx(np.arange(400) / HZ / 100)
    assert dict(ledger.repairs) == {"put in the order of time": 39}


def test_rows_later_than_memory_reaches_are_quarantined() -> None:
    """A row of the first second among those of the eighth, by small steps back."""
    back = 400 / HZ - 0.905 * np.arange(1, 9)
    table = rows(np.r_[np.arange(400) / HZ, back])
    found, ledger = run(table)
    reason = "too late to be put in the order of time"
    assert set(ledger.reasons) == {reason}
    assert 0 < ledger.reasons[reason] < len(back)
    assert (np.diff(on_one_clock(found, "time_s")) > 0).all()


@pytest.mark.parametrize("size", [7, 30, 50, 1000])
def test_clocks_are_set_back_anywhere(size: int) -> None:
    """A short clock, a long one, a short one; also where a block begins."""
    time = np.r_[5000 + np.arange(50), 1000 + np.arange(330), np.arange(60)] / HZ
    found, _ = run(rows(time), size=size)
    long = ["-clock2-part1", "-clock2-part2", "-clock2-part3"]
    assert names(found) == ["-clock1", *long, "-clock3"]
    assert [len(r.table) for r in found] == [50, 100, 100, 130, 60]


def test_a_long_first_clock_has_no_number() -> None:
    """When its first part is written, nobody knows that another clock follows."""
    found, _ = run(rows(np.r_[np.arange(330), np.arange(60)] / HZ + 5))
    assert names(found) == ["-part1", "-part2", "-part3", "-clock2"]


def test_rows_of_one_time_stay_together() -> None:
    """Pairs at each border are averaged, and none of them is in two parts."""
    time = np.arange(340) / HZ
    time[[100, 200]] = time[[99, 199]]
    found, ledger = run(rows(time).assign(acc_y=np.arange(340) / 1000))
    assert (np.diff(on_one_clock(found, "time_s")) > 0).all()
    assert ledger.rows_repaired == 4
    assert on_one_clock(found, "acc_y")[99] == pytest.approx(0.0995)


def test_copies_across_blocks_are_quarantined() -> None:
    """The last row of a chunk again as the first of the next."""
    time = np.insert(np.arange(200), 60, 59) / HZ
    _, ledger = run(rows(time))
    assert dict(ledger.reasons) == {"copy of an earlier row": 1}


def test_each_part_is_judged_by_itself() -> None:
    """The middle of a recording in g is refused, and the rest is kept."""
    table = rows(np.arange(400) / HZ)
    table.loc[100:199, "acc_z"] = 1.0
    found, ledger = run(table)
    assert names(found) == ["-part1", "-part3", "-part4"]
    assert list(ledger.rejected) == ["lab-7-a-part2"]
    assert ledger.rows_quarantined == 100


def test_values_beyond_any_sensor_end_the_recording() -> None:
    """What was written stays; what follows is quarantined with that reason."""
    table = rows(np.arange(400) / HZ)
    table.loc[300:, "acc_z"] = 9810.0
    found, ledger = run(table)
    assert names(found) == ["-part1", "-part2"]
    assert dict(ledger.reasons) == {"acc_x, acc_y, acc_z not in m/s²": 200}


# two tables


def test_sensors_with_clocks_of_their_own_are_joined_in_parts() -> None:
    """gyro_x is a hundredth of the time at every sample, at the borders too."""
    time = np.arange(400) / HZ
    gyro = rows(np.arange(0, 8, 0.007) + 0.003, sensor="gyro")
    found, ledger = run(rows(time), gyro, size=40)
    assert [len(r.table) for r in found] == [100, 100, 100, 100]
    at = on_one_clock(found, "time_s")
    assert on_one_clock(found, "gyro_x")[1:] == pytest.approx(at[1:] / 100, abs=1e-6)
    assert (ledger.rows_kept, ledger.rows_quarantined) == (400 + len(gyro), 0)


def test_a_gyroscope_that_runs_on_is_quarantined() -> None:
    """Long before acceleration began and long after it ended."""
    acc = rows(100 + np.arange(300) / HZ)
    gyro = rows(np.arange(0, 200, 1 / HZ), sensor="gyro")
    found, ledger = run(acc, gyro)
    assert sum(len(r.table) for r in found) == 300
    assert not any(r.table["gyro_x"].isna().any() for r in found)
    assert dict(ledger.reasons) == {"no acceleration within 0.1 s": 10_000 - 300 - 10}


def test_a_gyroscope_in_degrees_rejects_both() -> None:
    """Also where only a later block tells."""
    turned = rows(np.arange(400) / HZ, sensor="gyro").assign(gyro_y=90.0)
    found, ledger = run(rows(np.arange(400) / HZ), turned)
    assert found == []
    assert dict(ledger.reasons) == {"gyro_x, gyro_y, gyro_z not in rad/s": 800}


def test_long_clocks_that_are_set_back_together_are_joined() -> None:
    """Two clocks of three parts each."""
    time = np.r_[np.arange(330), np.arange(330)] / HZ + 5
    found, ledger = run(rows(time), rows(time, sensor="gyro"))
    assert names(found)[2:4] == ["-part3", "-clock2-part1"]
    assert [len(r.table) for r in found] == [100, 100, 130] * 2
    assert ledger.rows_quarantined == 0


def test_long_clocks_that_are_set_back_apart_are_refused_from_there() -> None:
    """What was joined before the reset stays."""
    time = np.r_[np.arange(330), np.arange(330)] / HZ + 5
    found, ledger = run(rows(time), rows(5 + np.arange(660) / HZ, sensor="gyro"))
    assert names(found) == ["-part1", "-part2", "-part3"]
    assert ledger.reasons["the sensors' clocks were set back at different places"] == 330


# whatever comes

STEPS = st.lists(
    st.sampled_from([0.02] * 40 + [0.0, -0.03, 0.5, 3.0, -40.0]), min_size=1, max_size=400
)


@st.composite
def damaged(draw: st.DrawFn, sensor: str) -> pd.DataFrame:
    """Draw rows with disorder, pauses, resets, missing and impossible values."""
    table = rows(np.cumsum(draw(STEPS)), sensor=sensor)
    places = st.lists(st.integers(0, len(table) - 1), max_size=3)
    table.loc[draw(places), "time_s"] = np.nan
    table.loc[draw(places), f"{sensor}_y"] = draw(st.sampled_from([np.inf, 1e4, 0.5]))
    return table


@settings(max_examples=60)
@given(damaged("acc"), st.none() | damaged("gyro"), st.integers(1, 200))
def test_account_adds_up_whatever_is_wrong(
    acc: pd.DataFrame, gyro: pd.DataFrame | None, size: int
) -> None:
    """Rows in = kept + repaired + quarantined, and times increase in each recording."""
    parts = [acc] if gyro is None else [acc, gyro]
    found, ledger = run(*parts, size=size)
    assert len(ledger.quarantined()) == ledger.rows_quarantined
    assert len({r.meta.recording_id for r in found}) == len(found)
    for recording in found:
        assert (np.diff(recording.table["time_s"]) > 0).all()


def test_names_of_stretches() -> None:
    """Only what is needed to tell them apart."""
    empty = pd.DataFrame()
    cases = {
        (1, 1, False, True): "",
        (1, 1, False, False): "-clock1",
        (1, 1, True, True): "-part1",
        (1, 3, False, True): "-part3",
        (2, 1, False, False): "-clock2",
        (2, 2, True, False): "-clock2-part2",
    }
    for (clock, part, more, only), suffix in cases.items():
        assert Stretch(empty, clock, part, more, only).suffix == suffix

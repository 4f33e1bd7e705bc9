"""Raw tables become canonical recordings, and no row is lost on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from har.data.ingest import own
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin, harmonise, slug
from har.data.ingest.items import read_item
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ColumnMapping
from har.data.ingest.plan import Group, Plan
from har.data.recording import ACC, CHANNELS, GYRO, Recording
from har.data.schema import CleanTable, validate
from har.data.sources.base import Item, Raw, Source
from har.errors import DataError

MAPPING = ColumnMapping(time="t", acc=("x", "y", "z"))
SOURCE = own.source("lab", Plan((Group("tables", (), mapping=MAPPING),)))
REST = (0.0, 0.0, 9.81)
ORDER = "put in the order of time"
AVERAGED = "averaged with others of the same time"


def ticks(n: int, *, start: float = 0.0, step: float = 0.02) -> np.ndarray:
    """Return n times."""
    return start + step * np.arange(n)


def acc_rows(time: Any, acc: Any = REST, **columns: Any) -> pd.DataFrame:
    """Return an accelerometer's rows as a source hands them over."""
    frame = pd.DataFrame({"time_s": np.asarray(time, float)})
    frame[list(ACC)] = np.broadcast_to(np.asarray(acc, float), (len(frame), 3))
    return _with_origin(frame.assign(**{"label": None, **columns}), "acc.csv")


def gyro_rows(time: Any, x: Any = 0.0) -> pd.DataFrame:
    """Return a gyroscope's rows, which turns about its x axis."""
    frame = pd.DataFrame({"time_s": np.asarray(time, float), "gyro_x": x, "gyro_y": 0.0})
    return _with_origin(frame.assign(gyro_z=0.0), "gyro.csv")


def _with_origin(frame: pd.DataFrame, file: str) -> pd.DataFrame:
    return frame.assign(
        file=pd.Categorical([file] * len(frame)), line=np.arange(len(frame)) + 2, repaired=False
    )


@dataclass(frozen=True)
class Found:
    """What `harmonise` made of a raw recording."""

    recordings: list[Recording]
    ledger: Ledger

    @property
    def only(self) -> Recording:
        """The only recording."""
        (recording,) = self.recordings
        return recording

    @property
    def account(self) -> tuple[int, int, int]:
        """Rows kept, repaired, quarantined."""
        ledger = self.ledger
        return ledger.rows_kept, ledger.rows_repaired, ledger.rows_quarantined

    @property
    def warnings(self) -> list[str]:
        """Kinds of the warnings."""
        return [warning.kind for warning in self.ledger.warnings]


def run(*parts: pd.DataFrame, source: Source = SOURCE, **raw: Any) -> Found:
    """Harmonise one raw recording of subject 7; its account must add up."""
    ledger = Ledger()
    ledger.read(sum(map(len, parts)))
    entries = {"subject": "7", "name": "a", "placement": "unknown", **raw}
    origin = Origin("lab", source, {"acc.csv": "00"})
    found = list(harmonise(Raw(tables=parts, **entries), origin, ledger))
    ledger.check("item")
    return Found(found, ledger)


def values(recording: Recording, column: str) -> list[float]:
    """Return a column, rounded to what float32 holds."""
    return [round(float(v), 5) for v in recording.table[column]]


# units


def test_g_and_degrees_become_si() -> None:
    """1 g is 9.80665 m/s²; 180 deg/s is pi rad/s; the factors are recorded."""
    rows = acc_rows(ticks(10), (0.5, 0, 1), gyro_x=180.0, gyro_y=-90.0, gyro_z=0.0)
    found = run(rows, acc_unit="g", gyro_unit="deg/s").only
    assert found.table[list(CHANNELS)].iloc[3].tolist() == pytest.approx(
        [4.903325, 0, 9.80665, 3.14159265, -1.57079633, 0]
    )
    assert found.meta.conversions == (
        "acceleration = g * 9.80665",
        "angular velocity = deg/s * 0.017453292519943295",
    )


def test_si_is_left_as_it_is() -> None:
    """No factor, no conversion, beyond those that the source states itself."""
    found = run(acc_rows(ticks(10)), conversions=("gravity added",)).only
    assert values(found, "acc_z") == [9.81] * 10
    assert found.meta.conversions == ("gravity added",)
    assert found.table[list(GYRO)].isna().all(axis=None)


def test_wrong_unit_rejects_the_recording_and_no_other() -> None:
    """Of two recordings of an item, the one in g is quarantined and the other stays."""
    good = Raw("1", "good", "unknown", (acc_rows(ticks(10)),))
    bad = Raw("2", "bad", "unknown", (acc_rows(ticks(20), (0, 0, 1)),))
    ledger = Ledger()
    ledger.read(30)
    origin = Origin("lab", SOURCE, {})
    found = [r for raw in (bad, good) for r in harmonise(raw, origin, ledger)]
    ledger.check("item")
    assert [r.meta.recording_id for r in found] == ["lab-1-good"]
    assert list(ledger.rejected) == ["lab-2-bad"]
    assert ledger.rejected["lab-2-bad"].found == "1, which looks like g"
    assert dict(ledger.reasons) == {"acceleration is not in m/s² with gravity included": 20}


def test_values_beyond_any_sensor_reject_both_sensors() -> None:
    """Thousandths of g: neither table of the recording is kept."""
    found = run(acc_rows(ticks(10), (0, 0, 1000)), gyro_rows(ticks(10)))
    assert found.recordings == []
    assert found.account == (0, 0, 20)
    assert dict(found.ledger.reasons) == {"acc_x, acc_y, acc_z not in m/s²": 20}


def test_rejected_recording_keeps_no_row_of_its_gyroscope() -> None:
    """Acceleration in g condemns the angular velocity that was joined to it."""
    found = run(acc_rows(ticks(10), (0, 0, 1)), gyro_rows(ticks(10)))
    assert found.recordings == []
    assert found.account == (0, 0, 20)


# labels


def test_labels_are_translated_left_out_or_kept() -> None:
    """The table's own words, the taxonomy's in any spelling, "" left out; others are its own."""
    source = replace(SOURCE, labels={"Gehen": "walking", "pause": "", "Beuge": "biceps-curl"})
    words = ["Gehen", " Sitting ", "stairs UP", "Stairs_Down", "GEHEN", "Beuge", "Plate_Juggling"]
    found = run(acc_rows(ticks(9), label=[*words, "pause", None]), source=source)
    activities = found.only.table["activity"]
    assert activities[:7].tolist() == [
        *("walking", "sitting", "stairs-up", "stairs-down", "walking"),
        *("biceps-curl", "plate-juggling"),
    ]
    assert activities[7:].isna().all()
    assert activities.cat.categories.tolist() == [
        *("walking", "stairs-up", "stairs-down", "sitting", "biceps-curl", "plate-juggling"),
    ]
    assert found.ledger.own_words == {"Plate_Juggling": "plate-juggling"}
    assert found.warnings == []
    assert found.account == (9, 0, 0)


def test_everyday_words_are_synonyms_unless_somebody_says_otherwise() -> None:
    """They are told as what they were taken for; [labels] and [activities] overrule them."""
    words = ["Upstairs", "Climbing stairs", "Jog", "SIT", "Laying", "Biking", "row"]
    found = run(acc_rows(ticks(7), label=words))
    meant = ["stairs-up", "stairs-up", "jogging", "sitting", "lying", "cycling", "row"]
    assert found.only.table["activity"].tolist() == meant
    assert found.ledger.own_words == dict(zip(words, meant, strict=True))
    stated = replace(SOURCE, labels={"Jog": "running"}, own_activities={"upstairs": ""})
    found = run(acc_rows(ticks(7), label=words), source=stated)
    assert found.only.table["activity"].tolist() == ["upstairs", meant[1], "running", *meant[3:]]
    assert "Jog" not in found.ledger.own_words


def test_words_for_no_label() -> None:
    """What says that nobody labelled a row is no activity; "other" may be one, and numbers are."""
    words = ["NaN", "null", "", "Unlabelled", "not labeled", "unknown", "?", "other", "0", "1.0"]
    found = run(acc_rows(ticks(10), label=words))
    activities = found.only.table["activity"]
    assert activities[:7].isna().all()
    assert activities[7:].tolist() == ["other", "0", "1"]
    stated = run(acc_rows(ticks(10), label=words), source=replace(SOURCE, labels={"?": "waiting"}))
    assert stated.only.table["activity"][6] == "waiting"


@pytest.mark.parametrize(
    ("labels", "found"),
    [(np.arange(201), "201 of them"), (0.5 + np.arange(21), "21 of them, such as '0.5'")],
)
def test_a_column_of_numbers_is_no_label(labels: np.ndarray, found: str) -> None:
    """An index or a measurement would be hundreds of classes; as many as may be are kept."""
    with pytest.raises(DataError, match="its labels are no activities") as caught:
        run(acc_rows(ticks(len(labels)), label=labels.astype(str)))
    assert found in str(caught.value.found)
    kept = run(acc_rows(ticks(len(labels) - 1), label=labels[1:].astype(str)))
    assert len(kept.only.table["activity"].cat.categories) == len(labels) - 1


def test_known_data_set_uses_the_taxonomys_words() -> None:
    """WISDM's Upstairs; a word of another data set is unknown there."""
    source = replace(SOURCE, name="wisdm")
    found = run(acc_rows(ticks(3), label=["Upstairs", "Jogging", "wlk"]), source=source)
    assert found.only.table["activity"][:2].tolist() == ["stairs-up", "jogging"]
    assert found.only.table["activity"][2:].isna().all()
    assert found.warnings == ["unknown label"]
    assert found.ledger.own_words == {}


# time


def test_time_starts_at_0_and_the_start_is_kept() -> None:
    """Seconds since 1970 become seconds since the first sample."""
    found = run(acc_rows(ticks(5, start=1_700_000_000))).only
    assert values(found, "time_s") == [0, 0.02, 0.04, 0.06, 0.08]
    assert found.meta.start_s == 1_700_000_000


def test_clock_that_was_set_back_starts_another_recording() -> None:
    """Two recordings with starts and rows of their own; half a second back is disorder."""
    found = run(acc_rows([*ticks(6, start=100), *ticks(4, start=5)]))
    assert [r.meta.recording_id for r in found.recordings] == ["lab-7-a-clock1", "lab-7-a-clock2"]
    assert [r.meta.start_s for r in found.recordings] == [100, 5]
    assert [r.meta.rows_kept for r in found.recordings] == [6, 4]
    assert [values(r, "time_s")[-1] for r in found.recordings] == [0.1, 0.06]
    late = run(acc_rows([*ticks(6, start=100), *ticks(4, start=99.61)]))
    assert late.only.meta.recording_id == "lab-7-a"
    assert dict(late.ledger.repairs) == {ORDER: 4}


def test_single_row_between_resets_is_quarantined() -> None:
    """One sample has no rate; the others are recordings."""
    found = run(acc_rows([*ticks(5, start=100), 50.0, *ticks(5)]))
    assert [r.meta.recording_id for r in found.recordings] == ["lab-7-a-clock1", "lab-7-a-clock3"]
    assert dict(found.ledger.reasons) == {"fewer than two different times in a recording": 1}


def test_rows_out_of_order_are_put_in_order() -> None:
    """The row that came late is the repaired one, and its values move with it."""
    x = np.array([0, 1, 3, 2, 4], float)
    rows = acc_rows(x * 0.02, acc_x=x)
    found = run(rows)
    assert values(found.only, "acc_x") == [0, 1, 2, 3, 4]
    assert values(found.only, "time_s") == [0, 0.02, 0.04, 0.06, 0.08]
    assert found.account == (4, 1, 0)
    assert (found.only.meta.rows_kept, found.only.meta.rows_repaired) == (4, 1)
    assert dict(found.ledger.repairs) == {ORDER: 1}


def test_samples_of_one_time_are_averaged() -> None:
    """Values by hand; a label stays where all agree, and where they differ there is none."""
    time = [0, 0.02, 0.02, 0.04, 0.04, 0.06, 0.06, 0.06, *ticks(6, start=0.08)]
    labels = ["walking"] * 4 + ["sitting", "walking", None, *["walking"] * 7]
    x = [0, 1, 3, 2, 4, 3, 4, 8, *[0] * 6]
    found = run(acc_rows(time, acc_x=np.array(x, float), label=labels))
    assert values(found.only, "acc_x") == [0, 2, 3, 5, *[0] * 6]
    activities = found.only.table["activity"][:5]
    assert activities.isna().tolist() == [False, False, True, True, False]
    assert activities.dropna().tolist() == ["walking"] * 3
    assert found.account == (7, 7, 0)
    assert dict(found.ledger.repairs) == {AVERAGED: 7}


def test_copies_of_rows_are_quarantined_only_where_time_repeats() -> None:
    """A row that comes again is set aside; equal values at other times are a still sensor."""
    rows = acc_rows([0, 0.02, 0.02, 0.04])
    found = run(rows)
    assert dict(found.ledger.reasons) == {"copy of an earlier row": 1}
    assert found.ledger.quarantined()["line"].tolist() == [4]
    assert run(acc_rows(ticks(4))).account == (4, 0, 0)


def test_rows_that_are_no_measurement_are_quarantined() -> None:
    """Missing, infinite and impossible values go with their reason; the rest is kept."""
    x = np.zeros(1000)
    x[[3, 5, 7]] = [np.nan, np.inf, 1e6]
    found = run(acc_rows(ticks(1000), acc_x=x))
    assert dict(found.ledger.reasons) == {"acc_x is missing": 1, "acc_x out of range": 2}
    assert found.account == (997, 0, 3)
    assert found.ledger.quarantined()["line"].tolist() == [5, 7, 9]


# rate


def test_batches_with_one_stamp_are_spread_over_their_time() -> None:
    """Three samples at each 60 ms: 20 ms apart, none averaged; samples alike are no copies."""
    x = np.arange(60) / 60
    x[30:36] = 0.5  # as they were read: no reason to lose four of them
    found = run(acc_rows(np.repeat(ticks(20, step=0.06), 3), acc_x=x))
    assert values(found.only, "time_s") == [round(0.02 * i, 5) for i in range(60)]
    assert found.only.meta.rate_hz == pytest.approx(50)
    assert found.account == (20, 40, 0)
    assert dict(found.ledger.repairs) == {"given a time of its own within its batch": 40}


def test_batches_of_both_sensors_are_spread() -> None:
    """Each by its own clock: 10 t rad/s stays that at the times of acceleration."""
    fine = ticks(60)
    found = run(
        acc_rows(np.repeat(ticks(20, step=0.06), 3), acc_x=fine),
        gyro_rows(np.repeat(ticks(30, step=0.04), 2), 10 * fine),
    )
    assert values(found.only, "gyro_x") == [round(0.2 * i, 5) for i in range(60)]
    assert found.account == (20 + 30, 40 + 30, 0)


def test_times_coarser_than_the_rows_are_refused() -> None:
    """Nine to eleven rows at each tenth of a second: both tables go, and the way out is named."""
    time = np.repeat(ticks(30, step=0.1), [9, 10, 11] * 10)
    found = run(acc_rows(time, acc_x=np.arange(300) / 300), gyro_rows(ticks(150)))
    assert found.recordings == []
    assert dict(found.ledger.reasons) == {"most rows share their time with others": 450}
    error = found.ledger.rejected["lab-7-a"]
    assert error.found == "300 rows at 30 times, 9 to 11 at each"
    assert "--map rate_hz=" in str(error.hint)


def test_rows_that_all_came_twice_are_copies() -> None:
    """Most rows share their time, and none of them when the copies are gone."""
    found = run(acc_rows(np.repeat(ticks(20), 2), acc_x=np.repeat(np.arange(20) / 20, 2)))
    assert found.account == (20, 0, 20)
    assert dict(found.ledger.reasons) == {"copy of an earlier row": 20}


def test_low_rate_is_a_warning() -> None:
    """12.5 Hz are less than a third of the usual 50; WISDM's 20 Hz are not."""
    x = np.arange(50) / 50
    found = run(acc_rows(ticks(50, step=0.08), acc_x=x))
    assert [(w.kind, w.detail) for w in found.ledger.warnings] == [("low rate", "12.5 Hz")]
    assert run(acc_rows(ticks(50, step=0.05), acc_x=x)).warnings == []


@pytest.mark.parametrize(
    ("declared", "actual", "rate_hz", "warned"),
    [
        (50.0, 50.0, 50.0, []),
        (50.0, 48.0, 50.0, []),
        (50.0, 40.0, 40.0, ["rate"]),
        (None, 40.0, 40.0, []),
    ],
)
def test_rate_is_declared_if_the_timestamps_agree(
    declared: float | None, actual: float, rate_hz: float, warned: list[str]
) -> None:
    """Within 5 % the declared one; beyond, the timestamps' and a warning."""
    found = run(acc_rows(ticks(11, step=1 / actual)), source=replace(SOURCE, rate_hz=declared))
    assert found.only.meta.rate_hz == pytest.approx(rate_hz)
    assert found.warnings == warned


# two clocks


def test_angular_velocity_is_interpolated_at_the_times_of_acceleration() -> None:
    """gyro_x = 10 t, sampled 10 ms later: 0.2 at 20 ms, 0.4 at 40 ms; nothing before 10 ms."""
    time = ticks(5, start=0.01)
    found = run(acc_rows(ticks(5)), gyro_rows(time, 10 * time))
    assert values(found.only, "gyro_x") == [0.1, 0.2, 0.4, 0.6, 0.8]
    assert found.account == (10, 0, 0)
    assert (found.only.meta.rows_kept, found.only.meta.rows_repaired) == (10, 0)


def test_repeated_times_of_the_gyroscope_are_averaged_and_counted() -> None:
    """1 and 3 rad/s at 20 ms are 2 rad/s, and two repaired rows."""
    found = run(acc_rows(ticks(3)), gyro_rows([0, 0.02, 0.02, 0.04], [0.0, 1.0, 3.0, 0.0]))
    assert values(found.only, "gyro_x") == [0, 2, 0]
    assert found.account == (5, 2, 0)
    assert dict(found.ledger.repairs) == {AVERAGED: 2}


def test_acceleration_in_a_pause_of_the_gyroscope_is_quarantined() -> None:
    """From 0.2 to 0.5 s nothing turned: 14 samples at 0.22 to 0.48 s have no neighbours."""
    turned = np.r_[ticks(11), ticks(11, start=0.5)]
    found = run(acc_rows(ticks(36)), gyro_rows(turned))
    assert dict(found.ledger.reasons) == {"no angular velocity within 0.1 s": 14}
    assert found.ledger.quarantined()["line"].tolist() == list(range(13, 27))
    assert len(found.only.table) == 22


def test_gyroscope_at_the_end_of_a_pause_of_acceleration_is_used() -> None:
    """Between 5 rad/s at 0.99 s and 1 rad/s at 1.01 s lies 3 rad/s, at 1 s."""
    moved = np.r_[ticks(21), ticks(21, start=1.0)]
    time = ticks(71, start=0.01)
    x = np.where(np.isclose(time, 0.99), 5.0, 1.0)
    found = run(acc_rows(moved), gyro_rows(time, x))
    assert values(found.only, "gyro_x") == [1.0] * 21 + [3.0] + [1.0] * 20
    # 0.51 to 0.89 s: those at 0.41 to 0.49 and 0.91 to 0.99 s are near.
    assert dict(found.ledger.reasons) == {"no acceleration within 0.1 s": 20}


def test_what_is_outside_the_other_sensors_span_is_quarantined() -> None:
    """Acceleration 0 to 1 s, angular velocity 0.51 to 1.51 s: 21 rows of each stand alone."""
    found = run(acc_rows(ticks(51)), gyro_rows(ticks(51, start=0.51)))
    assert dict(found.ledger.reasons) == {
        "no acceleration within 0.1 s": 21,
        "no angular velocity within 0.1 s": 21,
    }
    assert found.only.meta.start_s == pytest.approx(0.42)
    assert len(found.only.table) == 30


def test_slow_acceleration_is_joined_with_a_fast_gyroscope() -> None:
    """At 4 Hz no sample of a gyroscope is near two of acceleration; those near one count."""
    found = run(acc_rows(ticks(9, step=0.25)), gyro_rows(ticks(101), ticks(101)))
    assert values(found.only, "gyro_x") == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]


def test_clocks_without_a_common_time_leave_acceleration_alone() -> None:
    """The gyroscope is quarantined, and the user is warned."""
    found = run(acc_rows(ticks(10)), gyro_rows(ticks(8, start=1000)))
    assert found.only.table[list(GYRO)].isna().all(axis=None)
    assert found.account == (10, 0, 8)
    assert found.warnings == ["no gyroscope"]
    assert set(found.ledger.quarantined()["file"]) == {"gyro.csv"}


def test_clocks_that_were_set_back_together_are_joined_part_by_part() -> None:
    """Both start anew: two recordings, each with its gyroscope."""
    time = [*ticks(6, start=100), *ticks(6, start=5)]
    found = run(acc_rows(time), gyro_rows(time, [1.0] * 6 + [2.0] * 6))
    assert [r.meta.recording_id for r in found.recordings] == ["lab-7-a-clock1", "lab-7-a-clock2"]
    assert [values(r, "gyro_x")[0] for r in found.recordings] == [1, 2]
    assert [r.meta.rows_kept for r in found.recordings] == [12, 12]


def test_clocks_that_were_set_back_at_different_places_are_refused() -> None:
    """Nobody knows which parts belong together: all rows go to quarantine."""
    found = run(acc_rows([*ticks(6, start=100), *ticks(6, start=5)]), gyro_rows(ticks(12)))
    assert found.recordings == []
    reason = "the sensors' clocks were set back at different places"
    assert dict(found.ledger.reasons) == {reason: 24}


# names and placements


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("exp01", "exp01"),
        ("a.b_c-d", "a.b_c-d"),
        ("", ""),
        ("../x", "x-d6b96a97"),  # the first 8 digits of its SHA-256, as of all below
        ("Ärzte 1", "rzte-1-1e6a1f05"),
        ("...", "ab5df625"),
    ],
)
def test_slugs_are_safe_names(text: str, safe: str) -> None:
    """Letters, digits and ``._-`` stay; what was changed is told apart by a digest."""
    assert slug(text) == safe


@given(st.text(max_size=200))
def test_any_text_makes_a_safe_name(text: str) -> None:
    """Short, ASCII, not hidden, and the same again when it is made of itself."""
    found = slug(text)
    assert len(found) <= 89
    assert found.isascii()
    assert found == text or not found.startswith(".")
    assert slug(found) == found or found == text


def test_different_texts_stay_apart() -> None:
    """What reads alike once it is safe keeps names of its own."""
    texts = ["a b", "a/b", "a-b", "a  b", "x" * 100, "x" * 101]
    assert len({slug(text) for text in texts}) == len(texts)


def test_recording_is_named_by_data_set_subject_placement_and_name() -> None:
    """The placement stands in the name only where there are several."""
    one = run(acc_rows(ticks(5)), subject="s 1", name="b/c").only.meta
    assert one.recording_id == f"lab-{slug('s 1')}-{slug('b/c')}"
    assert one.subject_id == f"lab-{slug('s 1')}"
    several = replace(SOURCE, placements=("wrist", "hip"))
    assert run(acc_rows(ticks(5)), source=several, placement="hip").only.meta.recording_id == (
        "lab-7-hip-a"
    )


def test_placements_that_were_not_asked_for_are_left_out(tmp_path: Path) -> None:
    """Only the hip is read; the wrist's rows, of both sensors, are counted."""

    def read(files: RawFiles, item: Item, ledger: Ledger) -> Iterator[Raw]:
        ledger.read(10 + 8 + 6)
        yield Raw("1", "a", "wrist", (acc_rows(ticks(10)), gyro_rows(ticks(8))))
        yield Raw("1", "a", "hip", (acc_rows(ticks(6)),))

    source = replace(SOURCE, placements=("wrist", "hip"), read=read)
    ledger = Ledger()
    origin = Origin("lab", source, {}, ("hip",))
    found = list(read_item(open_files(tmp_path), Item("all", ()), origin, ledger))
    assert [r.meta.recording_id for r in found] == ["lab-1-hip-a"]
    assert (ledger.rows_kept, ledger.rows_left_out, ledger.rows_quarantined) == (6, 18, 0)


# the account

STEPS = st.lists(
    st.sampled_from([0.02] * 12 + [0.0, 0.0, -0.03, 0.5, 3.0, -40.0]), min_size=1, max_size=40
)


@st.composite
def damaged(draw: st.DrawFn, make: Any) -> pd.DataFrame:
    """Draw rows with missing values, copies, disorder, pauses and resets."""
    time = np.cumsum(draw(STEPS))
    rows = make(time)
    places = st.lists(st.integers(0, len(rows) - 1), max_size=4)
    values = [c for c in (*ACC, *GYRO) if c in rows]
    for column in ("time_s", values[0]):
        rows.loc[draw(places), column] = np.nan
    rows.loc[draw(places), values[1]] = draw(st.sampled_from([np.inf, 1e4, 0.5]))
    if "label" in rows:
        rows["label"] = draw(
            st.lists(
                st.sampled_from(["walking", "what", None]), min_size=len(rows), max_size=len(rows)
            )
        )
    order = sorted([*range(len(rows)), *draw(places)])
    return rows.iloc[order].reset_index(drop=True)


@settings(max_examples=60)
@given(damaged(acc_rows), st.none() | damaged(gyro_rows))
def test_account_adds_up_whatever_is_wrong(acc: pd.DataFrame, gyro: pd.DataFrame | None) -> None:
    """Rows in = kept + repaired + quarantined, and recordings are clean in time."""
    parts = [acc] if gyro is None else [acc, gyro]
    found = run(*parts)
    assert sum(found.account) == sum(map(len, parts))
    assert found.account[2] == len(found.ledger.quarantined())
    metas = [recording.meta for recording in found.recordings]
    assert sum(meta.rows_kept for meta in metas) == found.ledger.rows_kept
    assert sum(meta.rows_repaired for meta in metas) == found.ledger.rows_repaired
    for recording in found.recordings:
        validate(recording, CleanTable)

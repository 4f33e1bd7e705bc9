"""A magnetometer with a clock of its own is read along, and nothing depends on it."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from har.data.ingest import own
from har.data.ingest.harmonise import Origin, harmonise
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import ColumnMapping
from har.data.ingest.plan import Group, Plan
from har.data.recording import ACC, MAG, Recording
from har.data.sources.base import Raw
from har.errors import DataError

MAPPING = ColumnMapping(time="t", acc=("x", "y", "z"))
SOURCE = own.source("lab", Plan((Group("tables", (), mapping=MAPPING),)))
FIELD = (30.0, -20.0, 32.0)


def rows(time: Iterable[float], names: Iterable[str], values: object) -> pd.DataFrame:
    """Return a sensor's rows as a source hands them over."""
    frame = pd.DataFrame({"time_s": np.asarray([*time], float)})
    frame[[*names]] = np.broadcast_to(np.asarray(values, float), (len(frame), 3))
    file = pd.Categorical(["a.csv"] * len(frame))
    return frame.assign(file=file, line=np.arange(len(frame)) + 2, repaired=False, label=None)


def read(
    acc: pd.DataFrame, *field: pd.DataFrame, fails: bool = False
) -> tuple[list[Recording], Ledger]:
    """Harmonise a recording with a magnetometer; every row must be accounted for."""

    def blocks(ledger: Ledger) -> Iterator[pd.DataFrame]:
        for block in field:
            ledger.read(len(block))
            yield block
        if fails:
            raise DataError("Magnetometer.csv: damaged")

    ledger = Ledger()
    ledger.read(len(acc))
    raw = Raw("7", "a", "unknown", (acc,), field=blocks if field or fails else None)
    found = list(harmonise(raw, Origin("lab", SOURCE, {}), ledger))
    ledger.check("item")
    return found, ledger


def test_the_field_is_taken_at_the_times_of_acceleration() -> None:
    """Between two samples it is their mean, by both clocks; a sample far off is left out."""
    times = [*np.arange(0, 1, 0.02), *np.arange(-40, -39, 0.02)]
    acc = rows(times, ACC, (0, 0, 9.81))
    slow = np.arange(-0.09, 1.1, 0.1)
    first = rows(slow, MAG, np.column_stack([30 + 100 * slow, 0 * slow, 20 + 0 * slow]))
    second = rows([-45, *np.arange(-40.01, -38.9, 0.1)], MAG, FIELD)
    (one, other), ledger = read(acc, first[:7], first[7:], second)
    assert one.table["mag_x"].tolist() == pytest.approx([30 + 2 * i for i in range(50)])
    assert other.table[list(MAG)].to_numpy().tolist() == [list(FIELD)] * 50
    assert ledger.warnings == []
    assert (ledger.rows_kept, ledger.rows_left_out) == (100 + 12 + 12, 1)
    assert sum(recording.meta.rows_kept for recording in (one, other)) == ledger.rows_kept


@pytest.mark.parametrize(
    ("field", "fails", "why"),
    [
        ([rows([], MAG, FIELD)], False, "is missing"),
        ([rows(np.arange(0, 0.5, 0.02), MAG, FIELD)], False, "is missing"),
        ([rows(np.arange(0, 1, 0.02), MAG, np.nan)], False, "is missing"),
        ([rows(np.arange(0, 1, 0.02), MAG, (0.3, 0.1, 0.2))], False, "not in µT"),
        ([rows(np.arange(0, 1, 0.02), MAG, FIELD)], True, "damaged"),
    ],
    ids=["empty", "stops", "no-number", "other-unit", "damaged"],
)
def test_a_broken_one_is_told_and_refuses_nothing(
    field: list[pd.DataFrame], fails: bool, why: str
) -> None:
    """The recording is as it would be without; the magnetometer's rows are left out."""
    acc = rows(np.arange(0, 1, 0.02), ACC, (0, 0, 9.81))
    (found,), ledger = read(acc, *field, fails=fails)
    assert len(found.table) == 50
    assert not set(MAG) & set(found.table)
    assert [w.kind for w in ledger.warnings] == ["no magnetometer"]
    assert why in ledger.warnings[0].detail
    assert (ledger.rows_kept, ledger.rows_quarantined) == (50, 0)


STEPS = st.lists(
    st.sampled_from([0.02] * 9 + [0.1, 0.0, -0.03, 3.0, -40.0]), min_size=2, max_size=40
)
VALUES = st.lists(st.sampled_from([30.0] * 20 + [np.nan, np.inf, 1e4]), min_size=40, max_size=40)


@settings(max_examples=60)
@given(STEPS, STEPS, VALUES)
def test_acceleration_is_the_same_whatever_the_magnetometer_does(
    acc_steps: list[float], steps: list[float], values: list[float]
) -> None:
    """Disorder, pauses, resets and junk of one sensor change nothing of the other."""
    acc = rows(np.cumsum(acc_steps), ACC, (0, 0, 9.81))
    field = rows(
        np.cumsum(steps), MAG, np.array([values[: len(steps)], *[[20.0] * len(steps)] * 2]).T
    )
    found, ledger = read(acc, field[:9], field[9:])
    without, alone = read(acc.copy())
    assert ledger.rows_quarantined == alone.rows_quarantined
    assert sum(r.meta.rows_kept for r in found) == ledger.rows_kept
    for one, other in zip(found, without, strict=True):
        pd.testing.assert_frame_equal(
            one.table.drop(columns=list(MAG), errors="ignore"), other.table
        )

"""The account of rows: what goes in comes out as kept, repaired, quarantined or left out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.data.ingest.ledger import Ledger
from har.errors import DataError, HarError


def table(n: int, first: int = 1) -> pd.DataFrame:
    """Return n rows of a file, from a line on."""
    return pd.DataFrame(
        {
            "acc_x": np.arange(n) / 8,
            "label": pd.Categorical(["går"] * n),
            "file": pd.Categorical(["f.csv"] * n),
            "line": np.arange(first, first + n),
            "repaired": False,
        }
    )


def test_every_row_is_somewhere() -> None:
    """Kept, repaired, quarantined and left out add up, and the check passes."""
    ledger = Ledger()
    rows = table(10)
    ledger.read(10)
    rows = ledger.filter(rows, (rows["line"] <= 2).to_numpy(), "too early")
    ledger.repair(rows, (rows["line"] > 8).to_numpy(), "moved")
    ledger.leave_out(rows[:3])
    ledger.keep(rows[3:])
    counts = (ledger.rows_in, ledger.rows_kept, ledger.rows_repaired)
    assert counts == (10, 3, 2)
    assert (ledger.rows_quarantined, ledger.rows_left_out) == (2, 3)
    assert rows.index.tolist() == list(range(8))
    ledger.check("item")


def test_lost_and_doubled_rows_are_found() -> None:
    """One row too few or too many is a fault of the reader, and is told with the sums."""
    for kept, words in ((9, "9 + 0 + 0 + 0 = 9"), (11, "11 + 0 + 0 + 0 = 11")):
        ledger = Ledger()
        ledger.read(10)
        ledger.keep(table(kept))
        with pytest.raises(HarError, match="item: rows do not add up") as caught:
            ledger.check("item")
        assert "expected: 10 rows" in str(caught.value)
        assert words in str(caught.value)


def test_rows_with_several_sensors_count_for_each() -> None:
    """A line that gives samples of three sensors is three rows."""
    ledger = Ledger()
    ledger.read(4)
    ledger.share(table(4), 3)
    assert ledger.rows_in == 12
    for _ in range(3):
        ledger.keep(table(4))
    ledger.check("item")


def test_repairs_are_counted_by_reason_and_rows_once() -> None:
    """A row that was repaired twice is one repaired row, and stands under both reasons."""
    ledger = Ledger()
    rows = table(5)
    ledger.read(5)
    ledger.repair(rows, np.array([True, True, False, False, False]), "moved")
    ledger.repair(rows, np.array([False, True, True, False, False]), "averaged")
    ledger.repair(rows, np.zeros(5, bool), "never")
    ledger.keep(rows)
    assert dict(ledger.repairs) == {"moved": 2, "averaged": 2}
    assert rows["repaired"].tolist() == [True, True, True, False, False]
    assert (ledger.rows_kept, ledger.rows_repaired) == (2, 3)
    ledger.check("item")


def test_quarantine_keeps_where_why_and_what() -> None:
    """File, line, reason and the values as JSON; order is that of setting aside."""
    ledger = Ledger()
    rows = table(3, first=7)
    rows.loc[1, "acc_x"] = np.nan
    ledger.quarantine(rows[1:], "odd")
    ledger.set_aside("g.csv", [4], ["1,2\u2028\x85,x"], "no row")
    found = ledger.quarantined()
    assert found.columns.tolist() == ["file", "line", "reason", "content"]
    assert found["file"].tolist() == ["f.csv", "f.csv", "g.csv"]
    assert found["line"].tolist() == [8, 9, 4]
    assert found["reason"].tolist() == ["odd", "odd", "no row"]
    values = [json.loads(content) for content in found["content"][:2]]
    assert values == [{"acc_x": None, "label": "går"}, {"acc_x": 0.25, "label": "går"}]
    assert found["content"].iloc[2] == "1,2\u2028\x85,x"
    assert dict(ledger.reasons) == {"odd": 2, "no row": 1}
    assert ledger.rows_quarantined == 3


@given(st.lists(st.text(max_size=8), min_size=1, max_size=6), st.floats(allow_nan=False))
def test_any_text_stays_one_row_of_quarantine(words: list[str], number: float) -> None:
    """Line ends and quotes inside a value do not make two rows of one."""
    ledger = Ledger()
    rows = table(len(words)).assign(word=words, acc_x=number)
    ledger.quarantine(rows, "odd")
    assert ledger.rows_quarantined == len(words)
    found = [json.loads(content)["word"] for content in ledger.quarantined()["content"]]
    assert found == words


def test_nothing_set_aside() -> None:
    """No rows are no entry, no reason, and an empty table with the columns."""
    ledger = Ledger()
    rows = table(3)
    assert ledger.filter(rows, np.zeros(3, bool), "never") is rows
    ledger.quarantine(rows[:0], "never")
    ledger.set_aside("f.csv", [], [], "never")
    assert ledger.quarantined().columns.tolist() == ["file", "line", "reason", "content"]
    assert (len(ledger.quarantined()), dict(ledger.reasons)) == (0, {})
    ledger.check("item")


def test_quarantine_is_a_table_that_can_be_stored(tmp_path: Path) -> None:
    """Rows of frames and of texts make one Parquet file with whole-number lines."""
    ledger = Ledger()
    ledger.quarantine(table(2), "odd")
    ledger.set_aside("f.csv", [3], ["\ufffd\0"], "holds a NUL byte")
    ledger.quarantined().to_parquet(tmp_path / "q.parquet", index=False)
    stored = pd.read_parquet(tmp_path / "q.parquet")
    assert stored["line"].tolist() == [1, 2, 3]
    assert stored["line"].dtype == np.int64
    assert stored["content"].iloc[2] == "\ufffd\0"


def test_many_rows_in_quarantine_are_spilled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory holds few of them; the file has all, and the same as without."""
    monkeypatch.setattr("har.data.ingest.ledger.SPILLED_ROWS", 4)
    spilled, held = Ledger(spill=tmp_path / "spilled.parquet"), Ledger()
    for ledger in (spilled, held):
        for first in (1, 4, 7, 17):
            ledger.quarantine(table(3 if first < 10 else 9, first), f"odd {first}")
        ledger.set_aside("g.csv", [1], ["x"], "no row")
    assert len(spilled.quarantined()) < 4
    for ledger, name in ((spilled, "spilled"), (held, "held")):
        ledger.write(tmp_path / f"{name}.parquet")
        assert ledger.rows_quarantined == 19
    stored = pd.read_parquet(tmp_path / "spilled.parquet")
    pd.testing.assert_frame_equal(stored, pd.read_parquet(tmp_path / "held.parquet"))
    assert stored["line"].tolist() == [*range(1, 10), *range(17, 26), 1]
    Ledger().write(tmp_path / "none.parquet")
    assert not (tmp_path / "none.parquet").exists()


def test_warnings_and_rejections() -> None:
    """Both name the recording; a rejection keeps the whole reason."""
    ledger = Ledger()
    ledger.warn("r1", "rate", "49 Hz")
    error = DataError("wrong unit", expected="m/s²", found="g")
    ledger.reject("r2", error)
    assert [(w.recording, w.kind, w.detail) for w in ledger.warnings] == [("r1", "rate", "49 Hz")]
    assert ledger.rejected == {"r2": error}

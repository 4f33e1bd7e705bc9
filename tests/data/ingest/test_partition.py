"""Mixed rows become one table per group, and nothing stays on the disk."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from har.data.ingest.partition import partition, streams


def block(who: list[str | None], first: int = 0) -> pd.DataFrame:
    """Return rows of several people, numbered."""
    return pd.DataFrame({"who": who, "n": range(first, first + len(who))}).astype({"who": "str"})


def test_rows_keep_their_order_over_blocks() -> None:
    """Groups come as they first appear, rows as they came."""
    blocks = [block(["b", "a", "b"]), block(["a", "a"], 3), block(["c", "b"], 5)]
    found = {key: rows["n"].tolist() for key, rows in partition(blocks, ["who"])}
    assert found == {("b",): [0, 2, 6], ("a",): [1, 3, 4], ("c",): [5]}
    assert list(found) == [("b",), ("a",), ("c",)]


def test_all_columns_are_kept() -> None:
    """Those that name the group as well; the index starts anew."""
    ((key, rows),) = partition([block(["a", "a"])], ["who"])
    assert key == ("a",)
    assert rows.to_dict("list") == {"who": ["a", "a"], "n": [0, 1]}
    assert rows.index.tolist() == [0, 1]


def test_missing_names_are_a_group() -> None:
    """Rows without a name are not lost, whether a block has some or nothing else."""
    blocks = [block(["a", None]), block([None, None], 2)]
    found = {key: rows["n"].tolist() for key, rows in partition(blocks, ["who"])}
    assert found == {("a",): [0], ("",): [1, 2, 3]}


def test_two_columns_name_a_group() -> None:
    """Each pair that occurs, and no other."""
    frame = block(["a", "a", "b"]).assign(session=["1", "2", "1"])
    assert [key for key, _ in partition([frame], ["who", "session"])] == [
        ("a", "1"),
        ("a", "2"),
        ("b", "1"),
    ]


def test_categories_may_differ_between_blocks() -> None:
    """Words that only a later block has join those of the first."""
    blocks = [block(["a", "b"]).astype("category"), block(["c", "a"], 2).astype("category")]
    found = {key[0]: rows["n"].astype(int).tolist() for key, rows in partition(blocks, ["who"])}
    assert found == {"a": [0, 3], "b": [1], "c": [2]}


def test_groups_come_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each group whole, and no more than a batch of it at once."""
    monkeypatch.setattr("har.data.ingest.partition.BATCH", 2)
    blocks = [block(["a", "b", "a"]), block(["a", "a", "a"], 3)]
    found = {key: [b["n"].tolist() for b in rows] for key, rows in streams(blocks, ["who"])}
    assert [n for rows in found[("a",)] for n in rows] == [0, 2, 3, 4, 5]
    assert max(len(rows) for rows in found[("a",)]) == 2
    assert found[("b",)] == [[1]]


def test_no_blocks_no_groups() -> None:
    """Nothing comes of nothing, or of blocks without rows."""
    assert list(partition([], ["who"])) == []
    assert list(partition([block([])], ["who"])) == []


def test_temporary_files_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last group, when the reader stops early, and when a block fails."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def failing() -> Iterator[pd.DataFrame]:
        yield block(["a", "b"])
        raise ValueError("cut off")

    groups = partition([block(["a", "b"])], ["who"])
    next(groups)
    assert len(list(tmp_path.iterdir())) == 1
    groups.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []
    list(partition([block(["a", "b"])], ["who"]))
    with pytest.raises(ValueError, match="cut off"):
        list(partition(failing(), ["who"]))
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=30)
@given(st.lists(st.lists(st.sampled_from(["a", "b", "", None, "é/.."]), max_size=8), max_size=4))
def test_no_row_is_lost_or_doubled(names: list[list[str | None]]) -> None:
    """All rows come back once, in the group of their name."""
    firsts = [sum(map(len, names[:i])) for i in range(len(names))]
    blocks = [block(who, first) for who, first in zip(names, firsts, strict=True)]
    expected: dict[str, list[int]] = {}
    for number, name in enumerate(name for who in names for name in who):
        expected.setdefault(name or "", []).append(number)
    found = {key[0]: rows["n"].tolist() for key, rows in partition(blocks, ["who"])}
    assert found == expected

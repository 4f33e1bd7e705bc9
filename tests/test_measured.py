"""What was measured lies in a file of its own."""

from pathlib import Path

from har.measured import read_measured, write_measured


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    """One JSON file beside the content."""
    write_measured(tmp_path, {"seconds": 1.25, "host": "a"})
    assert read_measured(tmp_path) == {"seconds": 1.25, "host": "a"}
    assert [path.name for path in tmp_path.iterdir()] == ["measured.json"]


def test_nothing_was_measured_where_no_file_is(tmp_path: Path) -> None:
    """A checkpoint that somebody brought has none."""
    assert read_measured(tmp_path) == {}

"""Benchmarks measure real work, and say against what."""

from pathlib import Path

import pytest

from har.benchmarks import features, ingest
from har.benchmarks.measure import cost_of
from har.data.windows import Windows


def test_every_line_names_its_baseline_and_counts_its_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bundled and synthetic data, plain read and ingestion, each with a ratio to the read."""
    entries = list(ingest.run(20_000, "parquet", 1))
    assert [entry.baseline for entry in entries] == ["read_parquet"] * 4
    assert [entry.rows for entry in entries] == [1_122_772, 1_122_772, 20_000, 20_000]
    for entry in entries:
        assert entry.rows_per_s == pytest.approx(entry.rows / entry.seconds, rel=0.5)
        assert entry.peak_mb > 10


def test_features_are_measured_against_installed_libraries(small: Windows, tmp_path: Path) -> None:
    """HAR first, then the others, with the number of features that each gives."""
    small.save(tmp_path)
    entries = {entry.library: entry for entry in features.run(tmp_path, 64, 50.0)}
    assert entries["har"].features == 494
    assert entries["har"].ratio == 1
    assert entries["pycatch22"].features == 6 * 24
    assert entries["tsfel"].features > 900
    assert entries["tsfel"].ratio > 1


def test_a_failure_in_the_measured_process_is_told() -> None:
    """A call that dies has no cost."""
    with pytest.raises(RuntimeError, match="ended without a result"):
        cost_of(int, "no number")

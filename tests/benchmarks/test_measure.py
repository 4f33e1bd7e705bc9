"""What a call costs is measured in a process of its own."""

import pytest

from har.benchmarks.measure import cost_of


def test_a_failure_in_the_measured_process_is_told() -> None:
    """A call that dies has no cost."""
    with pytest.raises(RuntimeError, match="ended without a result"):
        cost_of(int, "no number")


def test_memory_is_the_process_s_own() -> None:
    """What the one who starts it holds is not counted."""
    held = b"x" * 300_000_000
    assert cost_of(len, b"held").peak_mb < len(held) / 1e6

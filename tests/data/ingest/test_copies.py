"""Copies are found by their samples, whatever their name, start and time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from har.data.ingest.copies import find_copies
from har.data.ingested import Copy
from har.data.recording import CHANNELS, Recording, RecordingMeta, make_table, write_recording


def noise(name: str, n: int = 2000, seed: int = 0) -> Recording:
    """Return a recording of which no two samples are alike."""
    values = np.random.default_rng(seed).normal(0, 1, (n, 6)).astype(np.float32)
    return of_values(name, values)


def of_values(name: str, values: np.ndarray) -> Recording:
    meta = RecordingMeta("lab", name, "lab-01", 50.0, "wrist", "CC0")
    columns = dict(zip(CHANNELS, values.T, strict=True))
    time_s = np.arange(len(values)) / 50
    return Recording(make_table(meta, {**columns, "time_s": time_s}, [None] * len(values)), meta)


def values_of(recording: Recording) -> np.ndarray:
    return recording.table[list(CHANNELS)].to_numpy().copy()


def copied(recording: str, same_as: str, share: float) -> Copy:
    """Return what is expected of two recordings."""
    return Copy(recording=recording, same_as=same_as, share=share)


def copies_of(tmp_path: Path, *recordings: Recording) -> list[Copy]:
    for recording in recordings:
        write_recording(recording, tmp_path)
    return find_copies(tmp_path)


def test_different_recordings_share_nothing(tmp_path: Path) -> None:
    """Two recordings of noise are no copies."""
    assert copies_of(tmp_path, noise("a", seed=1), noise("b", seed=2)) == []


@pytest.mark.parametrize("n", [2000, 20])
def test_copy_under_another_name(tmp_path: Path, n: int) -> None:
    """A whole copy is found, even one shorter than a hash spans."""
    original = noise("a", n)
    copy = replace(original, meta=replace(original.meta, recording_id="b", subject_id="lab-02"))
    assert copies_of(tmp_path, original, copy) == [copied("b", "a", 1.0)]


def test_three_copies_name_the_first(tmp_path: Path) -> None:
    """Of three alike each is paired with the first only."""
    found = copies_of(tmp_path, noise("a"), noise("b"), noise("c"))
    assert found == [copied("b", "a", 1.0), copied("c", "a", 1.0)]


def test_trimmed_copy(tmp_path: Path) -> None:
    """A copy that starts 37 rows later has other rows at every place, and is found."""
    original = noise("a")
    trimmed = of_values("b", values_of(original)[37:])
    assert copies_of(tmp_path, original, trimmed) == [copied("b", "a", 1.0)]


def test_the_shorter_one_is_the_copy(tmp_path: Path) -> None:
    """Whatever the names, what is a part of another is named as the copy."""
    longest = noise("c", 4000)
    parts = [of_values("a", values_of(longest)[500:2000]), of_values("b", values_of(longest)[300:])]
    found = copies_of(tmp_path, longest, *parts)
    assert found == [copied("a", "c", 1.0), copied("b", "c", 1.0)]


def test_partial_copy(tmp_path: Path) -> None:
    """A recording half of which stands in another is found, with that share."""
    original = noise("a", 8000)
    joined = np.concatenate([values_of(noise("x", 3000, seed=9)), values_of(original)[:3000]])
    assert copies_of(tmp_path, original, of_values("b", joined)) == [copied("b", "a", 0.5)]


def test_small_part_in_common(tmp_path: Path) -> None:
    """Less than a tenth in common is no copy."""
    original = noise("a", 8000)
    joined = np.concatenate([values_of(noise("x", 7500, seed=9)), values_of(original)[:500]])
    assert copies_of(tmp_path, original, of_values("b", joined)) == []


def test_equal_constant_stretches_are_no_copy(tmp_path: Path) -> None:
    """A sensor that rests or is stuck at the same values twice proves nothing."""
    still = np.full((4000, 6), 0.5, np.float32)
    still[::50] += 0.25  # a change once a second
    recordings = [
        of_values(name, np.concatenate([values_of(noise("x", 1000, seed=seed)), still]))
        for seed, name in enumerate("ab")
    ]
    assert copies_of(tmp_path, *recordings) == []


def test_no_gyroscope(tmp_path: Path) -> None:
    """What is missing is alike in both, and the accelerations decide."""
    values = [values_of(noise("x", seed=seed)) for seed in (1, 2, 1)]
    for array in values:
        array[:, 3:] = np.nan
    values[2] = values[2][37:]
    found = copies_of(tmp_path, *(of_values(n, v) for n, v in zip("abc", values, strict=True)))
    assert found == [copied("c", "a", 1.0)]


def test_no_recordings(tmp_path: Path) -> None:
    """An empty folder has no copies."""
    assert find_copies(tmp_path) == []

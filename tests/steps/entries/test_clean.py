"""The step that cleans: what it takes, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from har.data.recording import Recording, write_recording
from har.errors import DataError
from har.steps.entries.clean import clean

SETTINGS = {"max_gap_s": 0.1, "rate_hz": 50.0, "subjects": None, "placements": None}


def renamed(recording: Recording, name: str, **facts: object) -> Recording:
    """Return a recording under another name, with other facts."""
    table = recording.table.assign(recording_id=name)
    return Recording(table, replace(recording.meta, recording_id=name, **facts))


def test_acceleration_with_and_without_gravity_is_not_mixed(
    recording: Recording, tmp_path: Path
) -> None:
    """One linear recording among others is refused, unless it is not asked for."""
    for one in (recording, renamed(recording, "lab-02-a", gravity=False, placement="wrist")):
        write_recording(one, tmp_path / "ingested")
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="some recordings hold gravity") as caught:
        clean(tmp_path / "out", ingested=tmp_path / "ingested", **SETTINGS)
    assert caught.value.found == "with gravity: lab-01-a; without gravity: lab-02-a"
    clean(tmp_path / "out", ingested=tmp_path / "ingested", **SETTINGS | {"placements": ("table",)})
    assert [path.stem for path in (tmp_path / "out").glob("*.parquet")] == ["lab-01-a"]

"""The step that fuses: what becomes of every sample, and what is told."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from har.data.fuse import Fusion
from har.data.recording import Recording, read_recordings, write_recording
from har.errors import DataError
from har.steps.entries.fuse import fuse


def at(recording: Recording, placement: str, subject: str = "lab-01", n: int = 500) -> Recording:
    """Return a recording of so many samples as worn by somebody at a placement."""
    name = f"{subject}-{placement}-a"
    facts = {"recording_id": name, "subject_id": subject, "placement": placement}
    table = recording.table.iloc[:n].assign(recording_id=name, subject_id=subject)
    return Recording(table, replace(recording.meta, **facts))


def test_a_person_without_one_placement_is_left_out_and_told(
    recording: Recording, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """500 and 400 samples give 400 of both; another person wore nothing at the waist."""
    pieces = at(recording, "wrist"), at(recording, "waist", n=400), at(recording, "wrist", "lab-02")
    for one in pieces:
        write_recording(one, tmp_path / "cleaned")
    (tmp_path / "out").mkdir()
    with caplog.at_level(logging.INFO, "har.steps"):
        fuse(tmp_path / "out", cleaned=tmp_path / "cleaned", placements=("waist", "wrist"))
    (made,) = read_recordings(tmp_path / "out")
    assert (made.meta.recording_id, len(made.table)) == ("lab-01-waist+wrist-a", 400)
    fusion = Fusion.read(tmp_path / "out")
    assert (fusion.samples_in, fusion.samples_left_out) == (1400, 500)
    assert (fusion.samples_alone, fusion.samples_out, fusion.recordings) == (100, 400, 1)
    (left,) = fusion.left_out
    assert (left.subject, left.recordings) == ("lab-02", ("lab-02-wrist-a",))
    told = "lab-02-wrist-a: nothing at waist on the same clock; 500 samples left out"
    assert f"not fused: {told}" in caplog.text
    assert "400 samples in 1 recordings; 100 while another placement measured" in caplog.text


def test_nothing_worn_at_once_is_an_error(recording: Recording, tmp_path: Path) -> None:
    """It says what was found instead."""
    write_recording(at(recording, "wrist"), tmp_path / "cleaned")
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="no placements worn at once") as caught:
        fuse(tmp_path / "out", cleaned=tmp_path / "cleaned", placements=("waist", "wrist"))
    assert str(caught.value.found).startswith("lab-01-wrist-a: nothing at waist")

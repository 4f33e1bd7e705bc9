"""Files in a known data set's layout are recognised, whole or in part, and read by its reader."""

from pathlib import Path

import pandas as pd
import pytest
from people import write_dsads, write_harth, write_pamap2
from reading import read_users

from har.data.channels import placed
from har.data.ingest.files import open_files
from har.data.ingest.published import recognise
from har.data.recording import ACC, CHANNELS
from har.errors import DataError
from har.serving.recordings import open_user_files

N = 2 * 6 * 640  # samples of a made person's day


def test_two_accelerometers_of_a_line_are_one_recording(tmp_path: Path) -> None:
    """HARTH: both placements, at the time of day that its lines tell."""
    files = open_user_files(write_harth(tmp_path, [9]))
    channels = (*placed("lower-back", ACC), *placed("right-thigh", ACC))
    (taken,) = read_users(files, channels=channels)
    (part,) = taken.parts
    assert (taken.name, taken.subject) == ("009-01", "009")
    assert (taken.meta.placement, taken.meta.clock) == ("lower-back+right-thigh", "local")
    assert part.meta.start_s == pd.Timestamp("2019-01-12").timestamp()
    assert set(channels) <= set(part.table)
    assert taken.rows.describe() == f"{2 * N:,} rows read; {2 * N:,} samples in 1 stretch"


def test_one_file_is_known_by_the_folders_above_it(tmp_path: Path) -> None:
    """PAMAP2: a session alone; a placement that the model does not read is left out, counted."""
    write_pamap2(tmp_path, [9])
    files = open_user_files(tmp_path / "PAMAP2_Dataset" / "Protocol" / "subject109.dat")
    channels = (*placed("ankle", CHANNELS), *placed("wrist", CHANNELS))
    (taken,) = read_users(files, channels=channels)
    assert (taken.name, taken.meta.placement) == ("109-protocol", "ankle+wrist")
    assert (files.account.rows_in, files.account.rows_left_out) == (3 * N, N)


def test_a_person_of_an_activity_is_known_by_the_folders_above(tmp_path: Path) -> None:
    """DSADS: segments of one folder are joined; the whole has a recording for each activity."""
    write_dsads(tmp_path, [9])
    channels = (*placed("torso", CHANNELS), *placed("left-leg", CHANNELS))
    (alone,) = read_users(
        open_user_files(tmp_path / "data" / "a09" / "p9"), rate_hz=25, channels=channels
    )
    assert (alone.name, alone.subject, len(alone.parts[0].table)) == ("9-a09", "9", 750)
    whole = read_users(open_user_files(tmp_path), rate_hz=25, channels=channels)
    assert [taken.name for taken in whole] == [f"9-a{n:02d}" for n in (1, 2, 3, 5, 6, 9)]


def test_a_placement_that_was_lost_is_named(tmp_path: Path) -> None:
    """What was expected, found, and what to do."""
    files = open_user_files(write_pamap2(tmp_path, [9], without="ankle"))
    channels = (*placed("wrist", CHANNELS), *placed("ankle", CHANNELS))
    with pytest.raises(DataError, match="not of all placements at once") as caught:
        read_users(files, channels=channels)
    assert caught.value.expected == "wrist, ankle, worn at once, which the model reads together"
    assert caught.value.found == "nothing at ankle on the same clock"
    assert "as the data set has its own" in str(caught.value.hint)
    chest = write_harth(tmp_path / "other", [9])
    with pytest.raises(DataError) as caught:
        read_users(open_user_files(chest), channels=channels)
    assert caught.value.found == "recordings at lower-back, right-thigh"


def test_a_file_that_is_only_named_so_is_a_table_unless_it_must_be_it(tmp_path: Path) -> None:
    """Columns or fields are missing: refused where a model needs all, else understood anew."""
    write_harth(tmp_path, [9])
    path = tmp_path / "harth" / "S009.csv"
    table = pd.read_csv(path)
    table.drop(columns=["thigh_x", "thigh_y", "thigh_z"]).to_csv(path, index=False)
    files = open_files(tmp_path)
    assert recognise(files) is None
    with pytest.raises(DataError, match=r"S009\.csv: named as a file of harth") as caught:
        recognise(files, insist=True)
    assert "thigh_x" in str(caught.value.expected)
    assert caught.value.found == "timestamp,back_x,back_y,back_z,label"
    short = open_files(write_dsads(tmp_path / "short", [9], units=4))
    with pytest.raises(DataError, match="named as a file of dsads") as caught:
        recognise(short, insist=True)
    assert "left-leg" in str(caught.value.expected)
    assert str(caught.value.found).startswith("not 45 fields")

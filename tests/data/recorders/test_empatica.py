"""Empatica E4: start and rate in two lines, counts of 1/64 g."""

from recorded import all_recorded, recorded

ACC = "1598022000.0, 1598022000.0, 1598022000.0\n32.0, 32.0, 32.0\n0,-32,64\n16,0,60\n0,0,64\n"
BESIDE = {"BVP.csv": "1598022000.0\n64.0\n1.5\n", "tags.csv": "1598022001.0\n", "info.txt": "E4"}


def test_counts_become_g_at_the_rate_and_from_the_start_that_the_file_states(tmp_path):
    """64 counts are 1 g; rows are 1/32 s apart, from the start in UTC."""
    found = recorded(tmp_path, {"ACC.csv": ACC})
    assert (found.recorder.name, found.asked) == ("empatica", [])
    assert found.acc == [[0, -0.5, 1], [0.25, 0, 0.9375], [0, 0, 1]]
    assert found.times == [[1598022000.0, 1598022000.03125, 1598022000.0625]]
    assert (found.raw.acc_unit, found.raw.clock, found.raw.placement) == ("g", "utc", "wrist")
    assert found.raw.device == "Empatica E4"


def test_other_files_of_the_device_belong_to_the_recording_and_are_not_read(tmp_path):
    """A folder is one recording; its other sensors are neither rows nor recordings."""
    found = recorded(tmp_path, {"ACC.csv": ACC, **BESIDE})
    assert found.item.files == ("ACC.csv", "BVP.csv", "info.txt", "tags.csv")
    assert len(found.acc) == found.ledger.rows_in == 3


def test_each_folder_is_a_recording(tmp_path):
    """Two sessions are two items, named by their folders."""
    found = all_recorded(tmp_path, {"a/ACC.csv": ACC, "b/ACC.csv": ACC, "b/BVP.csv": "1\n2\n3\n"})
    assert [one.item.name for one in found] == ["a", "b"]


def test_a_bad_row_leaves_a_gap_of_its_length(tmp_path):
    """A row that cannot be read goes to quarantine, and the next keeps its time."""
    found = recorded(tmp_path, {"ACC.csv": ACC.replace("16,0,60", "16,x,60")})
    assert found.times == [[1598022000.0, 1598022000.0625]]
    assert (found.ledger.rows_in, found.ledger.rows_quarantined) == (3, 1)


def test_three_numbers_without_a_start_are_not_it(tmp_path):
    """A table of three equal columns is no E4 file."""
    assert not all_recorded(tmp_path, {"ACC.csv": "1,1,1\n32,32,32\n0,1,64\n"})

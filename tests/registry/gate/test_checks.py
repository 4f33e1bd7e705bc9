"""What the gate asks beside scores, gathered from what the steps wrote."""

import json
from pathlib import Path

import pytest

from har.data.assignment import Proof, Shared
from har.data.cleaning import Cleaning, CleanReport
from har.data.ingested import Account, Accounts
from har.data.recording import (
    CHANNELS,
    Recording,
    RecordingMeta,
    make_table,
    write_recording,
)
from har.errors import VerificationError
from har.registry.gate.checks import DataChecks, write_checks

REPORT = CleanReport(
    recording_id="r",
    rows_in=90,
    duplicate_rows=1,
    repeated_times=2,
    gaps_filled=1,
    rows_interpolated=3,
    gaps_split=0,
    parts=1,
    rows_resampled=0,
    rows_out=90,
)
SCORES = {"perturbations": [{"name": "gain +5 %"}]}


def account(item: str, rows: int, quarantined: int, rejected: dict[str, str]) -> Account:
    """Return what became of one file's rows."""
    return Account(
        item=item,
        files={f"{item}.csv": "00"},
        rows_in=rows,
        rows_kept=rows - quarantined,
        rows_repaired=0,
        rows_quarantined=quarantined,
        rows_left_out=0,
        samples=rows - quarantined,
        repairs={},
        reasons={},
        rejected=rejected,
        warnings=(),
    )


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    """Write two files' accounts, two recordings' cleaning, a proof and a model's scores."""
    folders = {name: tmp_path / name for name in ("ingested", "cleaned", "split", "robustness")}
    for folder in folders.values():
        folder.mkdir()
    accounts = account("a", 100, 7, {}), account("b", 50, 0, {"b.csv": "no rows"})
    Accounts(items=accounts).write(folders["ingested"])
    Cleaning(recordings=(REPORT, REPORT)).write(folders["cleaned"])
    Proof(
        subjects={},
        recordings={},
        shared={"train and test": Shared(parts=("s1 = s4",))},
        sample_digests={},
    ).write(folders["split"])
    (folders["robustness"] / "robustness.json").write_text(json.dumps(SCORES))
    for name, rate_hz in (("a", 50.0), ("b", 20.0)):
        meta = RecordingMeta("lab", name, "lab-1", rate_hz, "waist", "CC0")
        still = {"time_s": [0.0], **{axis: [0.0] for axis in CHANNELS}}
        write_recording(Recording(make_table(meta, still, [None]), meta), folders["ingested"])
    return folders


def test_totals_and_own_robustness(inputs: dict[str, Path], tmp_path: Path) -> None:
    """Counts are summed over files and recordings; the scores are the candidate's own."""
    write_checks(tmp_path, **inputs)
    assert DataChecks.read(tmp_path) == DataChecks(
        rows_in=150,
        rows_quarantined=7,
        files_rejected=("b.csv",),
        samples_in=180,
        samples_repaired=12,
        shared=("train and test: s1 = s4",),
        rates_hz=(20.0, 50.0),
    )
    assert json.loads((tmp_path / "robustness.json").read_text()) == SCORES


# As `har` wrote it when a sample that was repaired was called mended.
REGISTERED = {
    **{"rows_in": 150, "rows_quarantined": 7, "files_rejected": [], "samples_in": 180},
    **{"samples_mended": 12, "shared": []},
}


def test_what_was_registered_under_the_old_name_is_read(tmp_path: Path) -> None:
    """It is written again under the new one."""
    (tmp_path / "data.json").write_text(json.dumps(REGISTERED))
    found = DataChecks.read(tmp_path)
    assert found.samples_repaired == 12
    assert found.to_dict()["samples_repaired"] == 12
    assert "samples_mended" not in found.to_dict()


@pytest.mark.parametrize("changed", [{"shared": [1]}, {"rows_in": "150"}, {"samples_in": None}])
def test_a_wrong_type_is_refused_by_name(tmp_path: Path, changed: dict[str, object]) -> None:
    """Of a version that somebody else registered, too."""
    (tmp_path / "data.json").write_text(json.dumps({**REGISTERED, **changed}))
    with pytest.raises(VerificationError, match=rf"data\.json: {next(iter(changed))}"):
        DataChecks.read(tmp_path)

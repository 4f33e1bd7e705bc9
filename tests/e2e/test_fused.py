"""Several placements worn at once: from MHEALTH's files to a champion that reads such files."""

import json
from pathlib import Path

from people import MAPPING, WORN, write_mhealth, write_people, write_worn
from support import Project

from har.data.channels import placed
from har.data.recording import ACC, CHANNELS
from har.export.artifact import Builds
from har.models.runtime import OnnxModel

PEOPLE = range(1, 9)
READ = (*placed("wrist", CHANNELS), *placed("ankle", CHANNELS), *placed("chest", ACC))
SETTINGS = {
    "HAR_DATA__DATASETS": '["mhealth"]',
    "HAR_DATA__FUSE": '["wrist", "ankle", "chest"]',
    "HAR_SPLIT__TEST_SUBJECTS": '["mhealth-2", "mhealth-4", "mhealth-6"]',
    "HAR_SPLIT__VALIDATION_SUBJECTS": '["mhealth-7"]',
    "HAR_CANDIDATES": '["svm", "encoder-nano"]',
    "HAR_WINDOW__CLASSES": '["walking", "stairs-up", "sitting", "standing", "lying"]',
}


def mapping(folder: Path) -> Path:
    """Write what is what in a table of several placements."""
    facts = {name: word for name, word in MAPPING.items() if name != "activity"}
    lines = [
        f"{name} = {json.dumps(word.split(',') if name in ('acc', 'gyro') else word)}"
        for name, word in facts.items()
    ]
    lines += ['placement_column = "at"', "[placements]", *(f'{at} = "{at}"' for at in WORN)]
    path = folder / "worn.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_placements_worn_at_once_train_a_champion(tmp_path: Path, prefect: None) -> None:
    """Ingested, fused, cut, trained, exported and registered; channels carry the placement."""
    made = Project(tmp_path, SETTINGS)
    raw = write_mhealth(tmp_path / "raw", PEOPLE)
    done = made.har("data", "ingest", "mhealth", str(raw), "--jobs", "1")
    assert done.returncode == 0, done.stderr
    summary = made.json("run")
    sentence = (
        "acceleration and angular velocity at wrist and ankle; acceleration alone at chest, "
        "which all 8 recordings have"
    )
    assert summary["channels"] == sentence
    assert summary["versions"][0]["verdict"] == "passed"
    steps = {step["step"]: Path(step["path"]) for step in summary["steps"]}
    fusion = json.loads((steps["fuse"] / "fusion.json").read_text())
    assert fusion["samples_in"] == 3 * fusion["samples_out"] == 8 * 3 * 2 * 6 * 640
    assert (fusion["recordings"], fusion["left_out"]) == (8, [])
    for candidate in json.loads(SETTINGS["HAR_CANDIDATES"]):
        folder = steps[f"export-{candidate}"]
        model = OnnxModel(folder / Builds.read(folder).builds[0].file)
        assert model.window_shape == (128, 15)
        assert json.loads(model.metadata["channels"]) == list(READ)
        assert json.loads(model.metadata["units"])["ankle.gyro_z"] == "rad/s"
        assert summary["models"][candidate]["macro_f1"] > 0.7
    robust = json.loads((steps["robustness-svm"] / "robustness.json").read_text())
    assert "nothing at ankle" in {row["name"] for row in robust["perturbations"]}
    listed = made.json("data", "recordings")
    assert listed[0]["recording"] == "mhealth-1-wrist+ankle+chest-session"
    lineage = made.har("lineage", "show", str(summary["versions"][0]["version"]))
    assert f"reads {sentence}" in " ".join(lineage.stdout.replace("│", " ").split())
    table = write_worn(tmp_path / "worn.csv", 9)
    answered = made.json("predict", str(table), "--mapping", str(mapping(tmp_path)))
    (recording,) = answered["recordings"]
    named = {row["activity"] for row in recording["summary"]}
    assert {"sitting", "standing", "lying", "walking"} <= named
    assert recording["rows"]["rows_in"] == answered["account"]["rows_in"] == 3 * 2 * 6 * 640
    new = write_mhealth(tmp_path / "log", [9])
    (read,) = made.json("predict", str(new))["recordings"]
    assert read["recording"] == "9-session"
    answers = [{(r["activity"], r["segments"]) for r in of["summary"]} for of in (read, recording)]
    assert answers[0] == answers[1]
    fit = made.har("data", "validate", "--version", "champion", str(new))
    assert (fit.returncode, "wrist+ankle+chest" in fit.stdout) == (0, True)
    alone = write_people(tmp_path / "new", [9]) / "s9" / "day.csv"
    refused = made.har("predict", str(alone))
    assert refused.returncode == 3
    assert "wrist, ankle, chest, worn at once" in " ".join(refused.stderr.split())
    assert "found: no placement is named" in refused.stderr

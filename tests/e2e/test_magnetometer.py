"""People whose devices have a magnetometer: from their files to a model that reads it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from people import MAPPING, write_people
from support import Project

from har.data.channels import units_of
from har.data.recording import CHANNELS, MAG
from har.export.artifact import Builds
from har.models.runtime import OnnxModel

FIELD = ("field x (nT)", "field y (nT)", "field z (nT)")
PEOPLE = range(1, 9)
SETTINGS = {
    "HAR_DATA__DATASETS": '["lab"]',
    "HAR_SPLIT__TEST_SUBJECTS": '["lab-2", "lab-4", "lab-6"]',
    "HAR_SPLIT__VALIDATION_SUBJECTS": '["lab-7"]',
    "HAR_CANDIDATES": '["logistic"]',
    "HAR_MODELS__LOGISTIC__C_GRID": "[0.03]",
    "HAR_MODELS__LOGISTIC__COPIES": "0",
    "HAR_INTERVALS__BOOTSTRAP": "20",
    "HAR_EXPORT__LATENCY_REPEATS": "10",
}


def add_field(path: Path) -> None:
    """Add what a magnetometer reads where the Earth's field has 48 µT, most of it down."""
    table = pd.read_csv(path)
    up = table[["acc_x", "acc_y", "acc_z"]].to_numpy()
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    north = np.cross(up, [0.0, 0.0, 1.0])
    table[list(FIELD)] = 1000 * (-42.0 * up + 23.0 * north)
    table.to_csv(path, index=False, float_format="%.4f")


def test_a_magnetometer_is_kept_and_read_by_models_that_ask_for_it(
    tmp_path: Path, prefect: None
) -> None:
    """Nanotesla become µT; the model's file says so, and refuses a recording without them."""
    made = Project(tmp_path, SETTINGS)
    raw = write_people(tmp_path / "raw", PEOPLE)
    for path in raw.glob("*/day.csv"):
        add_field(path)
    stated = [part for entry in MAPPING.items() for part in ("--map", "=".join(entry))]
    field = ("--map", "mag=" + ",".join(FIELD), "--map", "mag_unit=nT")
    pattern = ("--map", r"subject_pattern=s(\d+)/")
    done = made.har("data", "ingest", "lab", str(raw), *stated, *field, *pattern, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    summary = made.json("run", "--set", "window.channels=acc+gyro+mag")
    assert summary["channels"] == (
        "acceleration, angular velocity and magnetic field, as window.channels says"
    )
    steps = {step["step"]: Path(step["path"]) for step in summary["steps"]}
    model = OnnxModel(
        steps["export-logistic"] / Builds.read(steps["export-logistic"]).builds[0].file
    )
    assert model.window_shape == (128, 9)
    assert json.loads(model.metadata["units"]) == units_of((*CHANNELS, *MAG))
    lost = json.loads((steps["robustness-logistic"] / "robustness.json").read_text())
    assert "no magnetometer" in {row["name"] for row in lost["perturbations"]}
    new = write_people(tmp_path / "new", [9]) / "s9" / "day.csv"
    refused = made.har("predict", str(new), "--version", "1")
    assert refused.returncode == 3
    assert "no magnetometer" in refused.stderr
    add_field(new)
    answered = made.har("predict", str(new), "--version", "1", "--anyway")
    assert answered.returncode == 0, answered.stderr
    assert "walking" in answered.stdout

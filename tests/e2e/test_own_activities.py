"""People who do ten things of their own: read, trained on, registered, predicted."""

from typing import Any

import pandas as pd
import pytest
from people import EXERCISES, RATE_HZ, write_people
from support import Project

from har.data.activities import name_of

NAMES = {name_of(word) for word in EXERCISES}
SETTINGS = {
    "HAR_DATA__DATASETS": '["therapy"]',
    "HAR_SPLIT__TEST_SUBJECTS": '["therapy-2"]',
    "HAR_SPLIT__VALIDATION_SUBJECTS": '["therapy-4"]',
    "HAR_CANDIDATES": '["logistic"]',
    "HAR_MODELS__LOGISTIC__C_GRID": "[0.01]",
    "HAR_MODELS__LOGISTIC__COPIES": "0",
}
TOML = r"""
time = "time_s"
acc = ["acc_x", "acc_y", "acc_z"]
gyro = ["gyro_x", "gyro_y", "gyro_z"]
activity = "activity"
subject_pattern = 's(\d+)/'

[activities]
pendulum-left = "exercise"
pendulum-right = "exercise"
"""


@pytest.fixture(scope="session")
def therapy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Make a project of four people with ten exercises, ingested as ``therapy``."""
    project = Project(tmp_path_factory.mktemp("therapy"), SETTINGS)
    write_people(project.folder / "raw", range(1, 5), seconds=7.7, motions=EXERCISES)
    (project.folder / "map.toml").write_text(TOML)
    done = project.har("data", "ingest", "therapy", "raw", "--mapping", "map.toml", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "Biceps_Curl (left)" in done.stdout
    return project


@pytest.fixture(scope="session")
def told(therapy: Project, prefect: None) -> Any:
    """Run the main job on them."""
    return therapy.json("run")


def test_ten_classes_of_ones_own_are_trained_and_registered(therapy: Project, told: Any) -> None:
    """Every label is a class with windows of the test subject, and the version knows them."""
    (model,) = told["models"].values()
    assert set(model["classes"]) == NAMES
    assert len(NAMES) == 10
    assert min(scores["support"] for scores in model["per_class"].values()) > 0
    assert model["macro_f1"] > 0.8
    version = therapy.json("registry", "show", "1")
    assert version["candidate"] == "logistic"
    assert (therapy.folder / told["report"]).is_file()


def test_they_are_predicted(therapy: Project, told: Any) -> None:
    """A new person's recording is answered with the names that the training files had."""
    assert therapy.har("data", "export", "therapy-2-s2-day", "-o", "new.csv").returncode == 0
    truth = pd.read_csv(therapy.folder / "new.csv")["activity"]
    windows = therapy.json("predict", "new.csv", "--version", "1", "--windows")["activities"]
    assert {window["activity"] for window in windows} <= {*NAMES, "unknown"}
    middle = [round((w["start_s"] + w["end_s"]) / 2 * RATE_HZ) for w in windows]
    right = [truth[m] == w["activity"] for m, w in zip(middle, windows, strict=True)]
    assert sum(right) / len(right) > 0.7

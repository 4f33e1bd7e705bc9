"""People whose sensors have no gyroscope: from their files to a champion that answers."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from people import MAPPING, MOVING, write_harth, write_people, write_wisdm
from reading import read_user
from support import Project

from har.data.recording import ACC
from har.export.artifact import Builds
from har.models.runtime import OnnxModel
from har.serving.predictor import Predictor

PEOPLE = range(1, 9)


def project(folder: Path, dataset: str, **settings: str) -> Project:
    """Return a project that trains an SVM on a data set of eight people."""
    people = {
        split: json.dumps([f"{dataset}-{number}" for number in numbers])
        for split, numbers in {"TEST": (2, 4, 6), "VALIDATION": (7,)}.items()
    }
    return Project(
        folder,
        {
            "HAR_DATA__DATASETS": json.dumps([dataset]),
            **{f"HAR_SPLIT__{split}_SUBJECTS": who for split, who in people.items()},
            "HAR_CANDIDATES": '["svm"]',
            **settings,
        },
    )


def file_of(folder: Path, *, gyro: bool) -> tuple[Path, pd.DataFrame]:
    """Write a recording of somebody else; return its path and its table."""
    raw = write_people(folder / f"new-{gyro}", [9], gyro=gyro) / "s9" / "day.csv"
    table = pd.read_csv(raw)
    table.drop(columns="activity").to_csv(raw, index=False)
    return raw, table


def share_right(model: Path, file: Path, table: pd.DataFrame) -> float:
    """Return the share of a recording's windows that a model names as their middle was."""
    predictor = Predictor(model)
    read = read_user(file, rate_hz=predictor.rate_hz, channels=predictor.channels)
    frame = predictor.predict_parts(read.parts)
    at = np.searchsorted(table["time_s"], (frame["start_s"] + frame["end_s"]) / 2)
    return float(np.mean(frame["activity"].to_numpy() == table["activity"].to_numpy()[at]))


def test_harth_like_people_train_a_champion_for_acceleration_alone(
    tmp_path: Path, prefect: None
) -> None:
    """Said aloud and recorded; the champion's file takes three channels and no more."""
    made = project(tmp_path, "harth", HAR_DATA__PLACEMENTS='["lower-back"]')
    for split, numbers in {"TEST": ("002", "004", "006"), "VALIDATION": ("007",)}.items():
        made.env[f"HAR_SPLIT__{split}_SUBJECTS"] = json.dumps([f"harth-{n}" for n in numbers])
    raw = write_harth(tmp_path / "raw", PEOPLE)
    done = made.har("data", "ingest", "harth", str(raw), "--jobs", "1")
    assert done.returncode == 0, done.stderr
    made.env["HAR_CANDIDATES"] = '["svm", "encoder-nano"]'
    summary = made.json("run")
    sentence = "acceleration alone: 8 of 8 recordings have no gyroscope"
    assert summary["channels"] == sentence
    assert f"The models read {sentence}." in Path(summary["report"]).read_text()
    assert summary["versions"][0]["verdict"] == "passed"
    exports = {step["step"]: Path(step["path"]) for step in summary["steps"]}
    for candidate in ("svm", "encoder-nano"):
        folder = exports[f"export-{candidate}"]
        model = OnnxModel(folder / Builds.read(folder).builds[0].file)
        assert model.window_shape == (128, 3)
        assert json.loads(model.metadata["channels"]) == list(ACC)
        assert json.loads(model.metadata["units"]) == dict.fromkeys(ACC, "m/s2")
    lost = json.loads((exports["robustness-svm"] / "robustness.json").read_text())
    assert "no gyroscope" not in {row["name"] for row in lost["perturbations"]}
    lineage = made.har("lineage", "show", str(summary["versions"][0]["version"]))
    assert f"reads {sentence}" in " ".join(lineage.stdout.split())
    for gyro in (True, False):
        file, table = file_of(tmp_path, gyro=gyro)
        done = made.har("predict", str(file))
        assert done.returncode == 0, done.stderr
        folder = exports["export-svm"]
        assert share_right(folder / Builds.read(folder).shipped.file, file, table) > 0.8


def test_wisdm_like_people_train_a_champion_at_20_hz(tmp_path: Path, prefect: None) -> None:
    """One file of all users, without lying and without a gyroscope."""
    made = project(tmp_path, "wisdm", HAR_WINDOW__RATE_HZ="20", HAR_WINDOW__LENGTH_S="3.2")
    raw = write_wisdm(tmp_path / "raw", PEOPLE)
    done = made.har("data", "ingest", "wisdm", str(raw), "--jobs", "1")
    assert done.returncode == 0, done.stderr
    summary = made.json("run")
    assert summary["channels"].startswith("acceleration alone: ")
    assert summary["versions"][0]["verdict"] == "passed"
    assert summary["models"]["svm"]["macro_f1"] > 0.8


def test_of_joined_data_sets_the_channels_are_what_both_have(tmp_path: Path, prefect: None) -> None:
    """One set has a gyroscope and the other has not; asking for it is refused by name."""
    made = project(tmp_path, "worn", HAR_DATA__DATASETS='["people", "worn"]')
    made.env["HAR_SPLIT__TEST_SUBJECTS"] = '["people-2", "worn-6"]'
    made.env["HAR_SPLIT__VALIDATION_SUBJECTS"] = '["people-3", "worn-7"]'
    for name, numbers, gyro in (("people", range(1, 5), True), ("worn", range(5, 9), False)):
        raw = write_people(tmp_path / name, numbers, gyro=gyro)
        told = {what: column for what, column in MAPPING.items() if gyro or "gyro" not in what}
        columns = [word for what, name_ in told.items() for word in ("--map", f"{what}={name_}")]
        done = made.har("data", "ingest", name, str(raw), *columns, "--jobs", "1")
        assert done.returncode == 0, done.stderr
    refused = made.har("train", "--set", "window.channels=acc+gyro")
    assert refused.returncode == 3
    assert "4 of 8 recordings without it" in refused.stderr
    assert "window.channels=acc " in refused.stderr
    summary = made.json("run")
    assert summary["channels"] == "acceleration alone: 4 of 8 recordings have no gyroscope"


def test_a_champion_with_a_gyroscope_refuses_a_file_without(
    people: Project, summary: object, tmp_path: Path
) -> None:
    """The error says what is missing, and what would help."""
    file, _ = file_of(tmp_path, gyro=False)
    done = people.har("predict", str(file))
    assert done.returncode == 3
    assert "no gyroscope" in done.stderr
    assert "a model for acceleration alone" in done.stderr


def test_linear_acceleration_trains_models_for_linear_acceleration_alone(
    tmp_path: Path, prefect: None
) -> None:
    """The kind is on the record; files of the same kind are answered, others are refused."""
    made = project(tmp_path, "linear")
    raw = write_people(tmp_path / "raw", PEOPLE, motions=MOVING, gyro=False, gravity=False)
    told = {"gravity": "none", **{k: v for k, v in MAPPING.items() if "gyro" not in k}}
    columns = [word for what, name in told.items() for word in ("--map", f"{what}={name}")]
    done = made.har("data", "ingest", "linear", str(raw), *columns, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    made.env["HAR_CANDIDATES"] = '["svm", "encoder-nano"]'
    summary = made.json("run")
    assert summary["channels"].startswith("acceleration alone, without gravity: ")
    exports = {step["step"]: Path(step["path"]) for step in summary["steps"]}
    for candidate in ("svm", "encoder-nano"):
        assert summary["models"][candidate]["macro_f1"] > 0.8
        folder = exports[f"export-{candidate}"]
        model = OnnxModel(folder / Builds.read(folder).builds[0].file)
        assert model.metadata["gravity"] == "false"
    shown = made.har("lineage", "show", str(summary["versions"][0]["version"]))
    assert "without gravity" in shown.stdout
    new = write_people(tmp_path / "new", [9], motions=MOVING, gyro=False, gravity=False)
    answered = made.har("predict", str(new), "--map", "gravity=none")
    assert answered.returncode == 0, answered.stderr
    assert "walking" in answered.stdout
    fit = made.har("data", "validate", str(new), "--version", "champion", "--map", "gravity=none")
    assert "linear acceleration" in fit.stdout, fit.stderr
    held, _ = file_of(tmp_path, gyro=False)
    for command in (
        ("predict", str(held)),
        ("data", "validate", str(held), "--version", "champion"),
    ):
        refused = made.har(*command)
        assert refused.returncode == 3
        assert "acceleration with gravity" in refused.stderr

"""`har run` on made people: first, again, killed, and what its users do next."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support import Project, patience_s
from tracing import NEEDED, elsewhere, traced

from har.data.windows import Windows
from har.export.artifact import Builds
from har.models.runtime import OnnxModel

MODELS = ("svm", "encoder-small")
STEPS = [
    *("ingest", "clean", "split", "windows", "train-svm-0", "pretrain-encoder-small"),
    *("train-encoder-small-0", "evaluate", "continuous"),
    *("robustness-svm", "robustness-encoder-small"),
    *("export-svm", "export-encoder-small", "report"),
]


def test_first_run_makes_every_step(summary: Any) -> None:
    """After the ingestion, which was a command of its own, every step is made, in order."""
    assert [step["step"] for step in summary["steps"]] == STEPS
    assert [step["step"] for step in summary["steps"] if step["reused"]] == ["ingest"]
    assert Path(summary["report"]).name == "report.html"


def test_first_run_tells_data_and_scores(summary: Any) -> None:
    """The summary has the data's counts and both models' scores with intervals."""
    assert summary["data"]["recordings"] == 8
    assert {name: s["subjects"] for name, s in summary["splits"].items()} == {
        "train": 4,
        "validation": 1,
        "test": 3,
    }
    for model in summary["models"].values():
        low, high = model["macro_f1_interval"]
        assert 0.5 < low <= model["macro_f1"] <= high <= 1
    assert {export["candidate"] for export in summary["builds"]} == {"svm", "encoder-small"}


def test_first_run_registers_two_versions(summary: Any) -> None:
    """The SVM is judged first, by the floors; the encoder against it, and one is champion."""
    first, second = summary["versions"]
    assert (first["candidate"], first["verdict"]) == ("svm", "passed")
    assert second["candidate"] == "encoder-small"
    won = second["verdict"] == "passed"
    assert first["stage"] == ("Archived" if won else "Production")
    assert (second["stage"] == "Production") == won
    assert second["reason"]


def test_second_run_finds_everything(people: Project, summary: Any) -> None:
    """A process of its own makes nothing again and adds no version; the table says so."""
    done = people.end_of(people.start("run"))
    assert done.returncode == 0, done.stderr
    assert "14 of 14 steps found in the store" in done.stdout
    (pin,) = summary["pins"]
    assert f"Data sets: people@{pin['content'][:12]} (ingested " in done.stdout
    assert "making" not in done.stderr
    assert len(people.json("registry", "list")) == len(summary["versions"])


@NEEDED
def test_a_run_turns_to_nobody(people: Project, summary: Any, tmp_path: Path) -> None:
    """Prefect's temporary server, MLflow and all others talk within this machine."""
    copy = people.copy(tmp_path / "copy")
    home = tmp_path / "home"
    home.mkdir()
    copy = Project(copy.folder, {"HOME": str(home), "HAR_REGISTRY__MODEL": "anew"})
    done = copy.end_of(copy.start("run", under=traced(tmp_path / "trace")))
    assert done.returncode == 0, done.stderr
    assert elsewhere(tmp_path / "trace") == set()
    assert {path.name for path in home.glob(".*/*")} <= {"matplotlib"}


def test_champion_can_be_shown(people: Project, summary: Any) -> None:
    """The champion's version and lineage are there for people and for machines."""
    champion = people.json("registry", "show", "champion")
    assert champion["stage"] == "Production"
    record = people.json("lineage", "show", "champion")
    assert record["_type"].startswith("https://in-toto.io/Statement/")
    shown = people.har("lineage", "show", "champion")
    assert shown.returncode == 0, shown.stderr
    assert "s2/day.csv" in shown.stdout


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_prediction_agrees_with_evaluation(people: Project, summary: Any, suffix: str) -> None:
    """A test subject's recording, exported and predicted, gives the evaluated build's answers."""
    file = f"exported/recording.{suffix}"
    assert people.har("data", "export", "people-2-s2-day", "-o", file).returncode == 0
    predicted = pd.DataFrame(people.json("predict", file, "--windows", "--raw")["activities"])
    champion = people.json("registry", "show", "champion")["candidate"]
    folders = {s["step"]: people.folder / s["path"] for s in summary["steps"]}
    expected = pd.read_parquet(folders["evaluate"] / champion / "predictions.parquet")
    test = Windows.load(folders["windows"]).select("test")
    assert expected["window_id"].tolist() == test.index["window_id"].tolist()
    # The build that serves may be int8, which is not the evaluated model in every window.
    export = folders[f"export-{champion}"]
    serving = export / Builds.read(export).shipped.file
    answers = OnnxModel(serving).predict_proba(test.X).argmax(1)
    expected["predicted"] = np.array(test.classes)[answers]
    expected = expected[expected["recording_id"] == "people-2-s2-day"]
    predicted = predicted.assign(tick=(predicted["start_s"] * 50).round().astype(int))
    expected = expected.assign(tick=(expected["start_s"] * 50).round().astype(int))
    both = expected.merge(predicted, on="tick", validate="one_to_one")
    assert len(both) == len(expected) > 100
    known = both[both["activity"] != "unknown"]
    assert len(known) > 0.95 * len(both)
    assert (known["predicted"] == known["activity"]).mean() >= 0.995


def test_timeline_for_people(people: Project, summary: Any) -> None:
    """A table by default and CSV on request, with whole segments of time."""
    people.har("data", "export", "people-4-s4-day", "-o", "walk.csv")
    shown = people.har("predict", "walk.csv")
    assert shown.returncode == 0, shown.stderr
    assert "Activities in people-4-walk" in shown.stdout
    as_csv = people.har("predict", "walk.csv", "--csv").stdout.splitlines()
    assert as_csv[0].startswith("recording,start_s,end_s,activity,")
    assert len(as_csv) > 10


BAD = {
    "missing column": lambda table: table.drop(columns="acc_y").to_csv(index=False),
    "texts for numbers": lambda table: table.assign(acc_x="fast").to_csv(index=False),
    "wrong unit": lambda table: table.assign(
        **{c: table[c] / 9.80665 for c in ("acc_x", "acc_y", "acc_z")}
    ).to_csv(index=False),
    "no gyroscope": lambda table: table.drop(columns=["gyro_x", "gyro_y", "gyro_z"]).to_csv(
        index=False
    ),
    "empty file": lambda _: "",
    "unreadable file": lambda _: "\x00\x01\x02 not a table \xff",
}


def test_a_bad_row_is_set_aside_and_told(people: Project, summary: Any) -> None:
    """A word among the numbers of one sample costs that sample, and is counted."""
    assert people.har("data", "export", "people-4-s4-day", "-o", "good.csv").returncode == 0
    table = pd.read_csv(people.folder / "good.csv").head(1000).astype({"acc_x": object})
    table.loc[7, "acc_x"] = "fast"
    table.to_csv(people.folder / "odd.csv", index=False)
    done = people.har("predict", "odd.csv")
    assert done.returncode == 0, done.stderr
    assert "1 of 1,000 rows set aside: not a number: 1" in done.stderr


def test_bad_input_is_one_clear_error(people: Project, summary: Any) -> None:
    """Each fault: exit code 3, one error without a traceback, no output; nothing registered."""
    assert people.har("data", "export", "people-4-s4-day", "-o", "good.csv").returncode == 0
    table = pd.read_csv(people.folder / "good.csv").head(1000)
    for fault, spoil in BAD.items():
        (people.folder / "bad.csv").write_text(spoil(table), encoding="latin-1")
        done = people.har("predict", "bad.csv")
        assert done.returncode == 3, (fault, done.stderr)
        assert done.stdout == "", fault
        assert done.stderr.count("error:") == 1, fault
        assert "Traceback" not in done.stderr, fault
    assert len(people.json("registry", "list")) == len(summary["versions"])


def test_other_faults_have_their_exit_codes(people: Project, summary: Any) -> None:
    """Usage is 2; what is missing is 6."""
    assert people.har("run", "--set", "window.hops=1").returncode == 2
    assert people.har("run", "--dataset", "nothing").returncode == 6
    assert people.har("registry", "show", "99").returncode == 6
    assert people.har("predict", "nowhere.csv").returncode == 6


def test_killed_run_is_picked_up(people: Project, summary: Any, tmp_path: Path) -> None:
    """After kill -9 while fine-tuning, the next run finds what was done and leaves no half file."""
    copy = people.copy(tmp_path / "copy")
    process = copy.start("run", "--set", "seeds=[1]", "--set", "run.workers=2")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("train-encoder") and "making" in line:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=patience_s())
    os.killpg(process.pid, signal.SIGKILL)  # Prefect's temporary server outlives its parent
    assert list((copy.folder / "data/store/.tmp").iterdir())
    again = copy.json("run", "--set", "seeds=[1]")
    made = [step["step"] for step in again["steps"] if not step["reused"]]
    each = [f"{what}-{name}" for what in ("robustness", "export") for name in MODELS]
    expected = ["train-encoder-small-1", "evaluate", "continuous", *each, "report"]
    # The other worker may have trained the SVM by then or not.
    assert [name for name in made if name != "train-svm-1"] == expected
    assert not list((copy.folder / "data/store/.tmp").iterdir())

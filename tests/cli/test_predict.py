"""`har predict` prints what the served model answers, and what speaks against it."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from graphs import walk_then_sit, write_rule
from typer.testing import CliRunner, Result

from har.cli import app
from har.data.recording import ACC
from har.errors import HarError
from har.lineage import digest
from har.models.causes import CAUSES
from har.models.reference import Reference
from har.models.smoothing import HMM, Average, Smoothing
from har.registry.versions.served import RegistrySource
from har.serving.served import load_verified

STICKY = Smoothing(Average(4), HMM(np.array([[0.99, 0.01], [0.01, 0.99]]), np.full(2, 0.5)))
# Gravity along z, and no movement.
UPRIGHT = Reference(
    weights=np.ones(1),
    means=np.array([[0.0, 0.0, 9.8, *np.full(6, np.log(0.05))]]),
    whitening=np.eye(9)[None] / 2,
    acceleration=(True, False),
    typical=0.0,
    limits={5: 20.0},
    placements=("waist",),
)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Write the recording to predict."""
    walk_then_sit().to_csv(tmp_path / "walk.csv", index=False)
    return tmp_path / "walk.csv"


def serve(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Let the registry's champion be a file."""
    champion = load_verified(path, "har", "3", digest.of_file(path), candidate="svm")
    monkeypatch.setattr(RegistrySource, "load", lambda source: champion)


def run(*words: object, **options: Any) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], **options)


def code(done: Result) -> int:
    """Return the exit code that `har` ends with for an error."""
    assert isinstance(done.exception, HarError), done.output
    return done.exception.exit_code


def content(*words: object, **options: Any) -> dict[str, Any]:
    done = run("predict", *words, "--json", **options)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["model"], found["version"]) == ("har", 3)
    return found


def activities(*words: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content(*words)["activities"]
    return found


def test_a_row_that_was_taken_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gap that it leaves is filled, which is said on the screen and counted in JSON."""
    serve(monkeypatch, write_rule(tmp_path / "model.onnx"))
    walk_then_sit().drop(index=30).to_csv(tmp_path / "walk.csv", index=False)
    told = run("predict", tmp_path / "walk.csv").stderr
    assert "walk: 99 rows read; 1 short gap filled; 1 sample gained" in told
    rows = content(tmp_path / "walk.csv")["recordings"][0]["rows"]
    assert (rows["rows_in"], rows["gaps_filled"], rows["rows_out"]) == (99, 1, 100)


def test_answers_are_smoothed_as_the_file_says(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the smoother that it names, by the average if it names none; --raw leaves them."""
    smoothing = json.dumps(STICKY.to_dict())
    serve(monkeypatch, write_rule(tmp_path / "model.onnx", smoothing=smoothing))
    raw = activities(recording, "--raw")
    assert [a["activity"] for a in raw] == ["walking", "sitting"]
    assert activities(recording, "--smooth", "none") == raw
    average = activities(recording, "--smooth", "average")
    assert average[0]["windows"] == 6 > raw[0]["windows"]
    assert activities(recording) == average
    serve(monkeypatch, write_rule(tmp_path / "hmm.onnx", smoothing=smoothing, smoother="hmm"))
    assert content(recording)["smoothing"] == "hmm"
    assert activities(recording) == activities(recording, "--smooth", "hmm")
    assert code(run("predict", recording, "--raw", "--smooth", "hmm")) == 2


def test_a_model_without_smoothers_says_so(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version registered before files had smoothers predicts as it did."""
    serve(monkeypatch, write_rule(tmp_path / "model.onnx"))
    assert [a["activity"] for a in activities(recording)] == ["walking", "sitting"]
    assert "not smoothed: its file has no smoother" in run("predict", recording).stderr
    done = run("predict", recording, "--smooth", "hmm")
    assert "cannot smooth its answers" in str(done.exception)


def test_it_says_what_became_of_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost samples, a pause and a row set aside are told in every form, and not in the CSV."""
    serve(monkeypatch, write_rule(tmp_path / "model.onnx"))
    table = walk_then_sit()
    table["time_s"] += np.where(np.arange(len(table)) >= 85, 2.0, 0.0)
    table["acc_y"] = table["acc_y"].astype(object)
    table.loc[70, "acc_y"] = "n/a"
    table.drop(index=range(30, 33)).to_csv("walk.csv", index=False)
    for form in ((), ("--csv",)):
        done = run("predict", "walk.csv", *form)
        told = done.stderr.replace("\n", " ")
        assert "96 rows read" in told
        assert "1 gap too long to fill; 100 samples in 2 stretches; 20 of them in no window" in told
        assert "1 of 97 rows set aside: not a number: 1" in told
        assert "rows read" not in done.stdout
    found = content("walk.csv")
    assert found["unanswered"] == 20
    assert found["account"]["reasons"] == {"not a number": 1}
    assert (found["rows"]["rows_in"], found["rows"]["parts"]) == (96, 2)
    reasons = [(a["reason"], round(a["end_s"] - a["start_s"], 2)) for a in found["activities"]]
    assert ("gap", 2.0) in reasons
    assert ("too short", 0.3) in reasons
    (one,) = found["recordings"]
    assert sum(row["share"] for row in one["summary"]) == pytest.approx(1)


def test_it_says_that_a_gap_of_one_row_was_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample that was put there is no row of the file, in words and in JSON."""
    serve(monkeypatch, write_rule(tmp_path / "model.onnx"))
    walk_then_sit().drop(index=42).to_csv("walk.csv", index=False)
    told = run("predict", "walk.csv").stderr.replace("\n", " ")
    assert "99 rows read; 1 short gap filled; 1 sample gained by resampling; 100 samples" in told
    rows = content("walk.csv")["rows"]
    counted = {name: rows[name] for name in ("rows_in", "gaps_filled", "rows_out")}
    assert counted == {"rows_in": 99, "gaps_filled": 1, "rows_out": 100}


def test_csv_has_the_model_in_every_row(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its version, the digest of its file, and how answers were smoothed."""
    path = write_rule(tmp_path / "model.onnx")
    serve(monkeypatch, path)
    rows = list(csv.DictReader(io.StringIO(run("predict", recording, "--csv").stdout)))
    assert {row["sha256"] for row in rows} == {digest.of_file(path)}
    assert {(row["model"], row["version"], row["smoothing"]) for row in rows} == {
        ("har", "3", "none")
    }
    assert [row["activity"] for row in rows] == ["walking", "sitting"]


def test_standard_input_is_a_csv(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answers as from the file; with other paths beside it, it is refused."""
    serve(monkeypatch, write_rule(tmp_path / "model.onnx"))
    found = content("-", input=recording.read_bytes())["activities"]
    assert [{**a, "recording": "walk"} for a in found] == activities(recording)
    assert code(run("predict", "-", recording, input=b"")) == 2


def test_other_columns_are_confirmed_or_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """g, deg/s and milliseconds under names of one's own, in two files of a folder."""
    serve(monkeypatch, write_rule(tmp_path / "model.onnx"))
    (tmp_path / "raw").mkdir()
    table = walk_then_sit()
    own = pd.DataFrame({"time (ms)": 1000 * table["time_s"]})
    for axis in "xyz":
        own[f"a{axis}"] = table[f"acc_{axis}"] / 9.80665
        own[f"g{axis}"] = np.rad2deg(table[f"gyro_{axis}"])
    for name in ("mon", "tue"):
        own.to_csv(tmp_path / "raw" / f"{name}.csv", index=False)
    refused = run("predict", "raw")
    assert code(refused) == 2
    assert "--yes" in str(refused.exception)
    found = content("raw", "--yes", "--map", "acc_unit=g", "--map", "gyro_unit=deg/s")
    assert [one["recording"] for one in found["recordings"]] == ["mon", "tue"]
    assert [a["activity"] for a in found["activities"]] == ["walking", "sitting"] * 2


@pytest.fixture
def watchful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve a model that was trained upright."""
    reference = json.dumps(UPRIGHT.to_dict())
    serve(monkeypatch, write_rule(tmp_path / "model.onnx", reference=reference))


@pytest.mark.usefixtures("watchful")
def test_a_recording_unlike_training_is_one_warning(recording: Path) -> None:
    """With its cause and what to do; its answers are withheld unless they are asked for."""
    assert "unlike training" not in run("predict", recording).stderr
    turned = walk_then_sit()
    turned[list(ACC)] *= -1
    turned.to_csv("turned.csv", index=False)
    done = run("predict", "turned.csv")
    assert done.stderr.count("unlike training turned: gravity points the other way") == 1
    assert "--map acc_sign=-" in done.stderr
    assert done.stdout == ""
    found = content("turned.csv")
    assert {a["reason"] for a in found["activities"]} == {"unlike training"}
    (one,) = found["recordings"]
    assert one["likeness"]["unlike_training"]
    assert one["likeness"]["gravity_m_s2"][2] == pytest.approx(-9.8, abs=0.01)
    anyway = content("turned.csv", "--anyway")["activities"]
    assert [a["activity"] for a in anyway] == ["walking", "sitting"]


def test_a_turned_device_is_told_and_answered(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is unlike training, but not by far, has a warning beside its answers."""
    # A standard deviation of 5 m/s² leaves gravity along y, 14 m/s² away, 3.8 nats less likely.
    wide = UPRIGHT.whitening / 2.5
    (turn,) = (c.name for c in CAUSES if c.name == "turned +x+z-y")
    limits = {"limits": {}, "evidence": {5: {turn: 2.0}}, "people": 9}
    lenient = replace(UPRIGHT, whitening=wide, typical=22.0, **limits)
    reference = json.dumps(lenient.to_dict())
    serve(monkeypatch, write_rule(tmp_path / "model.onnx", reference=reference))
    assert run("predict", recording).stderr.count("unlike training") == 0
    turned = walk_then_sit()
    turned[["acc_y", "acc_z"]] = turned[["acc_z", "acc_y"]] * [-1, 1]
    turned[["gyro_y", "gyro_z"]] = turned[["gyro_z", "gyro_y"]] * [-1, 1]
    turned.to_csv("turned.csv", index=False)
    done = run("predict", "turned.csv")
    assert "unlike training turned: the device was worn elsewhere or turned" in done.stderr
    assert "walking" in done.stdout
    (one,) = content("turned.csv")["recordings"]
    assert (one["likeness"]["unlike_training"], one["likeness"]["withheld"]) == (True, False)


def test_what_cannot_be_judged_is_said(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recording that is too short, or a model of too few people; answers are given."""
    for changed, words in (
        ({"limits": {40: 20.0}}, "it is too short"),
        ({"people": 2}, "too few people were in training"),
    ):
        reference = json.dumps(replace(UPRIGHT, **changed).to_dict())
        serve(monkeypatch, write_rule(tmp_path / "model.onnx", reference=reference))
        done = run("predict", recording)
        assert "note walk: " in done.stderr
        assert words in " ".join(done.stderr.split())
        assert "walking" in done.stdout
        (one,) = content(recording)["recordings"]
        assert words in one["likeness"]["not_judged"]
        assert one["likeness"]["warnings"] == []
        fit = run("data", "validate", recording, "--version", "champion")
        assert fit.exit_code == 0
        assert words in " ".join(fit.stdout.split())


@pytest.mark.usefixtures("watchful")
def test_a_slow_rate_and_another_placement_are_noted(tmp_path: Path) -> None:
    """Answers are given all the same."""
    walk_then_sit()[::2].to_csv("slow.csv", index=False)
    found = content("slow.csv", "--map", "placement=wrist")
    (one,) = found["recordings"]
    slow, wrist = one["likeness"]["warnings"]
    assert slow.startswith("recorded at 25 Hz for a model of 50 Hz")
    assert wrist.startswith("worn at the wrist; the model was trained at the waist")
    assert not one["likeness"]["unlike_training"]
    assert found["activities"][0]["activity"] == "walking"


def test_a_picture_and_a_page(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PNG, and HTML that holds its picture itself and names the model's file."""
    path = write_rule(tmp_path / "model.onnx")
    serve(monkeypatch, path)
    done = run("predict", recording, "--plot", "out/day.png", "--html", "out/day.html")
    assert done.exit_code == 0, done.output
    assert Path("out/day.png").read_bytes().startswith(b"\x89PNG")
    page = Path("out/day.html").read_text(encoding="utf-8")
    assert digest.of_file(path) in page
    assert "data:image/png;base64," in page
    assert "walking" in page
    assert "http" not in page


@pytest.mark.usefixtures("watchful")
def test_validate_says_what_was_understood_and_what_does_not_fit(recording: Path) -> None:
    """Fit ends with 0; a recording that is too slow or unlike training with 3."""
    good = run("data", "validate", recording, "--version", "champion")
    assert good.exit_code == 0
    for words in ("rate", "50 Hz", "2.0 s", "z 9.8", "walk: 100 rows read", "fit for prediction"):
        assert words in good.stdout
    turned = walk_then_sit()
    turned[list(ACC)] *= -1
    turned.to_csv("turned.csv", index=False)
    assert run("data", "validate", "turned.csv").exit_code == 0
    bad = run("data", "validate", "turned.csv", "--version", "champion", "--json")
    assert code(bad) == 3
    assert "gravity points the other way" in bad.stdout
    slow = walk_then_sit()
    slow["time_s"] *= 10
    slow.to_csv("slow.csv", index=False)
    assert "too slow for 50 Hz" in str(run("data", "validate", "slow.csv").exception)
    resampled = run("data", "validate", recording, "--rate-hz", "25")
    assert "50 Hz, resampled to 25 Hz" in resampled.stdout

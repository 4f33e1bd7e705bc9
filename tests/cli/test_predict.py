"""`har predict` prints what the served model answers, smoothed on request."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from graphs import walk_then_sit, write_rule
from typer.testing import CliRunner

from har.cli import app
from har.models.smoothing import HMM, Average, Smoothing
from har.registry.versions import files, lookup

STICKY = Smoothing(Average(4), HMM(np.array([[0.99, 0.01], [0.01, 0.99]]), np.full(2, 0.5)))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Write the recording to predict."""
    walk_then_sit().to_csv(tmp_path / "walk.csv", index=False)
    return tmp_path / "walk.csv"


def serve(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Let the registry's champion be a file."""
    champion = SimpleNamespace(model="har", number=3, candidate="svm", stage="Production")
    monkeypatch.setattr(lookup, "find", lambda registry, selector: champion)
    monkeypatch.setattr(files, "fetch", lambda registry, version: path)


def activities(*words: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["predict", *words, "--json"])
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert (content["model"], content["version"]) == ("har", 3)
    return content["activities"]


def test_answers_are_raw_unless_smoothing_is_asked_for(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Walking, then sitting; the mean of four windows notices the change later."""
    smoothing = json.dumps(STICKY.to_dict())
    serve(monkeypatch, write_rule(tmp_path / "model.onnx", smoothing=smoothing))
    raw = activities(str(recording))
    assert [a["activity"] for a in raw] == ["walking", "sitting"]
    assert activities(str(recording), "--smooth", "none") == raw
    for smoother in ("average", "hmm"):
        smooth = activities(str(recording), "--smooth", smoother)
        assert [a["activity"] for a in smooth] == ["walking", "sitting"]
        assert smooth[0]["windows"] >= raw[0]["windows"]
    assert activities(str(recording), "--smooth", "average")[0]["windows"] == 6


def test_a_model_without_smoothers_is_a_usage_error(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version registered before files had smoothers predicts as it did, and says so."""
    serve(monkeypatch, write_rule(tmp_path / "model.onnx"))
    assert [a["activity"] for a in activities(str(recording))] == ["walking", "sitting"]
    done = CliRunner().invoke(app, ["predict", str(recording), "--smooth", "hmm"])
    assert "cannot smooth its answers" in str(done.exception)


def test_it_says_what_became_of_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three lost samples and a pause are told of in every form; nothing of it is in the CSV."""
    serve(monkeypatch, write_rule(tmp_path / "model.onnx"))
    table = walk_then_sit()
    table["time_s"] += np.where(np.arange(len(table)) >= 85, 2.0, 0.0)
    table.drop(index=range(30, 33)).to_csv(tmp_path / "walk.csv", index=False)
    told = (
        "walk.csv: 97 rows read; 3 samples put into 1 short gap; 1 gap too long to fill; "
        "100 samples in 2 stretches; 20 of them in no window"
    )
    for form in ((), ("--csv",)):
        done = CliRunner().invoke(app, ["predict", "walk.csv", *form])
        assert told in done.stderr.replace("\n", " ")
        assert "rows read" not in done.stdout
    found = json.loads(CliRunner().invoke(app, ["predict", "walk.csv", "--json"]).stdout)
    assert found["unanswered"] == 20
    counts = {n: found["rows"][n] for n in ("rows_in", "gaps_filled", "gaps_split", "parts")}
    assert counts == {"rows_in": 97, "gaps_filled": 1, "gaps_split": 1, "parts": 2}

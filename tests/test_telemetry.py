"""Nothing that a library would report to its makers leaves this machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from graphs import walk_then_sit, write_rule
from tracing import NEEDED, elsewhere, traced

from har.telemetry import SWITCHED_OFF, switch_off

PREDICT = """
import sys
from pathlib import Path
from har.serving.predictor import Predictor
from har.serving.recordings import Aim, open_user_files
model = Predictor(Path(sys.argv[1]))
files = open_user_files(Path(sys.argv[2]))
print(*files.each(lambda recording: model.predict_parts(recording.parts()), Aim(50)))
"""
SWITCHES = """
import os, sys
import {first}
print([os.environ.get(name) for name in {names}])
"""


@NEEDED
def test_predicting_turns_to_nobody_and_leaves_nothing(tmp_path: Path) -> None:
    """Neither a look-up of a host nor an id in the home folder, whoever uses the library."""
    model, walk, home = write_rule(tmp_path / "m.onnx"), tmp_path / "walk.csv", tmp_path / "home"
    walk_then_sit().to_csv(walk, index=False)
    home.mkdir()
    command = [*traced(tmp_path / "trace"), sys.executable, "-c", PREDICT, str(model), str(walk)]
    done = subprocess.run(command, env=bare(HOME=str(home)), capture_output=True, check=True)
    assert b"walking" in done.stdout
    assert elsewhere(tmp_path / "trace") == set()
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize("first", ["har.serving.predictor", "flows.main", "har.processes"])
def test_every_way_in_switches_it_off(first: str) -> None:
    """The command line, a flow, a worker and a program of one's own import `har` first."""
    program = SWITCHES.format(first=first, names=tuple(SWITCHED_OFF))
    done = subprocess.run(
        [sys.executable, "-c", program], env=bare(), capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{list(SWITCHED_OFF.values())}\n"


def test_a_choice_of_the_user_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants to report does."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    switch_off()
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "false"


def bare(**env: str) -> dict[str, str]:
    """Return an environment in which nobody has switched anything off."""
    return {name: v for name, v in os.environ.items() if name not in SWITCHED_OFF} | env

"""The main job against a running Prefect server and a running MLflow server."""

import json
import os
import shutil
import urllib.request
from pathlib import Path
from typing import Any

from support import Project, mlflow_server, patience_s, server


def _post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=patience_s()) as answer:
        return json.loads(answer.read())


def test_chain_is_visible_in_both(people: Project, summary: Any, tmp_path: Path) -> None:
    """Prefect has the flow and its tasks; MLflow has the versions, stages and plots."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    shutil.copytree(people.folder / "data" / "store", folder / "data" / "store")
    prefect = ["prefect", "server", "start", "--port", "{port}"]
    with (
        server(prefect, "/api/health", PREFECT_HOME=str(tmp_path / "home")) as prefect_url,
        mlflow_server(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts") as mlflow_url,
    ):
        env = {"PREFECT_API_URL": f"{prefect_url}/api", "MLFLOW_TRACKING_URI": mlflow_url}
        elsewhere = Project(folder, {**env, "PREFECT_HOME": str(tmp_path / "client")})
        done = elsewhere.end_of(elsewhere.start("run", "--json"))
        assert done.returncode == 0, done.stderr
        again = json.loads(done.stdout)
        assert all(step["reused"] for step in again["steps"])
        flows = _post(f"{prefect_url}/api/flow_runs/filter", {})
        tasks = _post(f"{prefect_url}/api/task_runs/filter", {})
        states = {run["state_type"] for run in (*flows, *tasks)}
        assert [run["flow_id"] for run in flows] == [flows[0]["flow_id"]]
        assert states == {"COMPLETED"}
        names = {task["name"] for task in tasks}
        assert {"windows", "train-svm-0", "export-encoder-small", "register-svm"} <= names
        found = urllib.request.urlopen(
            f"{mlflow_url}/api/2.0/mlflow/registered-models/get?name=har", timeout=patience_s()
        )
        model = json.loads(found.read())["registered_model"]
        assert {alias["alias"] for alias in model["aliases"]} >= {"champion"}
        shown = elsewhere.json("registry", "show", "champion")
        assert str(shown["number"]) in {alias["version"] for alias in model["aliases"]}
        assert not (folder / "mlruns").exists() or not list((folder / "mlruns").glob("*.db"))
    assert os.environ.get("MLFLOW_TRACKING_URI") is None

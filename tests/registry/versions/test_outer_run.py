"""A job around ours, with a run of its own, is neither written to nor ended."""

from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from support import Setup, opened, promote

from har.registry.history.trail import Trail
from har.registry.versions.registration import register


@pytest.fixture
def outer(settings: Setup) -> str:
    """Begin a run of somebody else in the same registry."""
    client = opened(settings).client
    name = f"theirs-{settings.registry.model}"
    return str(client.create_run(client.create_experiment(name)).info.run_id)


def test_variables_of_a_job_around(
    settings: Setup, outer: str, make_candidate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that name a run, an experiment or a way to log are not those of our run."""
    client = opened(settings).client
    before = _all_of(client, outer)
    monkeypatch.setenv("MLFLOW_RUN_ID", outer)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", before["experiment"])
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "somebody else's")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_LOGGING", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "true")
    monkeypatch.setenv("MLFLOW_ACTIVE_MODEL_ID", "m-of-somebody-else")
    version = register(opened(settings), make_candidate())
    promote(version, settings, reason="first")
    assert version.run_id != outer
    assert client.get_run(version.run_id).info.status == "FINISHED"
    assert _all_of(client, outer) == before
    assert [event.event for event in Trail(opened(settings)).events][-1] == "moved"


def test_a_run_that_does_not_exist(
    local: Setup, make_candidate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable may name a run of another registry."""
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    assert register(opened(local), make_candidate()).number == 1


def test_a_run_that_is_active_here(local: Setup, make_candidate: Any, tmp_path: Path) -> None:
    """A notebook may hold a run of another registry open around our call."""
    elsewhere = f"sqlite:///{tmp_path}/theirs.db"
    mlflow.set_tracking_uri(elsewhere)
    mlflow.set_experiment("theirs")
    try:
        with mlflow.start_run() as theirs:
            version = register(opened(local), make_candidate())
            assert mlflow.active_run().info.run_id == theirs.info.run_id
            assert mlflow.get_tracking_uri() == elsewhere
        assert _all_of(MlflowClient(elsewhere), theirs.info.run_id)["metrics"] == {}
        assert opened(local).client.get_run(version.run_id).info.status == "FINISHED"
    finally:
        mlflow.tracking.fluent._active_experiment_id = None
        mlflow.set_tracking_uri(None)


def _all_of(client: MlflowClient, run_id: str) -> dict[str, Any]:
    """Return what somebody would see of a run."""
    run = client.get_run(run_id)
    return {
        "experiment": run.info.experiment_id,
        "status": run.info.status,
        "metrics": run.data.metrics,
        "params": run.data.params,
        "tags": run.data.tags,
        "files": [file.path for file in client.list_artifacts(run_id)],
        "inputs": len(run.inputs.dataset_inputs),
    }

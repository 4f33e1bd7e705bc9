"""A registration that is killed: the next one leaves no trace of it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow.entities import ViewType
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from support import WITH_SETUP, Setup, opened

from har.registry.connection import experiment_id
from har.registry.versions.candidate import Candidate
from har.registry.versions.lookup import list_versions
from har.registry.versions.registration import register

# Kills its own process at the stated point, as a power cut would.
CHILD = (
    WITH_SETUP
    + """
import json, os, signal, sys
from pathlib import Path
from har.config import Recipe
from har.registry.versions.candidate import Candidate
from har.registry.handle import Registry
from har.registry.versions import registration as versions

point, settings, name, *folders = json.loads(sys.argv[1])
settings = Setup(**settings)
registry = Registry.open(settings.environment)
registry.client
from har.registry.versions import mlflow_run as run

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

make = run._make
points = {
    "files": (run, "write_card", die),
    "model": (run.mlflow.onnx, "save_model", die),
    "version": (run, "_make", die),
    "end": (run, "_make", lambda *args: (make(*args), die())),
}
setattr(*points[point])
candidate = Candidate(name, "tiny", *map(Path, folders), steps={}, recipe=Recipe())
versions.register(registry, candidate)
"""
)


def kill_at(point: str, candidate: Candidate, settings: Setup) -> None:
    """Register a candidate in a process that kills itself at a point."""
    c = candidate
    folders = [str(f) for f in (c.model, c.evaluation, c.export, c.report, c.checks, c.windows)]
    argument = json.dumps([point, settings.model_dump(mode="json"), c.name, *folders])
    done = subprocess.run([sys.executable, "-c", CHILD, argument], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def assert_one_of_each(settings: Setup) -> str:
    """Check that there is one version, one run and one logged model; return the run's id."""
    client = opened(settings).client
    experiment = experiment_id(client, "har/tiny")
    (version,) = list_versions(opened(settings))
    digest = version.tags["har.candidate_digest"]
    (run,) = client.search_runs([experiment], f"tags.`har.candidate_digest` = '{digest}'")
    assert (run.info.run_id, run.info.status) == (version.run_id, "FINISHED")
    query = f"source_run_id = '{version.run_id}'"
    assert len(client.search_logged_models([experiment], query)) == 1
    return version.run_id


@pytest.mark.parametrize("point", ["files", "model", "version"])
def test_killed_before_the_version(point: str, local: Setup, make_candidate) -> None:
    """Files, logged model and run of the killed process are gone after the next call."""
    candidate = make_candidate()
    kill_at(point, candidate, local)
    artifacts = Path("mlruns/artifacts")
    left = {path for path in artifacts.rglob("*") if path.is_file()}
    assert left
    assert list_versions(opened(local)) == []
    register(opened(local), candidate)
    run_id = assert_one_of_each(local)
    client = opened(local).client
    (model,) = client.search_logged_models([experiment_id(client, "har/tiny")])
    kept = {path for path in artifacts.rglob("*") if path.is_file()}
    assert not kept & left
    assert all(run_id in path.parts or model.model_id in path.parts for path in kept)
    (killed,) = client.search_runs(
        [experiment_id(client, "har/tiny")], run_view_type=ViewType.DELETED_ONLY
    )
    assert killed.info.status == "KILLED"


def test_killed_after_the_version(local: Setup, make_candidate) -> None:
    """A version that was made is kept, and its run is brought to its end."""
    candidate = make_candidate()
    kill_at("end", candidate, local)
    (made,) = list_versions(opened(local))
    assert opened(local).client.get_run(made.run_id).info.status == "RUNNING"
    assert register(opened(local), candidate) == made
    assert assert_one_of_each(local) == made.run_id


def test_killed_on_a_server(server: str, local: Setup, make_candidate) -> None:
    """The same on a server, whose files are deleted through it."""
    registry = {"tracking_uri": server, "model": "har-killed"}
    settings = Setup(store=local.store, registry=registry)
    candidate = make_candidate(errors=5)
    kill_at("model", candidate, settings)  # leaves a logged model without files
    client = opened(settings).client
    query = f"tags.`har.candidate_digest` = '{candidate.digest}'"
    (killed,) = client.search_runs([experiment_id(client, "har/tiny")], query)
    files = get_artifact_repository(killed.info.artifact_uri, tracking_uri=server)
    assert files.list_artifacts()
    register(opened(settings), candidate)
    assert files.list_artifacts() == []
    assert assert_one_of_each(settings) != killed.info.run_id

"""What could not be recorded once it is made is refused before it is made."""

import json
from typing import Any

import pytest
from support import Setup, opened, promote

from har.config import load
from har.errors import MissingError, UsageError
from har.registry.history.trail import EXPERIMENT, Trail
from har.registry.versions.lookup import find
from har.registry.versions.registration import register, require_ready


def delete_experiment(settings: Setup, name: str) -> str:
    """Delete an experiment, as MLflow's pages do; return its id."""
    client = opened(settings).client
    experiment = client.get_experiment_by_name(name)
    client.delete_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)


@pytest.mark.parametrize("settings", ["local"], indirect=True)
@pytest.mark.parametrize("name", ["har/tiny", EXPERIMENT])
def test_deleted_experiment(name: str, rivals: Setup) -> None:
    """A run hears at its start that an experiment was deleted, and how it comes back."""
    number = delete_experiment(rivals, name)
    with pytest.raises(MissingError, match=f"{name} was deleted") as caught:
        require_ready(opened(rivals), "tiny")
    assert f"mlflow experiments restore --experiment-id {number}" in str(caught.value)
    opened(rivals).client.restore_experiment(number)
    require_ready(opened(rivals), "tiny")
    assert promote(find(opened(rivals), "2"), rivals, reason="better").stage == "Production"


def test_deleted_history(rivals: Setup) -> None:
    """Nothing moves while the run that holds the history is in MLflow's trash."""
    client = opened(rivals).client
    experiment = opened(rivals).experiment_id(EXPERIMENT)
    (run,) = client.search_runs([experiment], f"run_name = '{rivals.registry.model}'")
    before = Trail(opened(rivals)).events
    client.delete_run(run.info.run_id)
    with pytest.raises(MissingError, match=f"mlflow runs restore --run-id {run.info.run_id}"):
        promote(find(opened(rivals), "2"), rivals, reason="better")
    assert Trail(opened(rivals)).events == before
    client.restore_run(run.info.run_id)


def test_nothing_is_made_in_a_deleted_experiment(local: Setup, make_candidate: Any) -> None:
    """A registration that was not looked at before says the same."""
    register(opened(local), make_candidate("svm"))
    delete_experiment(local, "har/tiny")
    with pytest.raises(MissingError, match="har/tiny was deleted"):
        register(opened(local), make_candidate())


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a:b", "mary's", 'a"b', "..", "a ", "a\\b", "a`b", "a" * 129]
)
def test_name_that_cannot_be_searched_for(name: str) -> None:
    """A name that MLflow's queries or a folder cannot have is refused as a setting."""
    with pytest.raises(UsageError, match=r"registry\.model"):
        load([f"registry.model={json.dumps(name)}"])


@pytest.mark.parametrize("name", ["har", "har-2", "Gehen & Stehen", "体", "v1.2 (test)"])
def test_name_that_can(name: str, local: Setup, make_candidate: Any) -> None:
    """Names of every other kind are searched for and found."""
    assert load([f"registry.model={json.dumps(name)}"]).environment.registry.model == name
    settings = Setup(store=local.store, gate=local.gate, registry={"model": name})
    promote(register(opened(settings), make_candidate("svm")), settings, reason="first")
    assert find(opened(settings), "champion").model == name

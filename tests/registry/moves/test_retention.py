"""What may go, goes whole and is told; all else stays."""

import json

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from support import Setup, opened, promote, registry_command

from har.registry.connection import experiment_id
from har.registry.history.trail import Trail
from har.registry.moves import retention
from har.registry.moves.mover import Mover
from har.registry.moves.retention import prune
from har.registry.moves.rollback import rollback
from har.registry.versions.lookup import find, list_versions
from har.registry.versions.registration import register
from har.registry.versions.version import Version


@pytest.fixture
def crowded(rivals: Setup, make_candidate) -> Setup:
    """Register a champion, a former one, a judged one, one with an alias, and one nobody needs."""
    promote(find(opened(rivals), "2"), rivals, reason="better")
    judged = register(opened(rivals), make_candidate("svm", errors=3))
    promote(judged, rivals, reason="perhaps")
    register(opened(rivals), make_candidate("svm", errors=4))
    client = opened(rivals).client
    client.set_registered_model_alias(rivals.registry.model, "canary", "4")
    register(opened(rivals), make_candidate("svm", errors=5))
    return rivals


def files_of(client: MlflowClient, version: Version) -> list[object]:
    """Return what is left of a version's files, in its run and in its logged model."""
    run = client.get_run(version.run_id)
    models = client.search_logged_models(
        [run.info.experiment_id], f"source_run_id = '{version.run_id}'"
    )
    places = [run.info.artifact_uri, *(model.artifact_location for model in models)]
    repositories = [get_artifact_repository(p, tracking_uri=client.tracking_uri) for p in places]
    return [file for repository in repositories for file in repository.list_artifacts()]


def test_only_what_nobody_needs(crowded: Setup) -> None:
    """One version goes, with its run and files; the history says what it was."""
    unneeded, before = find(opened(crowded), "5"), Trail(opened(crowded)).events
    looked = prune(opened(crowded), reason="quarterly", older_than_days=0, dry_run=True)
    assert [v.number for v in looked.versions] == [5]
    assert {v.number: why for v, why in looked.kept} == {
        **{1: "at Archived", 2: "at Production", 3: "at Staging", 4: "alias canary"},
    }
    assert (find(opened(crowded), "5"), Trail(opened(crowded)).events) == (unneeded, before)
    client = opened(crowded).client
    assert files_of(client, unneeded)

    assert prune(opened(crowded), reason="quarterly", older_than_days=0) == looked
    assert [v.number for v in list_versions(opened(crowded))] == [4, 3, 2, 1]
    assert files_of(client, unneeded) == []
    assert client.get_run(unneeded.run_id).info.lifecycle_stage == "deleted"
    event = Trail(opened(crowded)).events[-1]
    assert (event.event, event.version, event.reason) == ("pruned", 5, "quarterly")
    assert event.candidate_digest == unneeded.tags["har.candidate_digest"]
    assert event.lineage_digest == unneeded.tags["har.lineage_digest"]
    Mover(opened(crowded)).recover()
    assert rollback(opened(crowded), "previous", reason="all there").number == 1


def test_named_in_the_history(rivals: Setup, make_candidate) -> None:
    """A version that was judged and went back to None stays, and so does one that is young."""
    failures = ("disagreement 0.1 > 0.005",)
    refused = register(opened(rivals), make_candidate("svm", errors=3, failures=failures))
    assert promote(refused, rivals, reason="try").stage == "None"
    kept = prune(opened(rivals), reason="none", older_than_days=1).kept
    assert [why for _, why in kept] == ["named in the history", "young", "at Production"]
    assert [v.number for v in list_versions(opened(rivals))] == [3, 2, 1]


def test_killed_in_the_middle(crowded: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """A removal that was cut off after the version is completed by the next one."""
    unneeded = find(opened(crowded), "5")
    with monkeypatch.context() as patch:
        patch.setattr(retention, "remove_run", _die)
        with pytest.raises(KeyboardInterrupt):
            prune(opened(crowded), reason="cut off", older_than_days=0)
    client = opened(crowded).client
    assert files_of(client, unneeded)
    assert prune(opened(crowded), reason="again", older_than_days=0).versions == ()
    assert files_of(client, unneeded) == []
    assert [e.event for e in Trail(opened(crowded)).events].count("pruned") == 1


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_run_without_a_version(rivals: Setup) -> None:
    """What a killed registration left goes; a run of a version that was killed late stays."""
    client = opened(rivals).client
    experiment = experiment_id(client, f"har/{rivals.registry.model}-left")
    left = client.create_run(experiment, tags={"har.candidate_digest": "ab" * 32}).info.run_id
    theirs = client.create_run(experiment).info.run_id
    found = prune(opened(rivals), reason="tidy", older_than_days=0)
    assert left in found.runs
    assert theirs not in found.runs
    (gone,) = client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)
    assert (gone.info.run_id, gone.info.status) == (left, "KILLED")


def test_command(crowded: Setup) -> None:
    """What is younger than a month stays unless that is said otherwise."""
    done = registry_command(crowded, "prune", "--reason", "q", "--json")
    found = json.loads(done.output)
    assert found["versions"] == []
    assert found["kept"]["5"] == "young"

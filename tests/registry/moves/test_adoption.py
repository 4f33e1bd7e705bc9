"""A registry that was made by hand: taken in as it is, verified from then on."""

import json
import shutil
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression
from support import Setup, opened, promote, registry_command

from har.errors import MissingError, UsageError, VerificationError
from har.registry.gate.promotion import change_stage
from har.registry.history.production import production_periods
from har.registry.history.stages import Placement
from har.registry.history.trail import Trail
from har.registry.moves.adoption import adopt, placed
from har.registry.moves.mover import Mover
from har.registry.moves.observation import Observed, observe
from har.registry.moves.rollback import rollback
from har.registry.versions.comparison import compare
from har.registry.versions.files import fetch, read_lineage
from har.registry.versions.lookup import find, list_versions
from har.registry.versions.registration import register

pytestmark = pytest.mark.filterwarnings("ignore:.*stage.*:FutureWarning", "ignore:.*:UserWarning")

STAGES = ("Archived", "Production", "Production", "Staging", "None")


@pytest.fixture
def by_hand(settings: Setup) -> Setup:
    """Register five versions with MLflow alone, two of them in Production, one with an alias."""
    register_by_hand(settings)
    return settings


def register_by_hand(settings: Setup) -> None:
    """Make a version for each stage, as a notebook would."""
    client, name = opened(settings).client, settings.registry.model
    model = LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])
    mlflow.set_tracking_uri(client.tracking_uri)
    with mlflow.start_run(experiment_id=_experiment(client, name)):
        logged = mlflow.sklearn.log_model(
            model, name="hand", serialization_format="skops", pip_requirements=["scikit-learn"]
        )
    client.create_registered_model(name)
    for stage in STAGES:
        made = client.create_model_version(name, logged.model_uri, model_id=logged.model_id)
        client.transition_model_version_stage(name, made.version, stage)
    client.set_registered_model_alias(name, "Champion", "3")
    mlflow.set_tracking_uri(None)


def _experiment(client: MlflowClient, name: str) -> str:
    """Make an experiment whose artifacts a local registry keeps in the test's folder."""
    local = client.tracking_uri.startswith("sqlite")
    place = Path("artifacts").resolve().as_uri() if local else None
    return str(client.create_experiment(f"hand/{name}", artifact_location=place))


def test_files_that_are_gone(settings: Setup) -> None:
    """A version without files is not taken in as one that has none."""
    if settings.registry.tracking_uri:
        pytest.skip("the server's files are not ours to remove")
    register_by_hand(settings)
    shutil.rmtree("artifacts")
    with pytest.raises(MissingError, match="version 1: the files of its model are not there"):
        adopt(opened(settings), reason="last year's")


def test_taken_in(by_hand: Setup, make_candidate) -> None:
    """The newest in Production is the champion, in lower case; the history begins with it."""
    assert list_versions(opened(by_hand)) == []
    looked = adopt(opened(by_hand), reason="last year's", dry_run=True)
    assert list_versions(opened(by_hand)) == []
    assert adopt(opened(by_hand), reason="last year's") == looked
    assert looked.versions == dict.fromkeys(range(1, 6), "sklearn")
    after = Placement(
        {"champion": 3, "challenger": 4},
        {1: "Archived", 2: "Archived", 3: "Production", 4: "Staging"},
    )
    found = observe(opened(by_hand))
    assert found.aliases == after.aliases
    assert found.tags == found.native == {v: after.stage(v) for v in range(1, 6)}
    assert Mover(opened(by_hand)).recover() == after
    (period,) = production_periods(Trail(opened(by_hand)).events)
    assert (period.version, period.kind, period.reason) == (3, "adoption", "last year's")
    champion = find(opened(by_hand), "champion")
    assert (champion.number, champion.candidate, champion.macro_f1) == (3, "sklearn", None)
    assert adopt(opened(by_hand), reason="once more").versions == {}


def test_what_it_can_do(by_hand: Setup, make_candidate) -> None:
    """Nobody is compared with it unless that is waived; back to it only with the same bytes."""
    adopt(opened(by_hand), reason="last year's")
    new = register(opened(by_hand), make_candidate("svm"))
    refused = promote(new, by_hand, reason="first of ours")
    assert refused.failures == ["version 3 was adopted: nobody measured it on test windows"]
    rule = "same test windows as the champion"
    promote(new, by_hand, reason="ours", rejudge=True, waivers={rule: "it has no scores"})
    assert (find(opened(by_hand), "champion").number, find(opened(by_hand), "previous").number) == (
        6,
        3,
    )
    with pytest.raises(UsageError, match="was adopted: nobody measured it"):
        promote(find(opened(by_hand), "2"), by_hand, reason="why not")
    with pytest.raises(UsageError, match="was adopted: nobody measured it"):
        change_stage(opened(by_hand), "2", "Staging", reason="why not")
    champion, previous = (find(opened(by_hand), name) for name in ("champion", "previous"))
    with pytest.raises(UsageError, match="was adopted: nobody measured it"):
        compare(opened(by_hand), champion, previous, intervals=by_hand.intervals)
    assert rollback(opened(by_hand), "previous", reason="back").number == 3
    with pytest.raises(MissingError, match="no ONNX build"):
        fetch(opened(by_hand), find(opened(by_hand), "champion"))
    with pytest.raises(MissingError, match="no lineage record"):
        read_lineage(opened(by_hand), find(opened(by_hand), "champion"))


def test_changed_since(local: Setup, make_candidate) -> None:
    """A file that changed after the adoption is found out before a rollback."""
    register_by_hand(local)
    adopt(opened(local), reason="last year's")
    new = register(opened(local), make_candidate("svm"))
    waivers = {"same test windows as the champion": "it has no scores"}
    promote(new, local, reason="ours", waivers=waivers)
    (changed,) = Path("artifacts").rglob("MLmodel")
    changed.write_text(changed.read_text() + "\n")
    with pytest.raises(VerificationError, match="MLmodel changed"):
        rollback(opened(local), "previous", reason="back")


def test_contradiction() -> None:
    """An alias at one version and the stage at another are not guessed at."""
    found = Observed({"champion": 1}, {1: "None", 2: "None"}, {1: "None", 2: "Production"})
    with pytest.raises(UsageError, match="version 1, and at Production version 2"):
        placed(found)


def test_told_by_list(by_hand: Setup) -> None:
    """`list` says that there is something to adopt; a move before it says so too."""
    listed = registry_command(by_hand, "list")
    assert "Registered without har: 1, 2, 3, 4, 5. `har registry adopt` takes them" in listed.output
    with pytest.raises(VerificationError, match="take it in with `har registry adopt`"):
        Mover(opened(by_hand)).recover()
    done = registry_command(by_hand, "adopt", "--reason", "old", "--json")
    assert json.loads(done.output)["placement"]["aliases"] == {"champion": 3, "challenger": 4}

"""A local database says the same, whether MLflow reads it or we do; a strange one only MLflow."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient
from support import Setup, opened, promote

from har.registry.connection import sqlite_file
from har.registry.handle import Registry
from har.registry.history.trail import EXPERIMENT, Trail
from har.registry.reading import ClientReader, DatabaseReader
from har.registry.versions.lookup import find, list_versions

local_only = pytest.mark.parametrize("settings", ["local"], indirect=True)


@pytest.fixture
def busy(rivals: Setup) -> Registry:
    """Return a registry with a champion, a former one, a deleted version and foreign ones."""
    promote(find(opened(rivals), "2"), rivals, reason="better")
    registry = opened(rivals)
    client, model = registry.client, registry.model
    for run_id in (find(registry, "1").run_id, None, None):
        client.create_model_version(model, "file:///nowhere", run_id)
    client.delete_model_version(model, "4")
    client.set_model_version_tag(model, "3", "note", "ünïcode\n")
    client.set_registered_model_alias(model, "Canary", "5")
    client.create_registered_model("other")
    client.create_model_version("other", "file:///nowhere")
    client.delete_experiment(client.create_experiment("gone", tags={"a": "1"}))
    client.create_experiment("empty")
    return registry


@local_only
def test_both_say_the_same(busy: Registry) -> None:
    """Every question that is asked has one answer, of what is there and of what is not."""
    file = sqlite_file(busy.uri)
    assert file is not None
    assert DatabaseReader.is_known(file)
    ours, theirs = DatabaseReader(file), ClientReader(busy.client)
    for model in (busy.model, "other", "nothing"):
        assert ours.aliases(model) == theirs.aliases(model)
        both = [sorted(r.versions(model), key=lambda v: v.number) for r in (ours, theirs)]
        assert both[0] == both[1]
    assert ours.aliases("nothing") is None
    assert [v.number for v in ours.versions(busy.model)] == [1, 2, 3, 5]
    names = (f"{EXPERIMENT}/{busy.model}", EXPERIMENT, "gone", "empty", "nothing")
    for name in names:
        assert ours.experiment_tags(name) == theirs.experiment_tags(name)
    run = theirs.experiment_tags(names[0])
    assert run is not None
    for run_id in (run["har.history"], find(busy, "1").run_id):
        assert ours.params(run_id) == theirs.params(run_id) != {}


@local_only
def test_both_lead_to_the_same(busy: Registry) -> None:
    """Versions and events are the same through a handle that has connected and one that has not."""
    unconnected = opened(Setup(registry=busy.environment.registry))
    assert isinstance(unconnected.reader, DatabaseReader)
    assert isinstance(busy.reader, ClientReader)
    assert list_versions(unconnected) == list_versions(busy)
    assert Trail(unconnected).events == Trail(busy).events
    assert "client" not in vars(unconnected)


def test_a_strange_database_is_left_to_mlflow(
    local: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not the schema that is known here is not read here."""
    file = Path("mlruns/mlflow.db")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    connection.close()
    monkeypatch.setattr("har.registry.handle.connect", lambda uri: MlflowClient("http://nowhere"))
    assert not DatabaseReader.is_known(file)
    assert isinstance(opened(local).reader, ClientReader)


@local_only
def test_reading_imports_no_mlflow(rivals: Setup) -> None:
    """A list of versions and a history import neither MLflow nor numpy nor pandas."""
    script = (
        "import sys\n"
        "from har.config import Environment\n"
        "from har.registry.handle import Registry\n"
        "from har.registry.history.trail import Trail\n"
        "from har.registry.versions.lookup import list_versions\n"
        "registry = Registry.open(Environment())\n"
        "print(len(list_versions(registry)), len(Trail(registry).events))\n"
        "print(sorted({'mlflow', 'numpy', 'pandas', 'pyarrow', 'sqlalchemy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "2 6\n[]\n"

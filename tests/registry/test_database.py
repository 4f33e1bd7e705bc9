"""The local database appears whole or not at all, whoever comes first."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support import Setup, opened

from har.errors import MissingError, UsageError
from har.registry import database
from har.registry.database import prepare, revision
from har.registry.handle import Registry
from har.registry.reading import SCHEMA
from har.registry.versions.lookup import list_versions

DATABASE = Path("mlruns/mlflow.db")
CONNECT = "from har.registry.connection import connect; connect('sqlite:///mlruns/mlflow.db')"
DIE_WHILE_MAKING = """
import os, signal
import mlflow.store.db.utils as utils
from har.registry.connection import connect

utils._upgrade_db = lambda engine: os.kill(os.getpid(), signal.SIGKILL)
connect('sqlite:///mlruns/mlflow.db')
"""


def start(program: str) -> subprocess.Popen[str]:
    """Start a program in the working folder."""
    return subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)


def test_three_at_once() -> None:
    """Of three processes that find no database one makes it, and all use it."""
    processes = [start(CONNECT) for _ in range(3)]
    assert [process.communicate()[1] for process in processes] == ["", "", ""]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert revision(DATABASE) == SCHEMA
    assert {path.name for path in DATABASE.parent.iterdir()} == {"mlflow.db", "mlflow.db.lock"}


def test_killed_while_it_is_made() -> None:
    """A database that was not finished is not there, and the next process makes it."""
    process = start(DIE_WHILE_MAKING)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not DATABASE.exists()
    assert DATABASE.with_name("mlflow.db.new").exists()
    assert opened(Setup()).client.search_registered_models() == []
    assert not DATABASE.with_name("mlflow.db.new").exists()


def test_left_unfinished_by_mlflow_itself() -> None:
    """What a killed process of an earlier `har` left, tables without a row, is made anew."""
    DATABASE.parent.mkdir()
    with closing(sqlite3.connect(DATABASE)) as db:
        db.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT)")
        db.execute("CREATE TABLE alembic_version (version_num TEXT)")
    DATABASE.with_name("mlflow.db-journal").write_bytes(b"of the database that is replaced")
    assert opened(Setup()).client.search_registered_models() == []


def test_reading_makes_nothing(tmp_path: Path) -> None:
    """Who lists the versions of a registry that is not there leaves no trace."""
    assert list_versions(opened(Setup())) == []
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="session")
def old_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with the tables of an earlier MLflow, and an experiment in it."""
    from alembic import command
    from alembic.script import ScriptDirectory
    from mlflow.store.db import utils
    from mlflow.store.tracking.dbmodels.initial_models import Base
    from sqlalchemy import create_engine

    path = tmp_path_factory.mktemp("old") / "mlflow.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    config = utils._get_alembic_config(f"sqlite:///{path}")
    *_, before, _ = reversed(
        [c.revision for c in ScriptDirectory.from_config(config).walk_revisions()]
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, before)
    engine.dispose()
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage)"
            "VALUES (7, 'theirs', '/theirs', 'active')"
        )
        db.commit()
    return path


def test_of_an_earlier_mlflow(old_database: Path) -> None:
    """Two processes bring a database up to date once; as it was, it is kept."""
    DATABASE.parent.mkdir()
    shutil.copy(old_database, DATABASE)
    before = revision(DATABASE)
    processes = [start(CONNECT) for _ in range(2)]
    told = "".join(process.communicate()[1] for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert told.count("brought up to date") == 1
    assert revision(DATABASE) == SCHEMA
    assert revision(DATABASE.with_name(f"mlflow-{before}.db")) == before
    assert opened(Setup()).client.get_experiment("7").name == "theirs"


def test_of_a_later_mlflow(local: Setup) -> None:
    """A database whose tables are not known here is left as it is."""
    with closing(sqlite3.connect(DATABASE)) as db:
        db.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        db.commit()
    before = DATABASE.read_bytes()
    with pytest.raises(MissingError, match="a later MLflow made it"):
        list_versions(opened(local))
    assert DATABASE.read_bytes() == before


@pytest.mark.parametrize("content", ["text", "tables"])
def test_of_something_else(content: str) -> None:
    """A file of another program is named, and not touched."""
    DATABASE.parent.mkdir()
    if content == "text":
        DATABASE.write_text("no database at all, and long enough to have a header\n" * 20)
    else:
        with closing(sqlite3.connect(DATABASE)) as db:
            db.execute("CREATE TABLE recipes (name TEXT)")
    before = DATABASE.read_bytes()
    with pytest.raises(UsageError, match="database of"):
        prepare(DATABASE)
    assert DATABASE.read_bytes() == before


def test_locked(local: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that another program holds is told of in seconds."""
    monkeypatch.setattr(database, "PATIENCE_S", 0.1)
    with closing(sqlite3.connect(DATABASE)) as db:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(MissingError, match="cannot be read") as caught:
            list_versions(opened(local))
    assert "database is locked" in str(caught.value)


def test_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the folder cannot be written, it is said what has to be."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(database.FileLock, "acquire", refuse)
    with pytest.raises(MissingError, match="cannot be written"):
        Registry.open(Setup().environment).connect()
    assert not list(Path("mlruns").iterdir())

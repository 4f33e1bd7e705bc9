"""A project that was moved, copied or is mounted read-only, and what lies outside of it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import mlflow
import pytest
from support import Setup, files_of, opened, promote, registry_command

from har.errors import VerificationError
from har.lineage import digest
from har.registry.locations import Home
from har.registry.moves.retention import prune
from har.registry.versions.files import fetch, read_lineage, require_verified
from har.registry.versions.lookup import find, list_versions
from har.registry.versions.registration import register

HERE = Setup(gate={"approval": "never", "max_ece": 0.3})


@pytest.fixture
def project(
    tmp_path: Path, empty_database: Path, make_candidate: Any, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Make a folder with a champion and a version that nobody judged; it is worked in."""
    folder = tmp_path / "A"
    (folder / "mlruns").mkdir(parents=True)
    shutil.copy(empty_database, folder / "mlruns" / "mlflow.db")
    monkeypatch.chdir(folder)
    champion = register(opened(HERE), make_candidate("svm"))
    promote(champion, HERE, reason="first")
    register(opened(HERE), make_candidate())
    return folder


def content(folder: Path) -> dict[str, str]:
    """Return the digests of all files of a project, without locks."""
    return {n: d for n, d in digest.of_folder(folder).items() if not n.endswith(".lock")}


def test_moved(
    project: Path, tmp_path: Path, make_candidate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that was moved all is read, and new files go there alone."""
    project.rename(tmp_path / "a new home? 100 % & #1")
    monkeypatch.chdir(tmp_path / "a new home? 100 % & #1")
    before = content(Path())
    for version in list_versions(opened(HERE)):
        assert read_lineage(opened(HERE), version).predicate.candidate_digest
        require_verified(opened(HERE), version)
    assert registry_command(HERE, "compare", "2", "champion").exit_code == 0
    assert content(Path()) == before  # who reads writes nothing
    better = register(opened(HERE), make_candidate(errors=0))
    assert promote(better, HERE, reason="better").stage == "Production"
    require_verified(opened(HERE), better)
    assert not project.exists()


def test_moved_for_mlflow_itself(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once somebody wrote to it, MLflow's own functions find a moved model too."""
    project.rename(tmp_path / "B")
    monkeypatch.chdir(tmp_path / "B")
    opened(HERE).connect(to_write=True)
    mlflow.set_tracking_uri(opened(HERE).uri)
    try:
        assert mlflow.onnx.load_model("models:/har@champion").graph.output
    finally:
        mlflow.set_tracking_uri(None)
    with closing(sqlite3.connect("mlruns/mlflow.db")) as db:
        assert str(project) not in "\n".join(db.iterdump())


def test_copied(
    project: Path, tmp_path: Path, make_candidate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is removed or registered in a copy is not removed or registered in the original."""
    shutil.copytree(project, tmp_path / "B")
    before = content(project)
    monkeypatch.chdir(tmp_path / "B")
    mine = files_of(find(opened(HERE), "2"), HERE)
    pruned = prune(opened(HERE), reason="tidy", older_than_days=0)
    assert [version.number for version in pruned.versions] == [2]
    assert mine.is_relative_to(tmp_path / "B")
    assert not mine.exists()
    better = register(opened(HERE), make_candidate(errors=0))
    assert promote(better, HERE, reason="better").stage == "Production"
    assert content(project) == before


def test_files_outside_stay(
    project: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """A run whose files are elsewhere goes; its files do not."""
    elsewhere = tmp_path / "elsewhere"
    shutil.move(files_of(find(opened(HERE), "2"), HERE), elsewhere)
    with closing(sqlite3.connect("mlruns/mlflow.db")) as db:
        run = find(opened(HERE), "2").run_id
        db.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (str(elsewhere), run))
        db.commit()
    prune(opened(HERE), reason="tidy", older_than_days=0)
    assert (elsewhere / "lineage.json").exists()
    assert f"{elsewhere}: stays" in caplog.text


def test_left_at_the_former_place(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier `har` wrote to the old place of a moved folder is read, then copied."""
    shutil.copytree(project, tmp_path / "B")
    monkeypatch.chdir(tmp_path / "B")
    shutil.rmtree(files_of(find(opened(HERE), "2"), HERE))
    require_verified(opened(HERE), find(opened(HERE), "2"))
    before = content(project)
    opened(HERE).connect(to_write=True)
    assert files_of(find(opened(HERE), "2"), HERE).is_relative_to(tmp_path / "B")
    assert content(project) == before
    require_verified(opened(HERE), find(opened(HERE), "2"))
    shutil.rmtree(files_of(find(opened(HERE), "2"), HERE))
    with pytest.raises(VerificationError, match="of no file: it is not there"):
        require_verified(opened(HERE), find(opened(HERE), "2"))


def test_mounted_read_only(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a medium that cannot be written, the champion's file is used where it lies."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    champion = find(opened(HERE), "champion")
    before = content(project)
    monkeypatch.setattr(Path, "mkdir", refuse)
    path = fetch(opened(HERE), champion)
    assert path.is_relative_to(Home.of(Path("mlruns/mlflow.db")).folder)
    assert digest.of_file(path) == champion.tags["har.onnx_sha256"]
    path.write_bytes(b"changed")
    with pytest.raises(VerificationError, match="not the registered ones"):
        fetch(opened(HERE), champion)
    assert set(content(project)) == set(before)

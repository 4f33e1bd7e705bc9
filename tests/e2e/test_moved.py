"""The project of a run in another place: copied, and where nothing can be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import MAIN, SMALL, Project

from har.lineage import digest

READ = (
    ("registry", "list"),
    ("registry", "history"),
    ("registry", "show", "champion"),
    ("registry", "compare", "1", "2"),
    ("lineage", "show", "champion"),
)
# Mounts a folder over itself, read-only, for the commands that it runs there.
MOUNTED = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$1" && shift && exec "$@"'


@pytest.fixture
def elsewhere(people: Project, summary: Any, tmp_path: Path) -> Project:
    """Copy the project of a run, without the copies of models that it keeps."""
    project = people.copy(tmp_path / "B")
    shutil.rmtree(project.folder / "data/store/onnx", ignore_errors=True)
    return project


def commands(project: Project) -> list[tuple[str, ...]]:
    """Return what only reads in a project."""
    recording = min((project.folder / "raw").rglob("*.csv")).relative_to(project.folder)
    return [*READ, ("predict", str(recording))]


def test_copied(people: Project, elsewhere: Project) -> None:
    """A copy answers as the original does, and what it writes or removes is its own."""
    before = digest.of_folder(people.folder / "mlruns")
    for words in commands(elsewhere):
        mine, theirs = elsewhere.har(*words), people.har(*words)
        assert mine.returncode == 0, mine.stderr
        assert mine.stdout == theirs.stdout
    other = str(3 - elsewhere.json("registry", "show", "champion")["number"])
    judged = elsewhere.har("registry", "promote", other, "--reason", "again")
    assert judged.returncode in (0, 4), judged.stderr
    assert elsewhere.har("registry", "prune", "--reason", "tidy").returncode == 0
    assert digest.of_folder(people.folder / "mlruns") == before


def test_mounted_read_only(elsewhere: Project) -> None:
    """All that only reads works where nothing can be written."""
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("only root mounts")
    for words in commands(elsewhere):
        mounted = ["unshare", "--mount", "bash", "-c", MOUNTED, "-", str(elsewhere.folder)]
        done = subprocess.run(
            [*mounted, sys.executable, "-c", MAIN, *words],
            env={**os.environ, **SMALL, "HOME": str(elsewhere.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

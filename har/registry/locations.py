"""Where the files of a registry are: beside a local database, wherever its folder is now.

MLflow keeps absolute paths. A folder that was moved, copied or mounted elsewhere has those
of its former place in its database. So whoever reads looks below the database's folder
first; before somebody writes, the paths are set right once; and nothing outside of the
folder is removed.
"""

import json
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from har.registry.connection import sqlite_file
from har.registry.database import alone, opened

if TYPE_CHECKING:
    from har.registry.handle import Registry

# Of all that says where files are.
_SETTLE = (
    "UPDATE experiments SET artifact_location = moved(artifact_location)",
    "UPDATE runs SET artifact_uri = brought(artifact_uri)",
    "UPDATE logged_models SET artifact_location = brought(artifact_location)",
    "UPDATE model_versions SET storage_location = brought(storage_location)",
    "UPDATE model_versions SET source = moved(source)",
)
_OURS = "SELECT DISTINCT artifact_location FROM experiments WHERE name LIKE 'har/%'"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Home:
    """The folder of a local database, now and before.

    Attributes
    ----------
    folder : Path
        Where it is.
    former : tuple of Path
        Where it was when somebody wrote to it: our experiments keep their files in
        ``artifacts`` below it.

    Examples
    --------
    >>> Home(Path("/new/mlruns"), (Path("/old/mlruns"),)).now("file:///old/mlruns/artifacts/1")
    'file:///new/mlruns/artifacts/1'
    """

    folder: Path
    former: tuple[Path, ...]

    @classmethod
    def of(cls, database: Path) -> "Home":
        """Return the home of a database that is there."""
        with opened(database) as db:
            return cls._read(database, db)

    @classmethod
    def _read(cls, database: Path, db: sqlite3.Connection) -> "Home":
        folder = database.parent.resolve()
        paths = [path_of(location) for (location,) in db.execute(_OURS)]
        bases = {path.parent for path in paths if path and path.name == "artifacts"}
        return cls(folder, tuple(sorted(bases - {folder})))

    def now(self, location: str) -> str:
        """Return where files are, given where the database says that they are.

        What is only at the former place, since an earlier `har` wrote it there, is there.
        """
        moved = self.moved(location)
        return location if _exists(location) and not _exists(moved) else moved

    def brought(self, location: str) -> str:
        """Return where files are below the folder; what is only at a former place is copied."""
        moved = self.moved(location)
        old, new = path_of(location), path_of(moved)
        if old and new and old.is_dir() and not new.exists():
            scratch = new.with_name(f"{new.name}.new")
            shutil.rmtree(scratch, ignore_errors=True)  # what a killed process left
            shutil.copytree(old, scratch)
            scratch.rename(new)
        return moved

    def moved(self, location: str) -> str:
        """Return a location that moved with the folder; any other as it is."""
        path = path_of(location)
        for base in self.former:
            if path and path.is_relative_to(base):
                new = self.folder / path.relative_to(base)
                return new.as_uri() if location.startswith("file:") else str(new)
        return location

    def keeps(self, path: Path) -> bool:
        """Whether a path is below the folder."""
        return self.folder in path.resolve().parents


def settle(database: Path) -> None:
    """Set right what a database says of its files, after its folder was moved.

    MLflow's own pages and functions find them then, and write no file at the former place.
    """
    with opened(database, "rw"):
        pass  # it can be written
    if not Home.of(database).former:
        return
    with alone(database), opened(database, "rw") as db:
        home = Home._read(database, db)
        if not home.former:
            return
        for function in (home.brought, home.moved):
            db.create_function(function.__name__, 1, _or_null(function))
        for update in _SETTLE:
            db.execute(update)
    former = ", ".join(map(str, home.former))
    _log.warning("%s: was at %s; what it says of its files is set right", database, former)


def _or_null(function: Callable[[str], str]) -> Callable[[str | None], str | None]:
    return lambda value: None if value is None else function(value)


def _exists(location: str) -> bool:
    path = path_of(location)
    return path is not None and path.exists()


def path_of(location: str) -> Path | None:
    """Return the path that a location is; None of one that is no path.

    >>> path_of("file:///a%20b/c"), path_of("/a"), path_of("mlflow-artifacts:/1")
    (PosixPath('/a b/c'), PosixPath('/a'), None)
    """
    if location.startswith("file:"):
        return Path(unquote(urlsplit(location).path))
    path = Path(location)
    return path if path.is_absolute() else None


def local_path(registry: "Registry", location: str) -> Path | None:
    """Return where files of a local registry are; None if MLflow has to bring them."""
    database = sqlite_file(registry.uri)
    return path_of(Home.of(database).now(location)) if database else None


def download(registry: "Registry", location: str, folder: Path, name: str = "") -> Path:
    """Bring a file that is at a location, or all of them; return where it is.

    In a local registry, a file that is not there is not there afterwards either.
    """
    if (here := local_path(registry, location)) is None:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        folder.mkdir(parents=True, exist_ok=True)
        repository = get_artifact_repository(location, tracking_uri=registry.uri)
        return Path(repository.download_artifacts(name, str(folder)))  # type: ignore[no-untyped-call]
    source, target = here / name, folder / name
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile, dirs_exist_ok=True)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return target


def log_json(registry: "Registry", run: str, name: str, content: Mapping[str, Any]) -> None:
    """Add a JSON file to those of a run.

    Not by MLflow's client, which remembers where the files of a run are as long as a process
    lives, and by the run's id alone: a copy of a registry has runs of the same ids.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    location = registry.writer.get_run(run).info.artifact_uri
    repository = get_artifact_repository(location, tracking_uri=registry.uri)
    folder, _, file = name.rpartition("/")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, file)
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")
        repository.log_artifact(str(path), folder or None)  # type: ignore[no-untyped-call]


def delete(registry: "Registry", location: str) -> None:
    """Remove the files at a location; those of a local registry only below its folder."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    if (database := sqlite_file(registry.uri)) and (path := local_path(registry, location)):
        if Home.of(database).keeps(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            _log.warning("%s: stays, as it is outside of %s", path, database.parent)
        return
    repository = get_artifact_repository(location, tracking_uri=registry.uri)
    repository.delete_artifacts()  # type: ignore[no-untyped-call]

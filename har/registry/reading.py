"""What a registry says, read through MLflow's client, or from a local database itself.

Listing versions and showing a history takes five small queries, and importing MLflow with
its SQL store takes seconds. So whoever only reads a local database asks it directly, if its
schema is the one that the queries here were written for. In all other cases, and before
anything is written, MLflow's client is asked. `tests/registry/test_reading.py` holds the two
to the same answers.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from har.errors import MissingError
from har.registry.database import is_current, opened

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Alembic's revision of the tables of the MLflow in requirements.txt; of another one nothing
# is known here. A test fails when that MLflow changes it: then look at the queries again.
SCHEMA = "dc11669786a5"


@dataclass(frozen=True)
class RegisteredVersion:
    """A version as MLflow has it.

    Attributes
    ----------
    number : int
        Counts from 1.
    run_id : str
        The run behind it; empty if there is none.
    created_ms : int
        Milliseconds since 1970, UTC.
    stage : str
        MLflow's own.
    tags : dict
        All of them.
    """

    number: int
    run_id: str
    created_ms: int
    stage: str
    tags: dict[str, str]


class Reader(Protocol):
    """What reading commands ask of a registry."""

    def aliases(self, model: str) -> dict[str, int] | None:
        """Return the aliases of a model; None if there is no such model."""

    def versions(self, model: str) -> list[RegisteredVersion]:
        """Return the versions of a model, in any order."""

    def experiment_tags(self, name: str) -> dict[str, str] | None:
        """Return the tags of an experiment; None if there is no such experiment."""

    def params(self, run: str) -> dict[str, str]:
        """Return the parameters of a run."""

    def run_location(self, run: str) -> str:
        """Return where the registry says that a run's files are."""

    def model_location(self, model: str, number: int) -> str:
        """Return where the registry says that the files of a version's MLflow model are."""


class NothingReader:
    """Reads a local database that nobody has made yet."""

    def aliases(self, model: str) -> dict[str, int] | None:
        """Return None: there is no such model."""

    def versions(self, model: str) -> list[RegisteredVersion]:
        """Return no versions."""
        return []

    def experiment_tags(self, name: str) -> dict[str, str] | None:
        """Return None: there is no such experiment."""

    def params(self, run: str) -> dict[str, str]:
        """Return no parameters."""
        return {}

    def run_location(self, run: str) -> str:
        """Refuse: there is no such run."""
        raise MissingError(f"no run {run}", found="no registry at all")

    def model_location(self, model: str, number: int) -> str:
        """Refuse: there is no such version."""
        raise MissingError(f"no version {number} of {model}", found="no registry at all")


class ClientReader:
    """Reads through MLflow's client.

    Parameters
    ----------
    client : MlflowClient
        Of a server or a database.
    """

    def __init__(self, client: "MlflowClient") -> None:
        self._client = client

    def aliases(self, model: str) -> dict[str, int] | None:
        """Return the aliases of a model; None if there is no such model."""
        from mlflow.exceptions import MlflowException

        try:
            aliases = self._client.get_registered_model(model).aliases
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return {alias: int(number) for alias, number in aliases.items()}

    def versions(self, model: str) -> list[RegisteredVersion]:
        """Return the versions of a model, in any order."""
        # More than any registry of ours holds: MLflow's default would be cut off at 200.
        versions = self._client.search_model_versions(f"name = '{model}'", max_results=10_000)
        return [
            RegisteredVersion(
                number=int(version.version),
                run_id=str(version.run_id or ""),
                created_ms=version.creation_timestamp,
                stage=version.current_stage or "",
                tags=dict(version.tags),
            )
            for version in versions
        ]

    def experiment_tags(self, name: str) -> dict[str, str] | None:
        """Return the tags of an experiment; None if there is no such experiment."""
        experiment = self._client.get_experiment_by_name(name)
        return dict(experiment.tags) if experiment else None

    def params(self, run: str) -> dict[str, str]:
        """Return the parameters of a run."""
        return dict(self._client.get_run(run).data.params)

    def run_location(self, run: str) -> str:
        """Return where the registry says that a run's files are."""
        return str(self._client.get_run(run).info.artifact_uri)

    def model_location(self, model: str, number: int) -> str:
        """Return where the registry says that the files of a version's MLflow model are."""
        return str(self._client.get_model_version_download_uri(model, str(number)))


class DatabaseReader:
    """Reads a local database, without MLflow.

    Parameters
    ----------
    path : Path
        The file, of which `is_known` is true.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def is_known(cls, path: Path) -> bool:
        """Whether a file is a database with the tables that are known here."""
        return is_current(path, SCHEMA)

    def aliases(self, model: str) -> dict[str, int] | None:
        """Return the aliases of a model; None if there is no such model."""
        if not self._rows("SELECT 1 FROM registered_models WHERE name = ?", model):
            return None
        query = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
        return dict(self._rows(query, model))

    def versions(self, model: str) -> list[RegisteredVersion]:
        """Return the versions of a model, in any order."""
        tags: dict[int, dict[str, str]] = {}
        query = "SELECT version, key, value FROM model_version_tags WHERE name = ?"
        for number, key, value in self._rows(query, model):
            tags.setdefault(number, {})[key] = value
        # MLflow keeps the row of a version that was deleted.
        query = (
            "SELECT version, run_id, creation_time, current_stage FROM model_versions "
            "WHERE name = ? AND current_stage != 'Deleted_Internal'"
        )
        return [
            RegisteredVersion(number, run_id or "", created_ms, stage, tags.get(number, {}))
            for number, run_id, created_ms, stage in self._rows(query, model)
        ]

    def experiment_tags(self, name: str) -> dict[str, str] | None:
        """Return the tags of an experiment; None if there is no such experiment."""
        ids = self._rows("SELECT experiment_id FROM experiments WHERE name = ?", name)
        if not ids:
            return None
        query = "SELECT key, value FROM experiment_tags WHERE experiment_id = ?"
        return dict(self._rows(query, *ids[0]))

    def params(self, run: str) -> dict[str, str]:
        """Return the parameters of a run."""
        return dict(self._rows("SELECT key, value FROM params WHERE run_uuid = ?", run))

    def run_location(self, run: str) -> str:
        """Return where the registry says that a run's files are."""
        rows = self._rows("SELECT artifact_uri FROM runs WHERE run_uuid = ?", run)
        if not rows:
            raise MissingError(f"no run {run} in {self._path}", hint="restore it from a backup")
        return str(rows[0][0])

    def model_location(self, model: str, number: int) -> str:
        """Return where the registry says that the files of a version's MLflow model are."""
        query = (
            "SELECT coalesce(storage_location, source) FROM model_versions "
            "WHERE name = ? AND version = ?"
        )
        ((location,),) = self._rows(query, model, number)
        return str(location)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        # A connection per query: what another process wrote meanwhile is seen.
        with opened(self._path) as db:
            return db.execute(query, values).fetchall()

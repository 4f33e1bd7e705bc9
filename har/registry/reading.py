"""What a registry says, read through MLflow's client."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlflow import MlflowClient


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

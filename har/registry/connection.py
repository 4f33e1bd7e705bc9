"""How MLflow is reached: a server where one is named, else a database in ``mlruns/``.

MLflow starts its telemetry and its logging when it is imported, so it is imported in
here, after `connect` has set the variables that switch them off.
"""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from har.config import RegistrySettings
from har.errors import MissingError
from har.registry.database import prepare

if TYPE_CHECKING:
    from mlflow import MlflowClient

LOCAL = Path("mlruns/mlflow.db")
_BEHAVIOUR = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # The defaults wait minutes for a server that went away.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}


def tracking_uri(settings: RegistrySettings) -> str:
    """Return the setting's URI, else ``MLFLOW_TRACKING_URI``, else ``mlruns/mlflow.db``'s."""
    named = settings.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
    return named or f"sqlite:///{LOCAL.resolve()}"


def connect(uri: str) -> "MlflowClient":
    """Return a client of a tracking server or a local database.

    Raises
    ------
    MissingError
        If the server does not answer within seconds.
    """
    for name, value in _BEHAVIOUR.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(os.environ["MLFLOW_LOGGING_LEVEL"])
    if is_server(uri):
        _require_answer(uri)
    elif database := sqlite_file(uri):
        prepare(database)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def history_folder(uri: str) -> Path:
    """Return where this machine keeps its copies of the histories of a registry's models."""
    if database := sqlite_file(uri):
        return database.parent / "history"
    address = urlsplit(uri)
    # Not netloc: a database's address may hold a password.
    parts = (address.hostname, address.port, address.path[1:])
    return LOCAL.parent / "-".join(str(part) for part in parts if part).replace("/", "-")


def experiment_id(client: "MlflowClient", name: str) -> str:
    """Return the id of an experiment, made if there is none."""
    from mlflow.exceptions import MlflowException

    if existing := client.get_experiment_by_name(name):
        return str(existing.experiment_id)
    try:
        location = artifact_location(client.tracking_uri)
        return str(client.create_experiment(name, artifact_location=location))
    except MlflowException:
        made_meanwhile = client.get_experiment_by_name(name)
        if made_meanwhile is None:
            raise
        return str(made_meanwhile.experiment_id)


def artifact_location(uri: str) -> str | None:
    """Return where new files go: beside a database file; None: a server decides."""
    database = sqlite_file(uri)
    return (database.parent / "artifacts").resolve().as_uri() if database else None


def is_server(uri: str) -> bool:
    """Whether a tracking URI is a server's address."""
    return uri.startswith(("http://", "https://"))


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a local database; None of a server."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def _require_answer(uri: str) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        server = get_default_host_creds(uri)  # type: ignore[no-untyped-call]
        http_request(server, "/health", "GET", max_retries=0, timeout=3)  # type: ignore[no-untyped-call]
    except MlflowException as error:
        raise MissingError(
            f"the MLflow server at {uri} does not answer",
            found=str(error).splitlines()[0][-200:],
            hint="start it (`mlflow server`), or unset MLFLOW_TRACKING_URI for the local registry",
        ) from None

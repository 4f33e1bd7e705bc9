"""How MLflow is reached: a server where one is named, else a database in ``mlruns/``.

MLflow starts its logging when it is imported, so it is imported in here, after `connect`
has set the variables that quiet it.
"""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from har.addresses import may_be_misread
from har.config import RegistrySettings
from har.errors import MissingError, UsageError
from har.registry.database import PATIENCE_S, prepare, uri_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

LOCAL = Path("mlruns/mlflow.db")
_SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql")
_QUESTION = "/api/2.0/mlflow/experiments/search"
_BEHAVIOUR = {
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # The defaults wait minutes for a server that went away.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}


def tracking_uri(settings: RegistrySettings) -> str:
    """Return the setting's URI, else ``MLFLOW_TRACKING_URI``, else ``mlruns/mlflow.db``'s.

    User and password of a server's address are taken out of it: MLflow reads them from
    variables as well, and shows addresses in errors.

    Raises
    ------
    UsageError
        If it is no address of a server or database.
    """
    named = settings.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
    if not named:
        return uri_of(LOCAL)
    scheme = named.partition("://")[0].partition("+")[0].lower()
    is_memory = named in ("sqlite://", "sqlite:///", "sqlite:///:memory:")
    if scheme not in _SCHEMES or is_memory or not _has_a_port(named):
        raise UsageError(
            f"{named}: not the address of a registry",
            expected="http://host:port, https://host, sqlite:///file or postgresql://host/name",
            hint="correct MLFLOW_TRACKING_URI or registry.tracking_uri; "
            "without them, the registry is mlruns/mlflow.db",
        )
    if may_be_misread(named):
        raise UsageError(
            f"{named}: a user's name or password in it has to be percent-encoded",
            hint="write @ as %40, / as %2F, in MLFLOW_TRACKING_URI or registry.tracking_uri",
        )
    return _without_user(named) if is_server(named) else named


def _has_a_port(uri: str) -> bool:
    """Tell whether a port can be read, which may be none."""
    try:
        return (urlsplit(uri).port or 0) >= 0
    except ValueError:
        return False


def _without_user(uri: str) -> str:
    address = urlsplit(uri)
    user, at, host = address.netloc.rpartition("@")
    if not at:
        return uri
    name, _, password = user.partition(":")
    os.environ["MLFLOW_TRACKING_USERNAME"] = unquote(name)
    os.environ["MLFLOW_TRACKING_PASSWORD"] = unquote(password)
    return address._replace(netloc=host).geturl()


def connect(uri: str) -> "MlflowClient":
    """Return a client of a tracking server or a database.

    Raises
    ------
    MissingError
        If it does not answer within seconds, or refuses.
    """
    for name, value in _BEHAVIOUR.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(os.environ["MLFLOW_LOGGING_LEVEL"])
    if is_server(uri):
        _require_server(uri)
    elif database := sqlite_file(uri):
        prepare(database)
    else:
        _require_database(uri)
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
    """Return the id of an experiment, made if there is none.

    Raises
    ------
    MissingError
        If somebody deleted it.
    """
    from mlflow.exceptions import MlflowException

    require_not_deleted(client, name)
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


def require_not_deleted(client: "MlflowClient", name: str) -> None:
    """Refuse an experiment that somebody deleted: MLflow keeps it, but takes no run for it.

    Raises
    ------
    MissingError
        If it was deleted.
    """
    experiment = client.get_experiment_by_name(name)
    if experiment and experiment.lifecycle_stage == "deleted":
        raise MissingError(
            f"the experiment {name} was deleted in MLflow",
            found="runs of versions or their history in MLflow's trash",
            hint=f"MLFLOW_TRACKING_URI={client.tracking_uri} mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}",
        )


def artifact_location(uri: str) -> str | None:
    """Return where new files go: beside a database file; None: a server decides."""
    database = sqlite_file(uri)
    return (database.parent / "artifacts").resolve().as_uri() if database else None


def is_server(uri: str) -> bool:
    """Whether a tracking URI is a server's address."""
    return uri.startswith(("http://", "https://"))


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a local database; None of a server."""
    if not uri.startswith("sqlite:///"):
        return None
    return Path(uri.removeprefix("sqlite:///").partition("?")[0])


def asks_for_a_password(uri: str) -> bool:
    """Whether a server refuses who names no user, so that the user of who is let in is proven."""
    import requests

    url = uri.rstrip("/") + _QUESTION
    try:
        # Of no user, also where a ``.netrc`` knows one.
        answer = requests.post(
            url, json={"max_results": 1}, auth=lambda request: request, timeout=PATIENCE_S
        )
    except requests.RequestException:
        return False
    return answer.status_code in (401, 403)


def _require_server(uri: str) -> None:
    """Ask a server something that it answers to whom it lets in."""
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        server = get_default_host_creds(uri)  # type: ignore[no-untyped-call]
        answer = http_request(  # type: ignore[no-untyped-call]
            server, _QUESTION, "POST", json={"max_results": 1}, max_retries=0, timeout=PATIENCE_S
        )
    except MlflowException as error:
        raise MissingError(
            f"the MLflow server at {uri} does not answer",
            found=str(error).splitlines()[0].rpartition("Caused by ")[2][-300:],
            hint="start it (`mlflow server`), or unset MLFLOW_TRACKING_URI for the local registry",
        ) from None
    if answer.status_code in (401, 403):
        raise MissingError(
            f"the MLflow server at {uri} refuses",
            found=f"HTTP {answer.status_code} {answer.reason}",
            hint="see MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
            "MLFLOW_TRACKING_TOKEN, and what its administrator lets you do",
        )
    if answer.status_code != 200:
        raise MissingError(
            f"what is at {uri} is no MLflow server",
            found=f"HTTP {answer.status_code} {answer.reason} for {_QUESTION}",
            hint="correct MLFLOW_TRACKING_URI or registry.tracking_uri",
        )


def _require_database(uri: str) -> None:
    """Connect to a database once, and make MLflow's tables one process at a time."""
    from mlflow.store.db.utils import _safe_initialize_tables
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    timeout = {} if uri.startswith("mssql") else {"connect_timeout": int(PATIENCE_S)}
    try:
        engine = create_engine(uri, connect_args=timeout)
        _safe_initialize_tables(engine)
        engine.dispose()
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise MissingError(
            f"the database at {uri} cannot be used",
            found=str(error).splitlines()[0][-300:],
            hint="start it, or correct MLFLOW_TRACKING_URI or registry.tracking_uri",
        ) from None

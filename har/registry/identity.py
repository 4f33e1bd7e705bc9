"""Who acts on the registry."""

import getpass
import os

from har.config import RegistrySettings
from har.registry.connection import is_server, tracking_uri

_SERVER_USER = "MLFLOW_TRACKING_USERNAME"


def identity(settings: RegistrySettings) -> str:
    """Return the name under which somebody's acts are recorded.

    The setting ``registry.identity``, else the user of the MLflow server, else the user of
    the operating system. On one account, the setting tells people apart who trust each
    other; the account is recorded beside it (`har.lineage.origin.actor`).
    """
    if settings.identity:
        return settings.identity
    user = os.environ.get(_SERVER_USER)
    return user if user and is_server(tracking_uri(settings)) else getpass.getuser()

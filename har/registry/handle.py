"""The handle of a registered model: where it is, who acts on it, and one connection to it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from har.config import Environment
from har.registry.connection import (
    connect,
    experiment_id,
    history_folder,
    is_server,
    sqlite_file,
    tracking_uri,
)
from har.registry.identity import Actor, acting
from har.registry.locations import settle
from har.registry.reading import ClientReader, DatabaseReader, NothingReader, Reader

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Registry:
    """One registered model, and the server or database that holds it.

    Whoever works on a registry opens one handle and passes it on, so that one piece of
    work connects once.

    Attributes
    ----------
    environment : Environment
        Where the store and the registry are, and who acts.
    uri : str
        Of the MLflow server or the local database.

    Examples
    --------
    >>> from har.config import Environment
    >>> Registry.open(Environment()).model
    'har'
    """

    environment: Environment
    uri: str

    @classmethod
    def open(cls, environment: Environment) -> "Registry":
        """Return the handle of the model that an environment names; connects when it is used."""
        return cls(environment, tracking_uri(environment.registry))

    @property
    def model(self) -> str:
        """Name of the registered model."""
        return self.environment.registry.model

    @property
    def store(self) -> Path:
        """Folder of the store, where what was downloaded is kept."""
        return self.environment.store

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow's client to read with, connected when it is first asked for.

        Raises
        ------
        MissingError
            If the server does not answer within seconds.
        """
        return connect(self.uri)

    def connect(self, *, to_write: bool = False) -> None:
        """Connect now, and fail now; from here on the registry is heard of from MLflow alone."""
        assert self.writer if to_write else self.client

    @cached_property
    def writer(self) -> "MlflowClient":
        """The client to write with: a local database knows by then where its folder is.

        Raises
        ------
        MissingError
            If the server does not answer within seconds, or the database is locked.
        """
        client = self.client
        if database := sqlite_file(self.uri):
            settle(database)
        return client

    @property
    def reader(self) -> Reader:
        """What answers questions: the client once there is one, else a local database itself.

        So a command that only reads a local registry neither makes it nor imports MLflow, and
        one that writes hears of the registry from MLflow alone.
        """
        database = sqlite_file(self.uri)
        if database and "client" not in vars(self):
            if not database.exists():
                return NothingReader()
            if DatabaseReader.is_known(database):
                return DatabaseReader(database)
        return ClientReader(self.client)

    @cached_property
    def actor(self) -> Actor:
        """Who works here: the name, and what proves it (`har.registry.identity`)."""
        return acting(self.environment.registry, self.uri)

    @property
    def identity(self) -> str:
        """The name under which the acts of whoever works here are recorded."""
        return self.actor.name

    @property
    def audit_file(self) -> Path:
        """The copy of the model's history on this machine."""
        default = history_folder(self.uri) / self.model / "audit.jsonl"
        return self.environment.registry.audit or default

    def experiment_id(self, name: str) -> str:
        """Return the id of an experiment, made if there is none."""
        return experiment_id(self.writer, name)

    def version_url(self, number: int) -> str | None:
        """Return the page of a version in MLflow's UI, where a server shows one."""
        if not is_server(self.uri):
            return None
        return f"{self.uri.rstrip('/')}/#/models/{self.model}/versions/{number}"

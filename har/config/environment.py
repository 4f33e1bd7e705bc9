"""The environment: where a run works, as whom, and with which secrets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_serializer

from har.addresses import may_be_misread, without_credentials
from har.config.limits import LimitSettings
from har.config.secrets import SigningSecret, WebhookAddress
from har.config.section import Section
from har.config.serve import ServeSettings
from har.visible import INVISIBLE


def _as_mlflow_takes_it(name: str) -> str:
    """Refuse a name that MLflow cannot search for, or that is no name of a folder."""
    is_odd = re.search(r"[/:'\"`\\]", name) or INVISIBLE.search(name)
    if not name.strip() or name != name.strip(" .") or is_odd:
        text = "not empty, no space or dot at its ends, and none of / : ' \" ` \\ in it"
        raise ValueError(f"a name of a model is {text}")
    return name


def _as_people_read_it(name: str) -> str:
    """Refuse a name of a person that looks like another, or like none; "" stands for unset."""
    if name and (not name.strip() or INVISIBLE.search(name)):
        raise ValueError("a name of somebody is not blank, and every character of it can be seen")
    return name


def _as_all_read_it(address: str | None) -> str | None:
    if address and may_be_misread(address):
        raise ValueError("a user's name or password in it has to be percent-encoded")
    return address


class RegistrySettings(Section):
    """Where versions live, and who acts on them."""

    model: Annotated[str, AfterValidator(_as_mlflow_takes_it)] = Field("har", max_length=128)
    identity: Annotated[str, AfterValidator(_as_people_read_it)] | None = Field(
        None,
        max_length=128,
        description="who acts; default: the server's user, else the operating system's",
    )
    # Not shown by `repr`: it may hold a password.
    tracking_uri: Annotated[str | None, AfterValidator(_as_all_read_it)] = Field(
        None, description="default: MLFLOW_TRACKING_URI, else mlruns/", repr=False
    )
    webhooks: tuple[WebhookAddress, ...] = Field(
        (), description="URLs that hear of every move and request; JSON, signed"
    )
    webhook_secret: SigningSecret | None = Field(
        None, description="base64, known to the receivers: signs what they are sent"
    )
    notify_s: float = Field(
        3.0,
        ge=0,
        le=60,
        description="longest that a move waits for all of them; 0: `har registry notify` sends",
    )
    signing_key: Path | None = Field(
        None, description="private key that signs versions and claims; `har lineage keygen`"
    )
    signing_password: SecretStr | None = Field(None, description="of that key, where it has one")
    trusted_keys: Path | None = Field(
        None, description="public keys whose signatures count: PEM blocks, each after a name"
    )
    audit: Path | None = Field(
        None,
        description="copy of the model's history; default: history/<model>/audit.jsonl beside "
        "the local database, mlruns/<server>/<model>/audit.jsonl of a server",
    )

    @field_serializer("tracking_uri", when_used="json")
    def _shown(self, uri: str | None) -> str | None:
        return uri and without_credentials(uri)


class RunSettings(Section):
    """How the steps of a run are carried out; results do not depend on it."""

    workers: int = Field(
        0,
        ge=0,
        description="steps at the same time, a process each; 0: one per processor that may be used",
    )


class Environment(Section):
    """Where a run works, as whom, and with which secrets.

    It is resolved on the machine where the code runs and is part of no parameter, record,
    log or page, beyond the command line in a run's journal: what determines a result is in the
    `har.config.Recipe`.
    """

    store: Path = Path("data/store")
    registry: RegistrySettings = RegistrySettings()
    run: RunSettings = RunSettings()
    serve: ServeSettings = ServeSettings()
    limits: LimitSettings = LimitSettings()


_current: ContextVar[Environment] = ContextVar("environment")


@contextmanager
def using(environment: Environment) -> Iterator[None]:
    """Let `current` return an environment for the time of a block, as flags made it."""
    token = _current.set(environment)
    try:
        yield
    finally:
        _current.reset(token)


def begin(environment: Environment) -> None:
    """Let `current` return an environment from here on, in a process that was started for it."""
    _current.set(environment)


def current() -> Environment:
    """Return the environment of the command that runs, else that of this machine."""
    from har.config.sources import load

    return _current.get(None) or load().environment

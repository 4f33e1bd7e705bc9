"""Who acts on a registry: the name that somebody goes by, and what proves it."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from har.lineage.origin import actor, user
from har.registry.connection import asks_for_a_password, is_server

if TYPE_CHECKING:
    from har.config import RegistrySettings

SERVER_USER = "MLFLOW_TRACKING_USERNAME"
KnownBy = Literal["setting", "server", "account"]


@dataclass(frozen=True)
class Actor:
    """Somebody who acts, as records name them.

    Attributes
    ----------
    name : str
        The name that they go by.
    known_by : str
        What the name rests on: ``setting`` is asserted (``registry.identity``, or a user of a
        server that asks nobody for a password), ``server`` and ``account`` are proven.
    account : str
        Proven: the account that the kernel runs this as, and the host.
    server_user : str
        Proven: the user that the MLflow server knows them as; empty if it asks nobody.
    """

    name: str
    known_by: KnownBy
    account: str
    server_user: str = ""

    @property
    def proof(self) -> tuple[str, str]:
        """What is proven: the account and the server's user."""
        return self.account, self.server_user


def acting(settings: "RegistrySettings", uri: str) -> Actor:
    """Return who acts here: the setting, else the server's user, else the account.

    Where a server is named with a user, it is asked whether it lets in who names none.
    """
    asserted = os.environ.get(SERVER_USER, "") if is_server(uri) else ""
    proven = asserted if asserted and asks_for_a_password(uri) else ""
    if settings.identity:
        return Actor(settings.identity, "setting", actor(), proven)
    if asserted:
        return Actor(asserted, "server" if proven else "setting", actor(), proven)
    return Actor(user(), "account", actor())


def is_one_person(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether nothing proves that two who acted are two people.

    Parameters
    ----------
    one, other : tuple of (str, str)
        The account and the server's user of each, as records have them; empty if unknown.

    Examples
    --------
    >>> is_one_person(("root@lab", ""), ("root@lab", ""))
    True
    >>> is_one_person(("root@lab", "ana"), ("root@lab", "ben"))
    False
    """
    (account, server_user), (account_of_other, server_user_of_other) = one, other
    if server_user and server_user_of_other:
        return server_user == server_user_of_other
    return bool(account) and account == account_of_other

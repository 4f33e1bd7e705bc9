"""One handle per piece of work: it connects once, when it is first needed."""

import pytest
from support import Setup, registry_command

from har.config import Environment, RegistrySettings
from har.registry import handle
from har.registry.connection import connect
from har.registry.handle import Registry


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses that were connected to, in order."""
    addresses: list[str] = []

    def counted(uri: str) -> object:
        addresses.append(uri)
        return connect(uri)

    monkeypatch.setattr(handle, "connect", counted)
    return addresses


def test_opening_connects_to_nothing(connections: list[str]) -> None:
    """A handle of a server that is not there can be opened; it names the model."""
    environment = Environment(registry=RegistrySettings(tracking_uri="http://127.0.0.1:9"))
    assert Registry.open(environment).model == "har"
    assert connections == []


@pytest.mark.parametrize(
    "words",
    [
        ("promote", "2", "--reason", "look", "--dry-run", "--set=gate.max_ece=0.3"),
        ("list",),
        ("show", "champion"),
    ],
    ids=lambda words: words[0],
)
def test_one_connection(rivals: Setup, connections: list[str], words: tuple[str, ...]) -> None:
    """A command connects once at most, however many versions, events and files it reads."""
    connections.clear()
    assert registry_command(rivals, *words).exit_code == 0
    reads_a_database = words[0] != "promote" and not rivals.registry.tracking_uri
    assert len(connections) == (0 if reads_a_database else 1)

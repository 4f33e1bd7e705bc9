"""One service of a tiny model, for all tests that change nothing of it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from http_server import serving

from har.serving.served import FileSource


@pytest.fixture(scope="session")
def client(model: Path) -> Iterator[httpx.Client]:
    """Serve the tiny model."""
    with serving(FileSource(model)) as client:
        yield client

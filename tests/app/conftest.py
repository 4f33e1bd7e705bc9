"""A tiny model, and the page that it answers on: in this process, and served to a browser."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphs import walk_then_sit, write_rule
from paging import RunPage
from streamlit.testing.v1 import AppTest
from support import server

from har.app.options import AppOptions
from har.app.server import SCRIPT


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Say walking where the window's mean of gyro_x exceeds 0.5, else sitting."""
    return write_rule(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture(scope="session")
def walk() -> bytes:
    """Two seconds: walking for 1 s, then sitting, as a table with our own names."""
    return walk_then_sit().to_csv(index=False).encode()


@pytest.fixture
def run_page(monkeypatch: pytest.MonkeyPatch) -> RunPage:
    """Return a function that opens the page in this process."""

    def run(options: AppOptions) -> AppTest:
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), options.to_json()])
        page = AppTest.from_file(str(SCRIPT), default_timeout=120).run()
        assert not page.exception
        return page

    return run


@pytest.fixture(scope="module")
def address(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the page by `har app` in an empty folder; yield its address."""
    folder = tmp_path_factory.mktemp("served")
    program = f"import os; os.chdir({str(folder)!r}); from har.cli import main; main()"
    with server(
        ["app", "--model", str(model), "--port", "{port}"], "/_stcore/health", program=program
    ) as running:
        yield running

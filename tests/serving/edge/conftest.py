"""Where onnxruntime-web is installed."""

import os
from pathlib import Path

import pytest

from har.errors import MissingError
from har.serving.edge.folder import PACKAGE, runtime_folder


@pytest.fixture(scope="session")
def web_package() -> Path:
    """Return the package; `ONNXRUNTIME_WEB` names the node_modules that it is installed in."""
    try:
        return runtime_folder(Path(os.environ.get("ONNXRUNTIME_WEB", ""), PACKAGE))
    except MissingError:
        pytest.skip("no onnxruntime-web: the browser's folder is not tried")

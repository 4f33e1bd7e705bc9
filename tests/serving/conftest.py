"""A tiny ONNX model and a small recording."""

from pathlib import Path

import pandas as pd
import pytest
from graphs import walk_then_sit, write_rule


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Says walking where the window's mean of gyro_x exceeds 0.5, else sitting."""
    return write_rule(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture
def table() -> pd.DataFrame:
    """Two seconds: walking (gyro_x 1 rad/s) for 1 s, then sitting."""
    return walk_then_sit()

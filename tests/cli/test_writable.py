"""What cannot be written is said at once, and a user without a home is no fault."""

import os
from pathlib import Path

import pytest
from support import Project

from har.cli.writable import require_home, require_writable


@pytest.mark.parametrize(
    ("env", "folder", "setting"),
    [
        ({"PREFECT_HOME": "/proc/prefect"}, "/proc/prefect", "PREFECT_HOME"),
        ({"PREFECT_HOME": "", "HOME": "/proc"}, "/proc/.prefect", "PREFECT_HOME"),
        ({"HAR_STORE": "/proc/store"}, "/proc/store", "store"),
        (
            {"HAR_REGISTRY__TRACKING_URI": "sqlite:////proc/ours/mlflow.db"},
            "/proc/ours",
            "registry.tracking_uri",
        ),
    ],
)
def test_a_run_begins_only_where_it_can_write(
    tmp_path: Path, env: dict[str, str], folder: str, setting: str
) -> None:
    """Nothing is computed for hours that could not be kept."""
    done = Project(tmp_path, env).har("run")
    assert done.returncode == 6
    assert f"error: {folder}: cannot be written\n" in done.stderr
    assert f"choose another folder by {setting}\n" in done.stderr
    assert "making" not in done.stderr


def test_what_can_be_written_is_left_empty(tmp_path: Path) -> None:
    """Trying leaves no file."""
    require_writable({"store": tmp_path / "store"})
    assert list(tmp_path.rglob("*")) == [tmp_path / "store"]


def test_a_user_without_a_home_has_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user stands in no list."""

    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    monkeypatch.delenv("HOME", raising=False)
    require_home()
    assert os.environ["HOME"] == "/"


def test_a_home_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only who has none is given one."""
    monkeypatch.setenv("HOME", "/home/ana")
    require_home()
    assert os.environ["HOME"] == "/home/ana"

"""``har run`` is quick if nothing is left to do, unless it is to show on a Prefect server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import sys
from har.cli.run import names_server
print(names_server(), "prefect" in sys.modules)
"""
PROFILES = """
active = "ours"
[profiles.ours]
PREFECT_API_URL = "http://prefect.lab/api"
[profiles.none]
"""
HOME = {"HOME": "home"}


@pytest.mark.parametrize(
    ("environment", "answer"),
    [
        ({}, "False False"),
        ({"PREFECT_API_URL": ""}, "False False"),
        ({"PREFECT_API_URL": "http://prefect.lab/api"}, "True False"),
        (HOME, "True True"),
        ({"PREFECT_HOME": "home/.prefect"}, "True True"),
        ({"PREFECT_PROFILES_PATH": "home/.prefect/profiles.toml"}, "True True"),
        ({**HOME, "PREFECT_PROFILE": "none"}, "False True"),
        ({"PREFECT_PROFILE": "local"}, "True True"),
    ],
)
def test_a_server_is_named_by_a_variable_or_a_profile(
    environment: dict[str, str], answer: str
) -> None:
    """Prefect is imported only if there is a profile to be read."""
    folder = Path("home", ".prefect")
    folder.mkdir(parents=True)
    (folder / "profiles.toml").write_text(PROFILES)
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**inherited, "HOME": "nowhere", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == answer.split()

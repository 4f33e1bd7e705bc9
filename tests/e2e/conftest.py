"""One finished run, shared by the tests that look at it."""

from typing import Any

import pytest
from support import Project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Make an empty project, with a Prefect database of its own."""
    folder = tmp_path_factory.mktemp("project")
    return Project(folder, {"PREFECT_HOME": str(folder / "prefect")})


@pytest.fixture(scope="session")
def summary(project: Project) -> Any:
    """Run the main job once and return what it said of itself."""
    return project.json("run")

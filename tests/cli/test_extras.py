"""A host that has the extra `serve` alone: what runs there, and what the rest says."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from har.cli.extras import how_to_install, not_installed

ROOT = Path(__file__).parents[2]
TRAIN = ("torch", "sklearn", "prefect", "matplotlib", "jinja2", "transformers", "optimum", "pooch")
WITHOUT_TRAIN = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {TRAIN}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from har.cli import main
if __name__ == "__main__":
    main()
"""
RECORDING = "time_s,acc_x,acc_y,acc_z\n" + "".join(
    f"{i / 50},0,{i % 7 / 100},9.8\n" for i in range(500)
)


def har(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process that finds no library of the extra `train`."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_TRAIN, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "command", ["--help", "config", "data list", "data validate own.csv", "registry list"]
)
def test_a_serving_host_runs(command: str) -> None:
    """What does not train, plot or orchestrate needs no extra `train`."""
    Path("own.csv").write_text(RECORDING)
    done = har(*command.split())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("command", "library"),
    [("run", "prefect"), ("data download mhealth --accept-licence", "pooch")],
)
def test_an_absent_library_names_its_extra(command: str, library: str) -> None:
    """A command that needs more says how to get it, with exit code 6 and no traceback."""
    done = har(*command.split())
    assert done.returncode == 6
    assert done.stderr == (
        f"error: this command needs {library}, which is not installed\n"
        f"  to do: {how_to_install('train')}\n"
    )


@pytest.mark.parametrize("name", ["sklearn", "scikit-learn", "huggingface_hub", "optimum", "torch"])
def test_names_of_imports_and_of_distributions_are_known(name: str) -> None:
    """Both an import and the look-up of a version tell the extra."""
    found = not_installed(ModuleNotFoundError(name=name))
    assert found is not None
    assert found.hint == how_to_install("train")


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (None, "pip install 'har-workflow[train]'"),
        (
            {"url": "file:///home/ana/har", "dir_info": {"editable": True}},
            "pip install -e '/home/ana/har[train]'",
        ),
        (
            {"url": "file:///dist/har_workflow-0.1.0-py3-none-any.whl", "archive_info": {}},
            "pip install 'har-workflow[train] @ file:///dist/har_workflow-0.1.0-py3-none-any.whl'",
        ),
    ],
)
def test_an_extra_is_installed_from_where_the_package_came(
    monkeypatch: pytest.MonkeyPatch, origin: dict[str, Any] | None, command: str
) -> None:
    """From an index, a checkout or a wheel: none of them is asked for what another one has."""
    installed = SimpleNamespace(read_text=lambda _: origin and json.dumps(origin))
    monkeypatch.setattr("har.cli.extras._installed", lambda: installed)
    assert how_to_install("train") == command


@pytest.mark.parametrize("name", ["har.no_such_module", "torch.no_such_module", "nowhere", None])
def test_no_extra_is_named_for_a_fault_of_the_program(name: str | None) -> None:
    """A module that no extra brings stays an unexpected error."""
    assert not_installed(ModuleNotFoundError(name=name)) is None


def test_every_library_that_is_imported_is_declared() -> None:
    """What comes along with another library today may not come tomorrow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in extras.values() for line in extra)]
    declared = {re.match(r"[\w.-]+", line)[0] for line in lines}  # type: ignore[index]
    brings = packages_distributions()
    absent = {
        name for name in imported() if not declared.intersection(map(normal, brings.get(name, [])))
    }
    assert absent == set()


def imported() -> Iterator[str]:
    """Yield the libraries that some module of this repository imports."""
    for path in [*ROOT.glob("har/**/*.py"), *ROOT.glob("flows/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names=names):
                    yield from (alias.name.partition(".")[0] for alias in names if ours(alias.name))
                case ast.ImportFrom(module=str(module)) if ours(module):
                    yield module.partition(".")[0]


def ours(module: str) -> bool:
    """Tell whether a module is neither of Python nor of this repository."""
    return module.partition(".")[0] not in {*sys.stdlib_module_names, "har", "flows"}


def normal(distribution: str) -> str:
    """Return a distribution's name as pyproject.toml spells it."""
    return distribution.lower().replace("_", "-")

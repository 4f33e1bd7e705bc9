"""The command line explains itself, quickly."""

import json
import subprocess
import sys

import pytest
from support import commands
from typer.testing import CliRunner

from har.cli import app


@pytest.mark.parametrize("command", commands())
def test_help_has_an_example(command: str) -> None:
    """Every command shows how it is used."""
    done = CliRunner().invoke(app, [*command.split(), "--help"])
    assert done.exit_code == 0
    assert f"Example: har {command}" in done.output


def test_help_imports_nothing_heavy() -> None:
    """`har --help` answers at once because it loads no library of the trade."""
    heavy = ("torch", "pandas", "mlflow", "prefect", "numpy", "pydantic")
    program = f"import sys, har.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_config_prints_every_section() -> None:
    """`har config --json` is the settings as they stand."""
    done = CliRunner().invoke(app, ["config", "--json", "--set", "finetune.epochs=2"])
    settings = json.loads(done.output)
    assert settings["finetune"]["epochs"] == 2
    assert settings["data"]["datasets"] == ["hapt"]

"""The command line explains itself, quickly."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
import typer
from support import commands
from typer.testing import CliRunner

from har.cli import app


@pytest.mark.parametrize("command", commands())
def test_help_has_an_example(command: str) -> None:
    """Every command shows how it is used."""
    done = CliRunner().invoke(app, [*command.split(), "--help"])
    assert done.exit_code == 0
    assert f"Example: har {command}" in done.output


@pytest.mark.parametrize("command", ["", *commands()])
def test_help_loses_no_words_in_brackets(command: str) -> None:
    """They are words, as the extra in `har-workflow[serve]`, unless they style others."""
    done = CliRunner(env={"COLUMNS": "1000"}).invoke(app, [*command.split(), "--help"])
    node: Any = typer.main.get_command(app)
    for word in command.split():
        node = node.commands[word]
    texts = [node.help, *(getattr(option, "help", None) for option in node.params)]
    words = {word for text in texts if text for word in re.findall(r"\[.*?\]", text)}
    assert {word for word in words - {"[bold]", "[/]"} if word not in done.output} == set()


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

"""Tables on a narrow terminal."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from har.cli.output import print_json, table


def test_a_narrow_terminal_breaks_sentences_and_no_short_word() -> None:
    """A build's name stays whole beside a verdict that takes lines."""
    verdict = "probability gap 0.1768 > 0.15 and slower than the build that it was made from"
    row = ["encoder-small", "int8-dynamic", "176", "0.1768", "1.0000", "+0.0000", "0.58", verdict]
    text = io.StringIO()
    console = Console(file=text, width=80)
    console.print(table("Builds", ["model", "build", *"abcdef"], [row]))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[2].startswith("encoder-small  int8-dynamic  176  0.1768  1.0000  +0.0000  0.58  ")
    assert " ".join(line[65:].strip() for line in lines[2:]) == verdict


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_json_is_strict(capsys: pytest.CaptureFixture[str]) -> None:
    """Any parser reads it: what is not finite is null, however deep."""
    value = {"f1": [0.5, float("nan")], "of": (float("inf"), float("-inf")), "at": Path("a/é")}
    print_json(value)
    printed = capsys.readouterr().out
    found = json.loads(printed, parse_constant=_refuse)
    assert found == {"f1": [0.5, None], "of": [None, None], "at": "a/é"}

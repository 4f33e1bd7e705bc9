"""Tables on a narrow terminal."""

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

import har.cli
from har.cli.output import print_error, print_json, table
from har.errors import DataError


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


COLUMNS = ["no", "model", "stage", "alias", "created", "macro-F1", "interval"]
VERSION = ["1", "encoder-small", "Production", "champion", "2026-11-26", "0.9876", "0.912–0.999"]


def printed(width: int, columns: list[str], rows: list[list[str]]) -> str:
    """Return what a terminal of some width shows of a table."""
    text = io.StringIO()
    Console(file=text, width=width).print(table("Title", columns, rows))
    return text.getvalue()


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_every_number_is_whole_where_columns_do_not_fit(width: int) -> None:
    """Row by row then: a cut number looks like another one."""
    shown = printed(width, COLUMNS, [VERSION, VERSION]).split()
    assert shown.count("0.9876") == shown.count("0.912–0.999") == 2


CELLS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=50)


@given(st.integers(8, 90), st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=4))
def test_no_width_loses_a_character(width: int, rows: list[tuple[str, ...]]) -> None:
    """Every cell of a row is there, and no line is longer than the terminal."""
    shown = printed(width, ["name", "macro-F1", "", "because"], [list(row) for row in rows])
    there = Counter(shown.replace(" ", ""))
    assert not Counter("".join("".join(row) for row in rows)) - there
    assert all(cell_len(line) <= width for line in shown.splitlines())


def test_all_tables_are_made_here() -> None:
    """A table of another module would be cut as rich cuts it."""
    modules = Path(har.cli.__file__).parent.rglob("*.py")
    assert [p.name for p in modules if "rich.table" in p.read_text()] == ["output.py"]


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_json_is_strict(capsys: pytest.CaptureFixture[str]) -> None:
    """Any parser reads it: what is not finite is null, however deep."""
    value = {"f1": [0.5, float("nan")], "of": (float("inf"), float("-inf")), "at": Path("a/é")}
    print_json(value)
    printed = capsys.readouterr().out
    found = json.loads(printed, parse_constant=_refuse)
    assert found == {"f1": [0.5, None], "of": [None, None], "at": "a/é"}


def test_no_line_of_an_error_is_a_strangers(capsys: pytest.CaptureFixture[str]) -> None:
    """A name with ends of lines in it looks like none of what an error says itself."""
    name = "a.csv: fine\n  to do: rm -rf"
    print_error(DataError(f"{name}: no rows", found=name, hint="look"))
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if line.startswith("  ") and line[2] != " "] == [
        "  found: a.csv: fine",
        "  to do: look",
    ]

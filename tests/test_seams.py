"""Each medium has one place: nobody writes to a terminal, a page or a sheet beside it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What makes text active, and where it may stand.
SEAMS = {
    # A bundle's checker is run alone, and makes its own text inert.
    "print": ("har/cli/output.py", "har/registry/bundle/check.py"),
    "sys.stdout.write": (),
    "sys.stderr.write": (),
    "typer.echo": (),
    "typer.secho": (),
    "click.echo": (),
    ".Console": (),
    "Console": (),
    "logging.Formatter": (),
    "Markup": ("har/page/html.py",),
    "html.escape": (),
    # What is written there is a recording of the bundled data, to be read again.
    ".to_csv": ("har/page/sheet.py", "har/app/samples.py"),
    "csv.writer": (),
    "csv.DictWriter": (),
}


def called(path: Path) -> Iterator[str]:
    """Yield the names of what a module calls: whole, and by the last part behind a dot."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
            if isinstance(node.func, ast.Attribute):
                yield f".{node.func.attr}"


@pytest.fixture(scope="module")
def calls() -> dict[str, set[str]]:
    """Return what each module calls, by its path."""
    paths = [path for room in ("har", "flows") for path in (ROOT / room).rglob("*.py")]
    return {path.relative_to(ROOT).as_posix(): set(called(path)) for path in paths}


@pytest.mark.parametrize("name", SEAMS)
def test_one_place(name: str, calls: dict[str, set[str]]) -> None:
    """Nobody calls it elsewhere, and no place is named that needs it no more."""
    assert sorted(path for path, own in calls.items() if name in own) == sorted(SEAMS[name])

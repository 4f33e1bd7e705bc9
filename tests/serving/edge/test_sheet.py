"""The file of answers that a phone saves: its cells are those that Python writes."""

import json
import shutil
import subprocess

import pytest

from har.page.sheet import cell
from har.serving.edge.folder import SITE

NAMES = [
    "walking",
    '=HYPERLINK("http://x")',
    " @x",
    "-0.5",
    "-x",
    "a\nb\t\x1b",
    "\u202e日本\U0001f600",
]


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node")
def test_cells_are_those_of_python() -> None:
    """No activity of a model's file becomes a formula."""
    program = f"""
        import {{ cell }} from {json.dumps(str(SITE / "sheet.mjs"))};
        console.log(JSON.stringify(JSON.parse(process.argv[1]).map(cell)));
    """
    command = ["node", "--input-type=module", "-e", program, json.dumps(NAMES)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    quoted = ['"' + cell(name).replace('"', '""') + '"' for name in NAMES]
    assert json.loads(done.stdout) == quoted

"""docs/recordings.md lists every entry of a mapping, and its examples are mappings."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import Project

from har.data.ingest.mapping import ColumnMapping, Entries, make_mapping

PAGE = (Path(__file__).parents[3] / "docs" / "recordings.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_every_entry_is_listed_once() -> None:
    """No other, and none twice."""
    table = PAGE.partition("| entry | value | meaning |")[2].partition("## Examples")[0]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(listed) == sorted(Entries.model_fields)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_mappings(example: str) -> None:
    """Each can be read as it stands."""
    assert isinstance(make_mapping(tomllib.loads(example), "page"), ColumnMapping)


def test_the_first_example_is_what_the_command_prints(tmp_path: Path) -> None:
    """Six people's files, made as it says; all that stands before the question."""
    walk = np.sin(2 * np.pi * 2 * np.arange(300) / 100)
    table = pd.DataFrame({"Timestamp (ms)": 10 * np.arange(300)})
    for axis, level in (("X", 0.05), ("Y", 0.98), ("Z", 0.15)):
        table[f"Accel {axis} (g)"] = (level + 0.2 * walk).round(4)
    for number in range(1, 7):
        path = tmp_path / "my-recordings" / f"subject_{number}" / "walk.csv"
        path.parent.mkdir(parents=True)
        table.assign(Activity="Walking").to_csv(path, index=False)
    done = Project(tmp_path).har("data", "ingest", "lab", "my-recordings/")
    shown = PAGE.partition("my-recordings/\n")[2].partition("Is this right?")[0]
    assert done.returncode == 2
    assert done.stderr.partition("\n\nerror")[0].split() == shown.split()

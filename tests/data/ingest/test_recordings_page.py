"""docs/recordings.md lists every entry of a mapping, and its examples are mappings."""

import re
import tomllib
from pathlib import Path

import pytest

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

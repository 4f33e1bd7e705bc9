"""Hostile files end commands as documented, in time and in memory."""

import re
from pathlib import Path

import hostile_models  # noqa: F401 # it has files of its own
import pytest
from graphs import write_rule
from hostile_files import FILES, MOST_MB, outcome, rows


@pytest.mark.parametrize("name", sorted(name for name in FILES if not FILES[name].heavy))
def test_hostile_file_is_refused_in_words(tmp_path: Path, name: str) -> None:
    """With the exit code and the words that are documented, below the bound of memory."""
    file = FILES[name]
    model = write_rule(tmp_path / "model.onnx", rate_hz="50")
    (tmp_path / "sound.csv").write_bytes(rows(3000))
    (tmp_path / "given").mkdir()
    path = file.write(tmp_path / "given")
    for command in file.commands[: 1 if file.slow else None]:
        done = outcome(command, tmp_path, path=path, model=model)
        assert (done.code, bool(re.search(file.says, done.said))) == (file.code, True), done
        assert done.peak_mb < MOST_MB, done

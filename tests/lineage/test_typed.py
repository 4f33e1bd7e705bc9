"""Files of JSON that one step writes and others read."""

import json
from pathlib import Path

import pytest
from pydantic import StrictFloat, StrictInt

from har.errors import MissingError, VerificationError
from har.lineage.typed import Number, TypedFile


class Score(TypedFile):
    """A file to test with."""

    FILE = "score.json"

    macro_f1: StrictFloat
    n_windows: StrictInt = 0
    seconds: Number = 0


def rewrite(folder: Path, **fields: object) -> None:
    path = folder / Score.FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    score = Score(macro_f1=0.5, n_windows=3)
    score.write(tmp_path)
    assert Score.read(tmp_path) == score
    assert json.loads((tmp_path / "score.json").read_text())["version"] == 1


def test_a_file_without_a_version_is_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "score.json").write_text('{"macro_f1": 0.5}')
    assert Score.read(tmp_path) == Score(macro_f1=0.5)


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    Score(macro_f1=0.5).write(tmp_path)
    rewrite(tmp_path, version=2)
    with pytest.raises(VerificationError, match="another version") as caught:
        Score.read(tmp_path)
    assert caught.value.found == "version 2"


def test_a_wrong_type_is_refused_by_name(tmp_path: Path) -> None:
    Score(macro_f1=0.5).write(tmp_path)
    rewrite(tmp_path, macro_f1="high")
    with pytest.raises(VerificationError, match=r"score\.json: macro_f1: "):
        Score.read(tmp_path)


@pytest.mark.parametrize("value", ["1", True, None])
def test_a_number_is_whole_or_not_and_nothing_else(tmp_path: Path, value: object) -> None:
    assert json.dumps(Score(macro_f1=0.5, seconds=2).to_dict()["seconds"]) == "2"
    assert json.dumps(Score(macro_f1=0.5, seconds=2.0).to_dict()["seconds"]) == "2.0"
    Score(macro_f1=0.5).write(tmp_path)
    rewrite(tmp_path, seconds=value)
    with pytest.raises(VerificationError, match=r"seconds: should be a number"):
        Score.read(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_what_is_no_such_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "score.json").write_text(text)
    with pytest.raises(VerificationError, match=r"score\.json: "):
        Score.read(tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"score\.json: not there"):
        Score.read(tmp_path)


def test_fields_of_a_later_har_are_kept(tmp_path: Path) -> None:
    Score(macro_f1=0.5).write(tmp_path)
    rewrite(tmp_path, recall=0.25)
    Score.read(tmp_path).write(tmp_path)
    assert json.loads((tmp_path / "score.json").read_text())["recall"] == 0.25


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_only_finite_numbers_are_written_and_read(tmp_path: Path, value: float) -> None:
    """JSON has no others: a score that is not there is None where its type says so."""
    with pytest.raises(ValueError, match="finite number"):
        Score(macro_f1=value)
    Score(macro_f1=0.5).write(tmp_path)
    rewrite(tmp_path, macro_f1=value)
    with pytest.raises(VerificationError, match=r"score\.json: macro_f1: .* finite number"):
        Score.read(tmp_path)

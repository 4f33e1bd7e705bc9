"""Names that would become paths, filters or markup are refused before anything runs."""

from pathlib import Path

import pytest
from support import Project

from har.cli.flags import as_reason
from har.errors import UsageError


@pytest.mark.parametrize(
    "name", ["a' or name='har'", "../../../x", "x/[/b]", "x" * 300, " ", "x\n"]
)
def test_a_model_that_is_no_name(tmp_path: Path, name: str) -> None:
    """MLflow would search by it, and a folder would be called so."""
    done = Project(tmp_path, {"HAR_REGISTRY__MODEL": name}).har("registry", "list")
    assert done.returncode == 2, done
    assert "error: HAR_REGISTRY__MODEL" in done.stderr
    assert not (tmp_path / "mlruns").exists()


def test_a_model_in_brackets_is_a_name(tmp_path: Path) -> None:
    """What is markup elsewhere is a word to MLflow."""
    done = Project(tmp_path, {"HAR_REGISTRY__MODEL": "[red]x[bold]"}).har("registry", "list")
    assert (done.returncode, "unexpected" in done.stderr) == (0, False)


@pytest.mark.parametrize("name", [" ", "eve\x1b[2J", "eve\u202e", "e" * 129])
def test_somebody_whose_name_cannot_be_read(tmp_path: Path, name: str) -> None:
    """Others approve by it."""
    project = Project(tmp_path, {"HAR_REGISTRY__IDENTITY": name})
    done = project.har("registry", "promote", "1", "--reason", "x")
    assert done.returncode == 2, done
    assert "HAR_REGISTRY__IDENTITY" in done.stderr


@pytest.mark.parametrize("name", ["../x", "A", "[red]", "x" * 41, "a b"])
def test_a_data_set_that_is_no_name(tmp_path: Path, name: str) -> None:
    """It is the name of a file in the store, as a setting and as an argument."""
    (tmp_path / "data/store").mkdir(parents=True)
    (tmp_path / "data/store/x.json").write_text('{"key": "k", "root": "/", "files": {}}')
    project = Project(tmp_path)
    assert project.har("train", "--dataset", name).returncode == 2
    assert project.har("data", "show", name).returncode == 6
    assert project.har("data", "ingest", name, ".", "--yes").returncode == 2


def test_a_reason_is_bounded_and_text() -> None:
    """Hours of training would end with a reason that the history cannot keep."""
    assert as_reason("x" * 1000) == "x" * 1000
    for text in ("x" * 1001, "caf\udce9"):
        with pytest.raises(UsageError):
            as_reason(text)


@pytest.mark.parametrize("words", [["run"], ["registry", "promote", "1"], ["registry", "prune"]])
def test_a_long_reason_is_refused_first(tmp_path: Path, words: list[str]) -> None:
    """Nothing is made or asked before, and the reason is not told again."""
    done = Project(tmp_path).har(*words, "--reason", "x" * 10_000)
    assert done.returncode == 2
    assert len(done.stderr) < 200
    assert not list(tmp_path.iterdir())

"""A version of a whole run, altered in one place at a time: the check names that place."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import Project

from har.config import Environment
from har.lineage import digest
from har.registry.handle import Registry
from har.registry.verify import Finding, verify
from har.registry.versions.lookup import find

# Returns what was touched, to be restored.
Tampering = Callable[[Path], Path]
DATABASE = "mlruns/mlflow.db"


@pytest.fixture(scope="module")
def pristine(
    people: Project, summary: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Return a copy of a project with a run, as it is."""
    folder = tmp_path_factory.mktemp("pristine") / "project"
    shutil.copytree(people.folder, folder, symlinks=True)
    yield folder


@pytest.fixture(scope="module")
def copy(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return another copy, in which one thing is altered at a time."""
    folder = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(pristine, folder, symlinks=True)
    return folder


def flipped(pattern: str) -> Tampering:
    """Turn one bit in the middle of the one file of a pattern; its size and times stay."""

    def tamper(folder: Path) -> Path:
        path = one(folder, pattern)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        replace(path, bytes(data))
        return path

    return tamper


def gone(pattern: str) -> Tampering:
    """Remove the one file of a pattern."""

    def tamper(folder: Path) -> Path:
        path = one(folder, pattern)
        path.unlink()
        return path

    return tamper


def edited(pattern: str, change: Callable[[Any], None]) -> Tampering:
    """Change the content of the one JSON file of a pattern."""

    def tamper(folder: Path) -> Path:
        path = one(folder, pattern)
        content = json.loads(path.read_bytes())
        change(content)
        replace(path, digest.canonical(content))
        return path

    return tamper


def sql(statement: str) -> Tampering:
    """Change MLflow's database."""

    def tamper(folder: Path) -> Path:
        with contextlib.closing(sqlite3.connect(folder / DATABASE)) as database:
            assert database.execute(statement, names(folder)).rowcount > 0, statement
            database.commit()
        return folder / DATABASE

    return tamper


def one(folder: Path, pattern: str) -> Path:
    """Return the first file of a pattern, in which `names` may stand."""
    pattern = pattern.format(**names(folder))
    found = sorted(folder.glob(pattern))
    assert found, pattern
    return found[0]


def names(folder: Path) -> dict[str, str]:
    """Return what MLflow calls the run and the model of version 1, and where its steps are."""
    query = "SELECT run_id, storage_location FROM model_versions WHERE version = 1"
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as database:
        ((run, location),) = database.execute(query)
    path = folder / "mlruns/artifacts" / run / "artifacts/lineage.json"
    steps = json.loads(path.read_bytes())["predicate"]["har_steps"]
    keys = {name: step["key"][:16] for name, step in steps.items()}
    return {**keys, "run": run, "model": location.rpartition("/models/")[2].partition("/")[0]}


def replace(path: Path, data: bytes) -> None:
    """Write a file anew: large ones are hard links, of which only this one changes."""
    path.unlink()
    path.write_bytes(data)


RUN = "mlruns/artifacts/{run}/artifacts"
CASES: dict[str, tuple[Tampering, str, str]] = {
    **{
        name: (flipped(f"{RUN}/{name}"), name, "changed")
        for name in (
            *("model/model.skops", "onnx/model-fp32.onnx", "onnx/builds.json"),
            *("evaluation/metrics.json", "evaluation/predictions.parquet", "report/report.html"),
            *("checks/data.json", "split/proof.json", "environment/packages.json"),
            *("model-card.md", "lineage.json", "registered.json"),
        )
    },
    "gate.json": (
        edited(f"{RUN}/gate.json", lambda gate: gate.update(stage="Archived")),
        "gate.json",
        "changed",
    ),
    "a file more": (
        lambda folder: _written(one(folder, f"{RUN}/onnx").with_name("extra.bin")),
        "extra.bin",
        "changed",
    ),
    "a file less": (gone(f"{RUN}/evaluation/confusion.png"), "evaluation/confusion.png", "missing"),
    "the served model": (
        flipped("mlruns/artifacts/models/{model}/artifacts/model.onnx"),
        "served model.onnx",
        "changed",
    ),
    "raw file": (flipped("raw/*/*.csv"), "raw file ", "changed"),
    "raw file gone": (gone("raw/*/*.csv"), "raw file ", "missing"),
    "windows, size kept": (
        flipped("data/store/windows/{windows}/X.npy"),
        "step windows, X.npy",
        "changed",
    ),
    "cleaned recording": (flipped("data/store/clean/{clean}/*.parquet"), "step clean, ", "changed"),
    "ingested recording": (
        flipped("data/store/ingest/{ingest}/*.parquet"),
        "step ingest, ",
        "changed",
    ),
    "another's entry": (
        edited("data/store/split/{split}/step.json", lambda step: step.update(content="0" * 64)),
        "step split",
        "changed",
    ),
    "metric": (
        sql("UPDATE latest_metrics SET value = 0.99 WHERE key = 'test_macro_f1'"),
        "MLflow's metric test_macro_f1",
        "disagrees",
    ),
    "param": (
        sql("UPDATE params SET value = '99' WHERE key = 'window.rate_hz' AND run_uuid = :run"),
        "MLflow's param window.rate_hz",
        "disagrees",
    ),
    "tag": (
        sql("UPDATE model_version_tags SET value = '0.99' WHERE key = 'har.macro_f1'"),
        "MLflow's tag har.macro_f1",
        "disagrees",
    ),
    "tag of the served model": (
        sql("UPDATE model_version_tags SET value = 'x' WHERE key = 'har.onnx_sha256'"),
        "tag har.onnx_sha256",
        "disagrees",
    ),
    "alias": (
        sql("UPDATE registered_model_aliases SET version = 2 WHERE alias = 'champion'"),
        "alias champion",
        "disagrees",
    ),
    "an event deleted": (
        sql("DELETE FROM params WHERE key = '00000001'"),
        "history",
        "broken chain",
    ),
    "an event changed": (
        sql(
            "UPDATE params SET value = replace(value, 'har run', 'a bribe') WHERE key = '00000001'"
        ),
        "history",
        "broken chain",
    ),
    "the copy of the history": (
        flipped("mlruns/history/har/audit.jsonl"),
        "history",
        "broken chain",
    ),
}


def _written(path: Path) -> Path:
    path.write_text("extra")
    return path


def verified(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Verify version 1 of a project."""
    monkeypatch.chdir(folder)
    registry = Registry.open(Environment())
    return verify(registry, find(registry, "1"))


def test_what_is_whole(pristine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything of a fresh version was looked at, and is whole."""
    found = verified(pristine, monkeypatch)
    assert {one.standing for one in found} == {"whole", "unsigned"}
    assert {"history", "lineage.json", "split", "step windows", "windows of test"} <= {
        one.what for one in found
    }


@pytest.mark.parametrize("case", CASES)
def test_what_changed_is_named(
    case: str, copy: Path, pristine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thing is altered: it is named, and nothing else but what follows from it."""
    tamper, what, standing = CASES[case]
    touched = tamper(copy)
    try:
        wrong = [one for one in verified(copy, monkeypatch) if not one.good]
        assert any(one.what.startswith(what) and one.standing == standing for one in wrong), wrong
    finally:
        restore(touched, pristine / touched.relative_to(copy))


def restore(touched: Path, original: Path) -> None:
    """Put back what was touched; a database in place, for MLflow keeps it open."""
    if touched.suffix == ".db":
        with (
            contextlib.closing(sqlite3.connect(original)) as source,
            contextlib.closing(sqlite3.connect(touched)) as target,
        ):
            source.backup(target)
        return
    touched.unlink(missing_ok=True)
    if original.exists():
        shutil.copy2(original, touched)

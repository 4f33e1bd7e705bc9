"""Ingested data sets to report on: a little of the bundled one, and made-up ones."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from reading import read_all

from har.data.recording import (
    CHANNELS,
    Recording,
    RecordingMeta,
    make_table,
    read_recordings,
    write_recording,
)
from har.data.report.facts import describe, gather
from har.data.sources import hapt

ACCOUNT: dict[str, Any] = {
    "item": "one",
    "files": {"a.csv": "0" * 64},
    "rows_in": 100,
    "rows_kept": 100,
    "rows_repaired": 0,
    "rows_quarantined": 0,
    "rows_left_out": 0,
    "samples": 100,
    "repairs": {},
    "reasons": {},
    "rejected": {},
    "warnings": [],
}
DATASET: dict[str, Any] = {
    "name": "lab",
    "source": "lab",
    "title": "Laboratory",
    "licence": "CC0 1.0",
    "citation": "A. Person: Laboratory, 2026.",
    "homepage": "https://example.org/lab",
    "placements": ["wrist"],
    "rate_hz": 50.0,
    "units": "m/s²",
    "faults": [],
    "classes": [],
    "test_subjects": [],
    "validation_subjects": [],
    "archive_url": None,
    "root": "lab.zip",
    "root_sha256": None,
    "recordings": 1,
    "subjects": 1,
    "activities": ["walking"],
    "single_activity": [],
    "copies": [],
}
Make = Callable[..., Path]


def made_up(
    name: str = "lab-01-a",
    time_s: Sequence[float] | None = None,
    activity: Any = None,
    *,
    gyroscope: bool = True,
) -> Recording:
    """Return a recording: by default 20 s at 50 Hz, of walking."""
    time = np.arange(1000) / 50 if time_s is None else np.asarray(time_s, float)
    values = np.random.default_rng(0).normal(0, 1, (len(time), 6)).astype(np.float32)
    values[:, 0] += np.float32(9.8)
    if not gyroscope:
        values[:, 3:] = np.nan
    meta = RecordingMeta("lab", name, "-".join(name.split("-")[:2]), 50.0, "wrist", "CC0 1.0")
    columns = dict(zip(CHANNELS, values.T, strict=True))
    labels = ["walking"] * len(time) if activity is None else activity
    return Recording(make_table(meta, {**columns, "time_s": time}, labels), meta)


def write_ingested(
    folder: Path,
    recordings: Sequence[Recording],
    accounts: Sequence[dict[str, Any]] = (ACCOUNT,),
    **changes: Any,
) -> Path:
    """Write a folder as ingestion does."""
    folder.mkdir(parents=True)
    for recording in recordings:
        write_recording(recording, folder)
    (folder / "accounts.json").write_text(json.dumps(list(accounts)))
    (folder / "dataset.json").write_text(json.dumps({**DATASET, **changes}))
    return folder


def write_quarantine(folder: Path, item: str, rows: list[tuple[str, int, str, str]]) -> None:
    """Write rows that were set aside: file, line, reason, content."""
    (folder / "quarantine").mkdir(exist_ok=True)
    frame = pd.DataFrame(rows, columns=["file", "line", "reason", "content"])
    frame.to_parquet(folder / "quarantine" / f"{item}.parquet")


def facts_of(folder: Path) -> dict[str, Any]:
    """Return the facts of an ingested folder."""
    return gather(folder, [describe(recording)[0] for recording in read_recordings(folder)])


@pytest.fixture
def ingest(tmp_path: Path) -> Make:
    """Return a function that writes an ingested folder of given recordings."""

    def make(*recordings: Recording, **changes: Any) -> Path:
        return write_ingested(tmp_path / "ingested", recordings, **changes)

    return make


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes and a half of each of three recordings of two subjects of HAPT."""
    read = read_all("hapt", hapt.BUNDLED)
    chosen = [read.recordings[f"hapt-{name}"] for name in ("01-exp01", "01-exp02", "02-exp03")]
    short = [replace(r, table=r.table.iloc[:7500].reset_index(drop=True)) for r in chosen]
    folder = tmp_path_factory.mktemp("real") / "ingested"
    account = {**ACCOUNT, "rows_in": 22500, "rows_kept": 22500, "samples": 22500}
    write_ingested(folder, short, [account], name="hapt", title=hapt.SOURCE.title)
    return folder


@pytest.fixture
def beside(real: Path, tmp_path: Path) -> Path:
    """Return a copy of the real folder to write into."""
    return Path(shutil.copytree(real, tmp_path / "beside"))

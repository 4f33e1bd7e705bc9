"""What the service counts and keeps: metrics, and a log for drift without any signal."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from graphs import walk_then_sit
from http_server import serving, windows

from har import parquet
from har.lineage import digest
from har.models.causes import moments
from har.serving.served import FileSource

BOTH = windows(1, 0)


def test_metrics(model: Path) -> None:
    """Requests, batches, answers by activity, and the model; routes are no client's words."""
    with serving(FileSource(model)) as client:
        client.post("/v1/windows", json={"windows": BOTH.tolist()})
        client.post("/v1/recordings", json={"columns": walk_then_sit().to_dict("list")})
        client.post("/v1/windows", json={})
        client.get("/made/up/by/a/client")
        told = client.get("/metrics").text
    for line in (
        'har_requests_total{method="POST",route="/v1/windows",status="200"} 1.0',
        'har_requests_total{method="POST",route="/v1/windows",status="422"} 1.0',
        'har_requests_total{method="any",route="none",status="404"} 1.0',
        'har_request_seconds_count{route="/v1/windows"} 2.0',
        'har_batch_windows_bucket{le="2.0"} 1.0',
        'har_predictions_total{activity="walking"} 6.0',
        'har_predictions_total{activity="sitting"} 5.0',
        "har_unknown_share 0.0",
        f'har_model_info{{model="tiny",sha256="{digest.of_file(model)}",version=""}} 1.0',
    ):
        assert line in told
    assert "made" not in told


@pytest.mark.parametrize("identity", [False, True])
def test_the_log(model: Path, tmp_path: Path, identity: bool) -> None:
    """One row per window; clients and recordings are named only if that is asked for."""
    folder = tmp_path / "log"
    options = {"log": folder, "log_identity": identity}
    with serving(FileSource(model), **options) as client:
        client.post("/v1/windows", json={"windows": BOTH.tolist()})
        recording = {"columns": walk_then_sit().to_dict("list"), "name": "mine"}
        client.post("/v1/recordings", json=recording)
    (path,) = folder.iterdir()
    rows = parquet.read_frame(path)
    assert rows["activity"].tolist()[:2] == ["walking", "sitting"]
    assert len(rows) == 2 + 9
    assert set(rows["sha256"]) == {digest.of_file(model)}
    assert rows["request"].nunique() == 2
    assert np.stack(rows["moments"])[:2] == pytest.approx(moments(BOTH).reshape(2, -1))
    named = [set(rows[column].dropna()) for column in ("client", "recording")]
    assert named == ([{"127.0.0.1"}, {"mine"}] if identity else [set(), set()])
    assert set(map(len, rows["moments"])) == {24}  # two sensors, four rows of three


def test_the_log_is_kept_for_some_days_and_its_folder_may_fail(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old files and leftovers of a kill are removed, others stay; answers go on regardless."""
    folder = tmp_path / "log"
    folder.mkdir()
    two_days = time.time() - 2 * 86_400
    for name in ("answers-1.parquet", ".har-1.tmp", "notes.txt", "answers-2.parquet"):
        (folder / name).write_bytes(b"")
        if name != "answers-2.parquet":
            os.utime(folder / name, (two_days, two_days))
    with serving(FileSource(model), log=folder, log_days=1, log_every_s=3600):
        pass
    assert sorted(path.name for path in folder.iterdir()) == ["answers-2.parquet", "notes.txt"]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "write", full)
    with serving(FileSource(model), log=folder, log_every_s=3600) as client:
        done = client.post("/v1/windows", json={"windows": BOTH.tolist()})
        assert done.status_code == 200
    assert sorted(path.name for path in folder.iterdir()) == ["answers-2.parquet", "notes.txt"]

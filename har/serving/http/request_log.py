"""What was answered, to look for drift: quantities of windows and answers, and no signal.

One row per window: mean and covariance of each sensor's axes, by which the model's reference
of its training judges recordings, too (`har.models.reference`). Rows are gathered and
written as a whole file at a time, so that a kill costs the rows of the last seconds and
damages none.
"""

import logging
import os
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from har import parquet
from har.arrays import Float32, Float64
from har.config import ServeSettings
from har.disk import whole
from har.models.answers import Answers
from har.models.causes import moments
from har.serving.served import Served

_log = logging.getLogger(__name__)
DAY_S = 86_400
# Rows that are written at once; so many more, while a disk is full, are kept.
FULL, MOST = 10_000, 200_000
SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("ms", "UTC")),
        ("request", pa.string()),
        ("model", pa.string()),
        ("version", pa.string()),
        ("sha256", pa.string()),
        ("activity", pa.string()),
        ("probability", pa.float32()),
        ("unknown", pa.bool_()),
        ("distance", pa.float32()),
        ("moments", pa.list_(pa.float32())),
        ("client", pa.string()),
        ("recording", pa.string()),
    ]
)


class RequestLog:
    """Gathers rows and writes them; does nothing without a folder.

    Parameters
    ----------
    folder : Path or None
        Where files are written; None: nowhere.
    every_s : float
        Between files.
    keep_s : float
        After which files are removed.
    most_mb : float
        What they may take; the oldest are removed first.
    identity : bool
        Whether clients and recordings are named.
    """

    def __init__(
        self, folder: Path | None, every_s: float, keep_s: float, most_mb: float, *, identity: bool
    ):
        self._folder, self._every_s, self._keep_s = folder, every_s, keep_s
        self._most_bytes, self._identity = most_mb * 1e6, identity
        self._rows: list[dict[str, Any]] = []
        self._lock, self._now, self._ended = threading.Lock(), threading.Event(), False
        self._thread: threading.Thread | None = None

    @classmethod
    def of(cls, settings: ServeSettings) -> "RequestLog":
        """Return the log that settings ask for."""
        keep_s = settings.log_days * DAY_S
        return cls(
            settings.log,
            settings.log_every_s,
            keep_s,
            settings.log_mb,
            identity=settings.log_identity,
        )

    def start(self) -> None:
        """Begin to write."""
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._thread = threading.Thread(target=self._run, name="har-log", daemon=True)
            self._thread.start()

    def windows(self, served: Served, windows: Float32, answers: Answers, client: str = "") -> None:
        """Take the answers for windows of one request."""
        if self._folder:
            columns = (answers.activity, answers.probability, answers.unknown, answers.distance)
            self._add(served, moments(windows), columns, client, "")

    def recording(
        self,
        served: Served,
        found: Float32,
        columns: tuple[Sequence[Any] | npt.NDArray[Any], ...],
        client: str,
        name: str,
    ) -> None:
        """Take the answers for a recording: moments of its windows, and columns of answers."""
        if self._folder:
            self._add(served, found, columns, client, name)

    def close(self) -> None:
        """Write what is left."""
        self._ended = True
        self._now.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _add(
        self,
        served: Served,
        found: Float32 | Float64,
        columns: tuple[Sequence[Any] | npt.NDArray[Any], ...],
        client: str,
        name: str,
    ) -> None:
        shared = {
            "time": datetime.now(UTC),
            "request": os.urandom(8).hex(),
            **served.to_dict(),
            "client": client if self._identity else None,
            "recording": name or None if self._identity else None,
        }
        activity, probability, unknown, distance = map(np.asarray, columns)
        flat = found.reshape(len(found), -1).astype(np.float32)
        rows = [
            {
                **shared,
                "activity": str(activity[i]),
                "probability": float(probability[i]),
                "unknown": bool(unknown[i]),
                "distance": float(distance[i]),
                "moments": flat[i],
            }
            for i in range(len(flat))
        ]
        with self._lock:
            self._rows += rows
            is_full = len(self._rows) >= FULL
        if is_full:
            self._now.set()

    def _run(self) -> None:
        while not self._ended:
            self._now.wait(self._every_s)
            self._now.clear()
            try:
                self._write()
                self._remove_old()
            except Exception as error:  # answers go on without a log
                _log.warning("the log of answers cannot be written: %s", error)

    def _write(self) -> None:
        with self._lock:
            rows, self._rows = self._rows, []
        if not rows:
            return
        assert self._folder
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        path = self._folder / f"answers-{stamp}-{os.getpid()}.parquet"
        try:
            with whole(path) as new:
                parquet.write(pa.Table.from_pylist(rows, SCHEMA), new)
        except OSError:
            with self._lock:
                self._rows = [*rows, *self._rows][-MOST:]
            raise

    def _remove_old(self) -> None:
        assert self._folder
        oldest = time.time() - self._keep_s
        # What a killed process left half written, too.
        for pattern, limit in (("answers-*.parquet", oldest), (".har-*.tmp", time.time() - DAY_S)):
            for path in self._folder.glob(pattern):
                if path.stat().st_mtime < limit:
                    path.unlink(missing_ok=True)
        # Their names begin with their times.
        n_bytes = 0.0
        for path in sorted(self._folder.glob("answers-*.parquet"), reverse=True):
            n_bytes += path.stat().st_size
            if n_bytes > self._most_bytes:
                path.unlink(missing_ok=True)

"""The data sets of a run, pinned by content before its first step."""

from typing import Any

from har.config import DataSettings
from har.data.ingest import dataset
from har.store import Artifact, Store


def pin(data: DataSettings, store: Store) -> dict[str, Artifact]:
    """Return the latest ingestion of each data set; a bundled one is read if need be.

    Raises
    ------
    MissingError
        If a data set is not ingested.
    """
    return {name: dataset.find(store, name) for name in data.datasets}


def describe(pins: dict[str, Artifact]) -> list[dict[str, Any]]:
    """Return which ingestions a run uses: ``dataset``, ``key``, ``content``, ``ingested``."""
    return [
        {
            "dataset": name,
            "key": artifact.key,
            "content": artifact.content,
            "ingested": artifact.manifest.created,
        }
        for name, artifact in pins.items()
    ]

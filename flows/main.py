"""The main job: a flow of flows, from raw data to gated versions."""

from typing import Any

from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.assess import assess
from flows.prepare import prepare
from flows.release import release
from flows.train import train
from har.config import Settings
from har.store import Store
from har.summary import summarise, tables


@flow(name="har-run")
def main_job(settings: Settings, reason: str = "har run") -> dict[str, Any]:
    """Run the whole chain and return its summary."""
    Store(settings.store).sweep()
    artifacts = {**prepare(settings), **train(settings), **assess(settings)}
    summary = summarise(artifacts, release(settings, reason))
    for part in tables(summary):
        rows = [dict(zip(part["columns"], map(str, row), strict=True)) for row in part["rows"]]
        create_table_artifact(table=rows, description=part["title"])
    return summary

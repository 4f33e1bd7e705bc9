"""The main job: from raw data to gated versions."""

from prefect import flow, task
from prefect.artifacts import create_table_artifact

from flows.make import make
from flows.release import release
from har.config import Recipe, current
from har.registry.handle import Registry
from har.registry.versions.registration import require_ready
from har.steps.pins import pin
from har.steps.run import Run
from har.steps.summary import Summary, summarise
from har.steps.tables import tables
from har.store import Store

ingest = task(name="ingest", task_run_name="ingest")(pin)


@flow(name="har-run")
def main_job(recipe: Recipe, reason: str = "har run") -> Summary:
    """Run the whole chain and return its summary.

    Parameters
    ----------
    recipe : Recipe
        What is to be made; where, and by whom, is the environment's of this machine.
    reason : str
        Why a version may be promoted; kept in its history.
    """
    environment = current()
    registry = Registry.open(environment)
    require_ready(registry, recipe.data.name)
    store = Store(environment.store)
    store.sweep()
    run = Run(recipe, ingest(recipe.data, store), store, reason=reason)
    with run.recorded():
        make(run, run.outputs, workers=environment.run.workers)
        summary = summarise(run, release(run, registry, reason))
    for part in tables(summary):
        rows = [dict(zip(part["columns"], map(str, row), strict=True)) for row in part["rows"]]
        create_table_artifact(table=rows, description=part["title"])
    return summary

"""What a killed registration left behind, and how it goes away without a trace of files."""

from mlflow.entities import Run

from har.registry.handle import Registry
from har.registry.locations import delete


def remove_leftovers(registry: Registry, experiment: str, candidate_digest: str) -> int:
    """Remove unfinished runs of a candidate that has no version; return how many.

    The files go first and the run last, so that a kill in here is no different from
    the kill before it. Another machine that registers the very same bytes at this
    moment would lose its run; measured latencies are part of them, so none does.

    Parameters
    ----------
    registry : Registry
        Of the model.
    experiment : str
        Id of the experiment.
    candidate_digest : str
        The tag that the runs carry from their first moment.
    """
    query = f"tags.`har.candidate_digest` = '{candidate_digest}'"
    runs = registry.writer.search_runs([experiment], query)
    unfinished = [run for run in runs if run.info.status != "FINISHED"]
    for run in unfinished:
        remove_run(registry, run)
    return len(unfinished)


def remove_run(registry: Registry, run: Run) -> None:
    """Remove a run with its files and its logged models."""
    client = registry.writer
    run_id, experiment = run.info.run_id, run.info.experiment_id
    if run.info.status == "RUNNING":
        client.set_terminated(run_id, status="KILLED")
    for model in client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
        delete(registry, model.artifact_location)
        client.delete_logged_model(model.model_id)
    delete(registry, run.info.artifact_uri)
    client.delete_run(run_id)

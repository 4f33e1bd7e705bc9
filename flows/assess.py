"""Trained models to scores, ONNX builds and the report."""

from prefect import flow, task

from flows.progress import told
from har import steps
from har.config import Settings
from har.store import Artifact

evaluate = task(name="evaluate")(told(steps.evaluate))
export = task(name="export", task_run_name="export-{candidate}")(told(steps.export))
report = task(name="report")(told(steps.report))


@flow(name="assess")
def assess(settings: Settings) -> dict[str, Artifact]:
    """Score every candidate on the test subjects, export it, write the report."""
    evaluated = evaluate(settings)
    exported = {
        f"export-{name}": export(settings, name, wait_for=[evaluated])
        for name in settings.candidates
    }
    written = report(settings, wait_for=[*exported.values()])
    return {"evaluate": evaluated, **exported, "report": written}

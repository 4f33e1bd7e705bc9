"""Trained models to scores, ONNX builds and the report."""

from prefect import flow, task

from flows.progress import told
from har import steps
from har.config import Settings
from har.store import Artifact

evaluate = task(name="evaluate")(told(steps.evaluate))
stream = task(name="stream")(told(steps.stream))
perturb = task(name="perturb")(told(steps.perturb))
export = task(name="export", task_run_name="export-{candidate}")(told(steps.export))
report = task(name="report")(told(steps.report))


@flow(name="assess")
def assess(settings: Settings) -> dict[str, Artifact]:
    """Score every candidate on the test subjects, export it, write the report."""
    evaluated = evaluate(settings)
    streamed, perturbed = stream(settings), perturb(settings)
    exported = {
        f"export-{name}": export(settings, name, wait_for=[evaluated])
        for name in settings.candidates
    }
    written = report(settings, wait_for=[*exported.values(), streamed, perturbed])
    scored = {"evaluate": evaluated, "stream": streamed, "perturb": perturbed}
    return {**scored, **exported, "report": written}

"""Raw data to windows."""

from prefect import flow, task

from flows.progress import told
from har import steps
from har.config import Settings
from har.store import Artifact

ingest = task(name="ingest")(told(steps.ingest))
clean = task(name="clean")(told(steps.clean))
split = task(name="split")(told(steps.split))
windows = task(name="windows")(told(steps.windows))


@flow(name="prepare")
def prepare(settings: Settings) -> dict[str, Artifact]:
    """Ingest, clean, split and cut the data set."""
    ingested = ingest(settings)
    cleaned = clean(settings, wait_for=[ingested])
    assigned = split(settings, wait_for=[cleaned])
    cut = windows(settings, wait_for=[cleaned, assigned])
    return {"ingest": ingested, "clean": cleaned, "split": assigned, "windows": cut}

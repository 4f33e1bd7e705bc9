"""Raw data to windows."""

from pathlib import Path

from har.config import Settings
from har.data import prepare
from har.data.ingest import dataset
from har.store import Artifact, Store


def ingest(settings: Settings) -> Artifact:
    """Find the ingested data sets; the bundled one is read when it is asked for."""
    store = Store(settings.store)
    found = {name: dataset.find(store, name) for name in settings.data.datasets}
    if len(found) == 1:
        return next(iter(found.values()))
    return store.get_or_make(
        "join",
        lambda out: prepare.join(out, {name: part.path for name, part in found.items()}),
        inputs=found,
        params={},
        code=["har.data"],
    )


def data_report(settings: Settings) -> Artifact:
    """Write the report of an ingested data set: HTML, JSON and a Croissant card."""
    ingested = ingest(settings)

    def build(out: Path) -> None:
        from har.data.report import write_report

        write_report(out, ingested.path)

    return Store(settings.store).get_or_make(
        "data-report",
        build,
        inputs={"ingest": ingested},
        params={},
        code=["har.data", "har.page"],
        libraries=["matplotlib", "jinja2", "scipy"],
    )


def clean(settings: Settings) -> Artifact:
    """Clean the recordings of duplicates and gaps, and bring them to one rate."""
    ingested = ingest(settings)
    return Store(settings.store).get_or_make(
        "clean",
        lambda out: prepare.clean_recordings(
            out, ingested.path, settings.data, settings.clean, settings.window.rate_hz
        ),
        inputs={"ingest": ingested},
        params={
            **settings.clean.model_dump(),
            "data": settings.data.model_dump(),
            "rate_hz": settings.window.rate_hz,
        },
        code=["har.data"],
        libraries=["numpy", "scipy"],
    )


def split(settings: Settings) -> Artifact:
    """Assign subjects to splits and prove that they are disjoint."""
    ingested, cleaned = ingest(settings), clean(settings)
    return Store(settings.store).get_or_make(
        "split",
        lambda out: prepare.split(out, cleaned.path, ingested.path, settings.split),
        inputs={"ingest": ingested, "clean": cleaned},
        params=settings.split.model_dump(),
        code=["har.data"],
    )


def windows(settings: Settings) -> Artifact:
    """Cut the recordings into windows with labels and splits."""
    ingested, cleaned, assigned = ingest(settings), clean(settings), split(settings)
    return Store(settings.store).get_or_make(
        "windows",
        lambda out: prepare.windows(
            out, cleaned.path, assigned.path, ingested.path, settings.window
        ),
        inputs={"ingest": ingested, "clean": cleaned, "split": assigned},
        params=settings.window.model_dump(),
        code=["har.data"],
    )

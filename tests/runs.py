"""What tests of runs share: a few real people, tables of others, the smallest models."""

from collections.abc import Callable
from pathlib import Path

from reading import read_all

from har.data.ingest.mapping import ColumnMapping
from har.data.recording import GYRO
from har.data.sources import hapt
from har.steps.run import Run

# Three people, one in each split.
SLICE = (
    "data.subjects=['hapt-01', 'hapt-02', 'hapt-07']",
    "split.test_subjects=['hapt-02']",
    "split.validation_subjects=['hapt-07']",
)
MAPPING = ColumnMapping(
    time="time_s", acc=("x", "y", "z"), acc_unit="g", gyro=GYRO, activity="activity"
)

MakeRun = Callable[..., Run]


# Every kind of step, as small as it goes.
TINY = (
    "data.subjects=['hapt-01', 'hapt-02', 'hapt-03', 'hapt-07']",
    "candidates=['logistic', 'encoder-nano']",
    "seeds=[0, 1]",
    *("models.logistic.c_grid=[0.01]", "models.logistic.copies=0"),
    *("pretrain.checkpoint=own", "pretrain.epochs=1"),
    *("finetune.epochs=1", "finetune.min_steps=0"),
    *("intervals.bootstrap=20", "export.latency_repeats=10"),
)


def write_lab(folder: Path, *people: str) -> None:
    """Write the first recording of some people as a CSV file in g."""
    recordings = read_all("hapt", hapt.BUNDLED).recordings.values()
    for who in people:
        table = next(r for r in recordings if r.meta.subject_id == who).table
        acc = {axis: table[f"acc_{axis}"] / 9.80665 for axis in "xyz"}
        path = folder / who.replace("hapt-", "s") / "walk.csv"
        path.parent.mkdir(parents=True)
        table.assign(**acc)[["time_s", *"xyz", *GYRO, "activity"]].to_csv(path, index=False)

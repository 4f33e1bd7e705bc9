"""Recordings to try the page with, cut from the bundled data set.

They are of people on whom no bundled recipe trains: the canonical test subjects.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import pandas as pd

from har.app.contents import Contents
from har.data.gravity import STANDARD_GRAVITY
from har.data.ingest.files import open_files
from har.data.ingest.ledger import Ledger
from har.data.recording import ACC, GYRO
from har.data.sources import hapt


@dataclass(frozen=True)
class Sample:
    """One of them.

    Attributes
    ----------
    title : str
        What it is called on the page.
    about : str
        What it shows, in a sentence.
    file : str
        Its name.
    experiment : str
        Of the bundled data set.
    seconds : float
        How much of it, from the start.
    written : callable
        Makes the table of the file from that of the recording.
    """

    title: str
    about: str
    file: str
    experiment: str
    seconds: float = field(default=3600.0)
    written: Callable[[pd.DataFrame], pd.DataFrame] = field(default=lambda table: table)


def _turned(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{axis: -table[axis] for axis in ACC})


def _without_times(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as some apps write it: acceleration in g, and no time."""
    names = {"acc_x": "ax (g)", "acc_y": "ay (g)", "acc_z": "az (g)"}
    names |= {"gyro_x": "gx (rad/s)", "gyro_y": "gy (rad/s)", "gyro_z": "gz (rad/s)"}
    scaled = table.assign(**{axis: table[axis] / STANDARD_GRAVITY for axis in ACC})
    return scaled.drop(columns="time_s").rename(columns=names)


SAMPLES = (
    Sample(
        "Six activities",
        "Six minutes of a person who stands, sits, lies, walks and takes stairs.",
        "six-activities.csv",
        "exp03",
    ),
    Sample(
        "A walk with stairs",
        "Three minutes of another person, down and up some stairs.",
        "walk-with-stairs.csv",
        "exp21",
    ),
    Sample(
        "A file that leaves a question",
        "A minute without times: how many rows are a second? (It was 50.)",
        "a-question.csv",
        "exp20",
        60.0,
        _without_times,
    ),
    Sample(
        "Unlike training",
        "The sign of acceleration is turned, as on an iPhone: the page warns.",
        "turned.csv",
        "exp20",
        written=_turned,
    ),
)


def contents_of(sample: Sample) -> Contents:
    """Return a sample as the file that somebody would drop."""
    table = _recordings()[sample.experiment]
    own = table[table["time_s"] < sample.seconds]
    text = sample.written(own).to_csv(index=False, float_format="%.6f")
    return Contents.of([(sample.file, text.encode())])


def _recordings() -> Mapping[str, pd.DataFrame]:
    files = open_files(hapt.BUNDLED)
    (item,) = hapt.items(files)
    read = hapt.read(files, item, Ledger())
    wanted = {sample.experiment for sample in SAMPLES}
    # The bundled file has one whole table for each recording.
    tables = {raw.name: cast(pd.DataFrame, raw.tables[0]) for raw in read if raw.name in wanted}
    return {name: table[["time_s", *ACC, *GYRO]] for name, table in tables.items()}

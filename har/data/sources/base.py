"""What every data set states about itself, and how it hands over what it read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recording import Clock

# Of one sensor, or of several that share a clock.
Table = pd.DataFrame | Iterable[pd.DataFrame]


@dataclass(frozen=True)
class Archive:
    """A published archive.

    Attributes
    ----------
    url : str
        Its official address.
    sha256 : str, optional
        Digest recorded by third parties.
    seen : int
        How many independent ones state it; a single one warns, more refuse.
    """

    url: str
    sha256: str | None = None
    seen: int = 0


@dataclass(frozen=True)
class Item:
    """Raw files that are read together: what is ingested again when one of them changes."""

    name: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Raw:
    """One recording as its data set tells it, before harmonisation.

    Attributes
    ----------
    subject : str
        The data set's own id of the person.
    name : str
        Of the recording; unique within the subject and placement.
    placement : str
        One of the source's placements.
    tables : tuple of Table
        One table, or accelerometer and gyroscope with separate clocks, each whole or in
        blocks that follow one another. Columns:
        ``time_s``; ``acc_x, acc_y, acc_z`` and ``gyro_x, gyro_y, gyro_z``, those that
        the table has; ``label`` (str or category, in the first table; null:
        unlabelled); ``file, line, repaired`` of `har.data.ingest.ledger`. Rows stand
        in the order of the file.
    acc_unit : {"m/s2", "g"}
    gyro_unit : {"rad/s", "deg/s"}
    field : callable, optional
        Reads a magnetometer with a clock of its own, block by block: ``time_s``; ``mag_x, mag_y,
        mag_z`` in µT; ``file, line, repaired``. It tells the ledger that it is given of every
        row. One without a clock of its own has these columns in the first table.
    conversions : tuple of str
        What the source computed itself, in words.
    device : str
        Model of the device; empty where the data set does not tell.
    gravity, recorder, app, clock
        As `har.data.recording.RecordingMeta` says.
    """

    subject: str
    name: str
    placement: str
    tables: tuple[Table, ...]
    acc_unit: Literal["m/s2", "g"] = "m/s2"
    gyro_unit: Literal["rad/s", "deg/s"] = "rad/s"
    field: Callable[[Ledger], Iterable[pd.DataFrame]] | None = None
    conversions: tuple[str, ...] = ()
    device: str = ""
    gravity: bool = True
    recorder: str = ""
    app: str = ""
    clock: Clock = ""


@dataclass(frozen=True)
class Source:
    """A public data set and how to read it.

    Attributes
    ----------
    name, title, licence, citation : str
        What the data set is and may be used for.
    homepage : str
        Where its provider describes it.
    placements : tuple of str
        Where on the body its sensors were.
    rate_hz : float or None
        Its declared sampling rate, Hz; None if it differs between its devices.
    units : str
        Units of the raw files, in words.
    faults : tuple of (str, str)
        Known faults, and what is done about each.
    items : callable
        Finds the items among raw files; none if this is another data set's layout.
    read : callable
        Yields the recordings of an item. It tells the ledger of every row: those it
        does not hand over in a table are quarantined.
    archive : Archive, optional
        To download.
    classes : tuple of str
        Default class set; empty: whatever every split has labelled windows of.
    test_subjects, validation_subjects : tuple of str
        The canonical split, if the field has one; empty: chosen by digests of the ids.
    same_people_as : tuple of str
        Data sets of the same people: models trained on one are not scored on the other.
    bundled : Path, optional
        A file that ships with the package.
    labels : dict, optional
        Words of the data set and their activities; by default the taxonomy's.
    own_activities : mapping, optional
        Parents of activities that the taxonomy lacks, "" for a root.
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    placements: tuple[str, ...]
    rate_hz: float | None
    units: str
    faults: tuple[tuple[str, str], ...]
    items: Callable[[RawFiles], list[Item]]
    read: Callable[[RawFiles, Item, Ledger], Iterator[Raw]]
    archive: Archive | None = None
    classes: tuple[str, ...] = ()
    test_subjects: tuple[str, ...] = ()
    validation_subjects: tuple[str, ...] = ()
    same_people_as: tuple[str, ...] = ()
    bundled: Path | None = None
    labels: dict[str, str] | None = None
    own_activities: Mapping[str, str] | None = None

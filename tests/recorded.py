"""Reads made files of recorders, as `har data ingest` does: recognised, understood, read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd

from har.data import recorders
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin, whole
from har.data.ingest.items import read_item
from har.data.ingest.ledger import Ledger
from har.data.ingest.mapping import Entries
from har.data.recorders.base import Recorder, Understanding
from har.data.recording import ACC, GYRO, MAG, Recording
from har.data.sources.base import Item, Raw, Source

Files = Mapping[str, str | bytes]


@dataclass
class Recorded:
    """The only recording that files are recognised as."""

    files: RawFiles
    recorder: Recorder
    item: Item
    stated: Mapping[str, str]
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def understood(self) -> Understanding:
        """What is made of it, with what was stated."""
        return self.recorder.understand(self.files, self.item, self.stated)

    @property
    def asked(self) -> list[str]:
        """The entries that are in doubt; every answer that is offered is one of a mapping."""
        for doubt in self.understood.doubts:
            for choice in doubt.choices:
                Entries.model_validate({doubt.entry: choice})
        return [doubt.entry for doubt in self.understood.doubts]

    @cached_property
    def raws(self) -> list[tuple[Raw, list[pd.DataFrame]]]:
        """Its recordings with their tables whole."""
        read = self.recorder.read(self.files, self.item, self.ledger, self.stated)
        return [(raw, [whole(table) for table in raw.tables]) for raw in read]

    @property
    def raw(self) -> Raw:
        """The only recording."""
        ((raw, _),) = self.raws
        return raw

    @property
    def tables(self) -> list[pd.DataFrame]:
        """The tables of the only recording."""
        ((_, tables),) = self.raws
        return tables

    @property
    def acc(self) -> list[list[float]]:
        """Its acceleration, as it is handed over."""
        return np.round(self.tables[0][list(ACC)].to_numpy("float64"), 9).tolist()

    @property
    def gyro(self) -> list[list[float]]:
        """Its angular velocity, from whichever table has it."""
        table = next(table for table in self.tables if "gyro_x" in table)
        return np.round(table[list(GYRO)].to_numpy("float64"), 9).tolist()

    @property
    def field(self) -> list[list[float]]:
        """Times, s since the first of acceleration, and values of a magnetometer with a clock."""
        assert self.raw.field is not None
        rows = np.array(whole(list(self.raw.field(Ledger())))[["time_s", *MAG]])
        rows[:, 0] -= self.times[0][0]
        return np.round(rows, 6).tolist()

    @property
    def times(self) -> list[list[float]]:
        """The times of each table, s."""
        return [np.round(table["time_s"].to_numpy(), 6).tolist() for table in self.tables]

    def recordings(self) -> list[Recording]:
        """Its recordings in SI units, each with its account checked."""
        source = Source(
            name="own",
            title=self.recorder.title,
            licence="unknown",
            citation="",
            homepage="",
            placements=(),
            rate_hz=None,
            units="",
            faults=(),
            items=lambda files: [self.item],
            read=partial(self.recorder.read, stated=self.stated),
        )
        digests = {name: self.files.digest(name) for name in self.item.files}
        ledger = self.ledger = Ledger()
        return list(read_item(self.files, self.item, Origin("own", source, digests), ledger))


def write(folder: Path, files: Files) -> Path:
    """Write files into a folder; return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def all_recorded(folder: Path, files: Files, **stated: str) -> list[Recorded]:
    """Write files, and return the recordings that they are recognised as."""
    opened = open_files(write(folder, files))
    found = recorders.recognise(opened)
    return [Recorded(opened, recorder, item, stated) for recorder, item in found]


def recorded(folder: Path, files: Files, **stated: str) -> Recorded:
    """Write files, and return the only recording that they are recognised as."""
    (found,) = all_recorded(folder, files, **stated)
    return found

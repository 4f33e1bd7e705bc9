"""What a user asked to be ingested, and who reads it."""

from dataclasses import dataclass, replace
from pathlib import Path

from har.data import sources
from har.data.ingest import own
from har.data.ingest.files import RawFiles
from har.data.ingest.mapping import ColumnMapping
from har.data.ingest.plan import Plan
from har.data.sources.base import Item, Source


@dataclass(frozen=True)
class Request:
    """What a user asked to be ingested.

    Attributes
    ----------
    name : str
        Of the data set from now on.
    root : Path
        Folder, archive or file.
    only : tuple of str
        Of a folder, only these files; empty: all.
    placements : tuple of str
        Those wanted; empty: all.
    mapping : ColumnMapping, optional
        For tables of the user's own, all of one layout.
    plan : Plan, optional
        For files of the user's own, as `har.data.ingest.own.plan` understands them. Without
        it and without a mapping, `name` is a known data set.
    """

    name: str
    root: Path
    only: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    mapping: ColumnMapping | None = None
    plan: Plan | None = None

    def planned(self, files: RawFiles) -> "Request":
        """Return the request with a plan if it has a mapping."""
        if self.mapping is None or self.plan is not None:
            return self
        return replace(self, plan=own.plan(files, self.mapping, str(self.root)))

    @property
    def source(self) -> Source:
        """The data set's reader."""
        return own.source(self.name, self.plan) if self.plan else sources.get(self.name)

    def reader(self, item: Item) -> str:
        """Return the module that reads the files of an item."""
        if self.plan is None:
            return f"har.data.sources.{self.name.replace('-', '_')}"
        return self.plan.module(item)

"""What an ingestion wrote beside its recordings: facts of the data sets, and accounts.

Both files are as every `har` so far wrote them, without a version: the digest of an
ingestion is what runs are pinned to.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import StrictInt, StrictStr, model_validator

from har.data.activities import Taxonomy
from har.lineage.typed import Number, Texts, Typed, TypedFile

QUARANTINED = "quarantine"
COUNTED = (
    *("rows_in", "rows_kept", "rows_repaired", "rows_quarantined", "rows_left_out"),
    "samples",
)


class Warn(Typed):
    """Something a user should know about a recording that was kept."""

    recording: StrictStr
    kind: StrictStr
    detail: StrictStr


class Account(TypedFile):
    """What became of the rows of one item.

    Attributes
    ----------
    item : str
        Its name.
    files : mapping of str to str
        SHA-256 of its raw files by name.
    rows_in, rows_kept, rows_repaired, rows_quarantined, rows_left_out : int
        Rows of raw files; the first is the sum of the others.
    samples : int
        In its recordings.
    repairs, reasons : mapping of str to int
        Rows by repair, and by the reason for which they are in quarantine.
    rejected : mapping of str to str
        Why, by recording of which nothing could be trusted, or by the item itself.
    warnings : tuple of Warn
        About recordings that were kept.
    own_words : mapping of str to str
        The activity of each word of its files that neither the taxonomy nor a person states:
        of the data set's own, or by a synonym.
    """

    FILE: ClassVar[str] = "account.json"

    item: StrictStr
    files: Texts
    rows_in: StrictInt
    rows_kept: StrictInt
    rows_repaired: StrictInt
    rows_quarantined: StrictInt
    rows_left_out: StrictInt
    samples: StrictInt
    repairs: Mapping[StrictStr, StrictInt]
    reasons: Mapping[StrictStr, StrictInt]
    rejected: Texts
    warnings: tuple[Warn, ...]
    own_words: Mapping[StrictStr, StrictStr] = {}

    @classmethod
    def of_refused(
        cls, item: str, files: Mapping[str, str], why: str, rows: int = 0, reason: str = ""
    ) -> Self:
        """Return the account of an item of which nothing could be read.

        Parameters
        ----------
        item, files : str, mapping of str to str
            Its name, and SHA-256 of its files.
        why : str
            The error in full.
        rows : int, default=0
            As many as its files seem to have.
        reason : str, optional
            Why they are in quarantine.
        """
        return cls(
            item=item,
            files=files,
            rows_in=rows,
            rows_kept=0,
            rows_repaired=0,
            rows_quarantined=rows,
            rows_left_out=0,
            samples=0,
            repairs={},
            reasons={reason: rows} if rows else {},
            rejected={item: why},
            warnings=(),
        )

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what became of them, and samples."""
        return {name: getattr(self, name) for name in COUNTED}

    def reason_of(self, rejected: str) -> str:
        """Return why a recording was rejected, in one line and without its name."""
        why = self.rejected[rejected]
        for name in (rejected, self.item, *self.files):
            why = why.removeprefix(f"{name}: ")
        return why.partition("\n")[0]


@dataclass(frozen=True)
class Refusals:
    """Recordings and items that were rejected for one reason.

    Attributes
    ----------
    reason : str
        In words, without the name of any of them.
    times : int
        How many.
    rows : int
        In quarantine for that reason.
    example, why : str
        The first one, and its error in full.
    """

    reason: str
    times: int
    rows: int
    example: str
    why: str


class Accounts(TypedFile):
    """The accounts of all items; the file is a list of them."""

    FILE: ClassVar[str] = "accounts.json"

    items: tuple[Account, ...]

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, content: Any) -> Any:
        return {"items": content} if isinstance(content, list) else content

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what became of them, and samples, over all items."""
        return {name: sum(getattr(a, name) for a in self.items) for name in COUNTED}

    @property
    def repairs(self) -> Counter[str]:
        """Rows by repair, over all items."""
        return _sum(account.repairs for account in self.items)

    @property
    def reasons(self) -> Counter[str]:
        """Rows in quarantine by reason, over all items."""
        return _sum(account.reasons for account in self.items)

    @property
    def refusals(self) -> list[Refusals]:
        """What was rejected, by reason, that of most rows first."""
        groups: dict[str, list[tuple[Account, str]]] = {}
        for account in self.items:
            for name in account.rejected:
                groups.setdefault(account.reason_of(name), []).append((account, name))
        found = [
            Refusals(
                reason=reason,
                times=len(group),
                # An account has the rows by reason, for all of its recordings together.
                rows=sum({a.item: a.reasons.get(reason, 0) for a, _ in group}.values()),
                example=group[0][1],
                why=group[0][0].rejected[group[0][1]],
            )
            for reason, group in groups.items()
        ]
        return sorted(found, key=lambda refusals: -refusals.rows)

    @property
    def rejected(self) -> dict[str, str]:
        """Why, by recording, or item, of which nothing could be trusted."""
        return {name: why for account in self.items for name, why in account.rejected.items()}

    def write(self, folder: Path) -> None:
        """Write it into a folder."""
        content = [account.to_dict() for account in self.items]
        (folder / self.FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


class Copy(Typed):
    """Samples that two recordings share.

    Attributes
    ----------
    recording, same_as : str
        The shorter one and the longer one; of two alike, the later name is first.
    share : float
        Of the first one's rows that stand in the other in the same order, 64 or more
        at a time, 0 to 1. Stretches without change count on neither side.
    """

    recording: StrictStr
    same_as: StrictStr
    share: Number


class DatasetFacts(Typed):
    """What a data set states of itself, and what of it was ingested.

    Attributes
    ----------
    name, source : str
        What it is called here, and by its source.
    title, licence, citation, homepage : str
        What it is and may be used for.
    placements : tuple of str
        Those that were wanted.
    rate_hz : float or None
        Declared sampling rate, Hz; None if it differs between devices.
    units : str
        Of the raw files, in words.
    faults : tuple of (str, str)
        Known faults, and what is done about each.
    classes : tuple of str
        Its own class set; empty: whatever every split has labelled windows of.
    test_subjects, validation_subjects : tuple of str
        Its canonical split; empty: chosen by digests of the ids.
    archive_url : str or None
        Where it is published.
    root : str
        Name of the folder, archive or file that was read.
    root_sha256 : str or None
        Digest of an archive or file.
    rejected_items : mapping of str to str
        Why, by item that could not be read at all.
    recordings, subjects : int
        How many there are.
    activities : tuple of str
        Those that are labelled: of the taxonomy in its order, then the data set's own.
    own_activities : mapping of str to str
        Parents of activities that the taxonomy lacks, "" for a root.
    own_words : mapping of str to tuple of str
        The words of the raw files for each activity of the data set's own, and synonyms for
        those of the taxonomy.
    single_activity : tuple of str
        Subjects with but one of them.
    copies : tuple of Copy
        Recordings that share samples.
    """

    name: StrictStr
    source: StrictStr
    title: StrictStr
    licence: StrictStr
    citation: StrictStr
    homepage: StrictStr
    placements: tuple[StrictStr, ...]
    rate_hz: Number | None
    units: StrictStr
    faults: tuple[tuple[StrictStr, StrictStr], ...]
    classes: tuple[StrictStr, ...]
    test_subjects: tuple[StrictStr, ...]
    validation_subjects: tuple[StrictStr, ...]
    archive_url: StrictStr | None
    root: StrictStr
    root_sha256: StrictStr | None
    rejected_items: Mapping[StrictStr, StrictStr] = {}
    recordings: StrictInt
    subjects: StrictInt
    activities: tuple[StrictStr, ...]
    own_activities: Mapping[StrictStr, StrictStr] = {}
    own_words: Mapping[StrictStr, tuple[StrictStr, ...]] = {}
    single_activity: tuple[StrictStr, ...]
    copies: tuple[Copy, ...]


class Datasets(TypedFile):
    """The facts of the data sets in a folder; the file holds one, or a list of several."""

    FILE: ClassVar[str] = "dataset.json"

    datasets: tuple[DatasetFacts, ...]

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, content: Any) -> Any:
        if isinstance(content, list):
            return {"datasets": content}
        one = isinstance(content, dict) and "datasets" not in content
        return {"datasets": [content]} if one else content

    @property
    def taxonomy(self) -> Taxonomy:
        """The hierarchy of their activities: the shared one, and what each of them adds."""
        return Taxonomy.joined(facts.own_activities for facts in self.datasets)

    def write(self, folder: Path) -> None:
        """Write it into a folder."""
        several = [facts.to_dict() for facts in self.datasets]
        content = several if len(several) > 1 else several[0]
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (folder / self.FILE).write_text(text + "\n", encoding="utf-8")


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total


def link(source: Path, target: Path) -> None:
    """Give a file a second name; copy it where the file system cannot."""
    try:
        os.link(source, target)
    except OSError:
        target.write_bytes(source.read_bytes())

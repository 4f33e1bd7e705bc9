"""Several placements worn at once as one recording, whose channels carry the placement's name.

Recordings of one person are on one clock if their times count from the same moment: 1970, or
the start of the same session in the same raw files. Where stretches of all placements overlap on
it, the common stretch is one recording. Every sample stays as it was measured: to each of the
first placement belongs the nearest one of every other, at most half a sampling interval away. A
gap at one placement is thus a gap of all.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import StrictInt, StrictStr

from har.data.channels import columns_of, placed
from har.data.recording import CLOCK_TICK, Recording, RecordingMeta, named
from har.lineage.typed import Typed, TypedFile

_PART = re.compile(r"(-part\d+)+$")  # of a long recording, or of one with gaps
_SHARED = ("recording_id", "subject_id", "time_s")
Key = tuple[Any, ...]


class Unfused(Typed):
    """A person's recordings that were left out.

    Attributes
    ----------
    subject : str
        Whose.
    recordings : tuple of str
        Their ids.
    because : str
        Why.
    samples : int
        In all of them.
    """

    subject: StrictStr
    recordings: tuple[StrictStr, ...]
    because: StrictStr
    samples: StrictInt

    def __str__(self) -> str:
        return f"{', '.join(self.recordings)}: {self.because}; {self.samples:,} samples left out"


class Fusion(TypedFile):
    """What became of the samples of all placements.

    ``samples_in - samples_left_out - samples_alone`` is ``samples_out`` times the number of
    placements.

    Attributes
    ----------
    placements : tuple of str
        Those that were fused, in the order of the channels.
    recordings : int
        Fused ones.
    samples_in, samples_left_out : int
        Before, and those of `left_out`.
    samples_alone : int
        Those of recordings that were fused, while another placement measured nothing.
    samples_out : int
        Of the fused recordings.
    labels_differ : int
        Of these, samples without a label because placements are labelled differently.
    left_out : tuple of Unfused
        Recordings that are part of no fused one.
    """

    FILE: ClassVar[str] = "fusion.json"

    placements: tuple[StrictStr, ...]
    recordings: StrictInt
    samples_in: StrictInt
    samples_left_out: StrictInt
    samples_alone: StrictInt
    samples_out: StrictInt
    labels_differ: StrictInt
    left_out: tuple[Unfused, ...]

    @property
    def sentence(self) -> str:
        """What was fused, and what of it was measured at some placements alone."""
        where = ", ".join(self.placements)
        told = [f"{where}: {self.samples_out:,} samples in {self.recordings:,} recordings"]
        if self.samples_alone:
            told.append(f"{self.samples_alone:,} while another placement measured nothing")
        if self.labels_differ:
            told.append(f"{self.labels_differ:,} without a label, since placements differ in it")
        return "; ".join(told)


@dataclass(frozen=True)
class Overlap:
    """A stretch that one recording of each placement has.

    Attributes
    ----------
    pieces : tuple of Recording
        One of each placement.
    starts : tuple of int
        Of each, the sample at which the stretch begins.
    n : int
        Its samples.
    """

    pieces: tuple[Recording, ...]
    starts: tuple[int, ...]
    n: int


@dataclass(frozen=True)
class Fused:
    """A fused recording, and how many of its samples are labelled differently."""

    recording: Recording
    labels_differ: int


def same_clock(meta: RecordingMeta) -> Key:
    """Return what recordings of one person and clock have in common.

    >>> meta = RecordingMeta("lab", "lab-1-wrist-day-part2", "lab-1", 50.0, "wrist", "")
    >>> same_clock(meta)
    ('lab', 'lab-1', '', 'lab-1-day', ())
    """
    # At the same time of day, two recordings of nobody in particular may be two people's.
    if meta.clock and meta.subject_id != f"{meta.dataset}-unknown":
        return meta.dataset, meta.subject_id, meta.clock
    files = tuple(sorted(meta.source.values()))
    return meta.dataset, meta.subject_id, "", session(meta), files


def session(meta: RecordingMeta) -> str:
    """Return the id of a recording without its placement and without the number of a part."""
    whole = _PART.sub("", meta.recording_id)
    subject = f"{meta.subject_id}-"
    return subject + whole.removeprefix(subject).removeprefix(f"{meta.placement}-")


def why_not(parts: Sequence[tuple[RecordingMeta, int]], placements: Sequence[str]) -> str | None:
    """Say why recordings of one clock cannot be fused; None if they can.

    Parameters
    ----------
    parts : sequence of (RecordingMeta, int)
        Each recording's origin and number of samples.
    placements : sequence of str
        What must be worn at once.
    """
    there = {meta.placement for meta, _ in parts}
    if missing := [placement for placement in placements if placement not in there]:
        return f"nothing at {', '.join(missing)} on the same clock"
    for placement in placements:
        own = sorted(
            (meta.start_s, meta.start_s + n / meta.rate_hz, meta.recording_id)
            for meta, n in parts
            if meta.placement == placement
        )
        for (_, end, one), (start, _, other) in pairwise(own):
            if start < end - CLOCK_TICK:
                return f"{one} and {other} are both at {placement} at the same time"
    return None


def fuse(pieces: Sequence[Recording], placements: Sequence[str]) -> Iterator[Fused]:
    """Yield the fused recordings of one person and clock, in the order of time.

    Parameters
    ----------
    pieces : sequence of Recording
        Clean and at one rate, alike in `same_clock`; ``start_s`` places each on it.
    placements : sequence of str
        What is worn at once, in the order of the channels.
    """
    by_place: dict[str, list[Recording]] = {name: [] for name in placements}
    for piece in sorted(pieces, key=lambda piece: piece.meta.start_s):
        by_place[piece.meta.placement].append(piece)
    found = [overlap for first in by_place[placements[0]] for overlap in _overlaps(first, by_place)]
    found.sort(key=lambda overlap: session(overlap.pieces[0].meta))  # stable: by time within it
    for _, group in groupby(found, key=lambda overlap: session(overlap.pieces[0].meta)):
        own = list(group)
        for number, overlap in enumerate(own, start=1):
            yield _fused(overlap, f"-part{number}" if len(own) > 1 else "")


def _overlaps(first: Recording, by_place: Mapping[str, Sequence[Recording]]) -> list[Overlap]:
    """Return the stretches of a recording that all other placements have too."""
    found = [Overlap((first,), (0,), len(first.table))]
    for others in list(by_place.values())[1:]:
        pairs = [_common(known, other) for known in found for other in others]
        found = [overlap for overlap in pairs if overlap]
    return found


def _common(known: Overlap, other: Recording) -> Overlap | None:
    """Return the part of a stretch in which another recording has samples too."""
    first = known.pieces[0]
    later_s = other.meta.start_s - first.meta.start_s
    # In samples of the first recording.
    shift = round(later_s * first.meta.rate_hz)
    begin = max(known.starts[0], shift)
    end = min(known.starts[0] + known.n, shift + len(other.table))
    if begin >= end:
        return None
    moved = tuple(start + begin - known.starts[0] for start in known.starts)
    return Overlap((*known.pieces, other), (*moved, begin - shift), end - begin)


def _fused(overlap: Overlap, suffix: str) -> Fused:
    """Return the recording of a stretch: every placement's channels side by side."""
    first = overlap.pieces[0].meta
    rows = [
        piece.table.iloc[start : start + overlap.n].reset_index(drop=True)
        for piece, start in zip(overlap.pieces, overlap.starts, strict=True)
    ]
    metas = [piece.meta for piece in overlap.pieces]
    own = rows[0]["time_s"].to_numpy()
    place = "+".join(meta.placement for meta in metas)
    subject = f"{first.subject_id}-"
    name = f"{subject}{place}-{session(first).removeprefix(subject)}{suffix}"
    shared = rows[0][list(_SHARED)].assign(recording_id=name, time_s=own - own[0])
    channels = [
        part[list(columns_of(part))].set_axis(
            list(placed(meta.placement, columns_of(part))), axis=1
        )
        for part, meta in zip(rows, metas, strict=True)
    ]
    activity, differ = _agreed([part["activity"] for part in rows])
    table = pd.concat([shared, *channels], axis=1).assign(activity=activity)
    meta = replace(
        first,
        recording_id=name,
        placement=place,
        start_s=first.start_s + float(own[0]),
        source={file: sha for meta in metas for file, sha in meta.source.items()},
        conversions=tuple(dict.fromkeys(note for meta in metas for note in meta.conversions)),
        device=", ".join(dict.fromkeys(meta.device for meta in metas if meta.device)),
    )
    return Fused(Recording(table, meta), differ)


def _agreed(labels: "Sequence[pd.Series[Any]]") -> "tuple[pd.Categorical, int]":
    """Return what all placements that have a label say, and how many samples they differ in."""
    names = sorted({name for column in labels for name in column.cat.categories})
    codes = np.array([column.cat.set_categories(names).cat.codes for column in labels])
    said = codes.max(axis=0)
    differ = ((codes >= 0) & (codes != said)).any(axis=0)
    known = np.array([*names, None], dtype=object)
    return named(known[np.where(differ, -1, said)]), int(differ.sum())

"""Where two builds answer labelled recordings differently, stretch by stretch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from har.data.recording import Clock
from har.monitoring.labelled import STRETCH, Answered


@dataclass(frozen=True)
class Disagreement:
    """A stretch of a recording in which two builds answer differently.

    Attributes
    ----------
    recording, subject : str
        Whose.
    clock : {"", "utc", "local"}
        What times count from.
    start_s, end_s : float
        On the clock of the recording.
    answers : tuple of (str, str)
        Of the two.
    label : str
        What the files say; empty if nothing.
    """

    recording: str
    subject: str
    clock: Clock
    start_s: float
    end_s: float
    answers: tuple[str, str]
    label: str


def disagreements(a: Sequence[Answered], b: Sequence[Answered]) -> list[Disagreement]:
    """Return where two builds answer differently, in the order of recordings and time.

    The two may cut recordings differently: what counts is time.
    """
    others = {one.name: one for one in b}
    return [
        stretch
        for one in a
        if one.name in others
        for stretch in _merged(_differing(one, others[one.name]))
    ]


def _differing(a: Answered, b: Answered) -> Iterator[Disagreement]:
    tables = (a.segments, b.segments, a.labels)
    edges = np.unique(
        np.concatenate([table[[*STRETCH[:2]]].to_numpy(float).ravel() for table in tables])
    )
    middles = (edges[:-1] + edges[1:]) / 2
    columns = zip(*(_at(middles, table) for table in tables), strict=True)
    for start, end, (one, other, label) in zip(edges[:-1], edges[1:], columns, strict=True):
        if one and other and one != other:
            yield Disagreement(
                a.name, a.subject, a.clock, float(start), float(end), (one, other), label
            )


def _at(moments: Any, table: pd.DataFrame) -> list[str]:
    """Return what a table of stretches has at some moments; empty where none of them is."""
    starts, ends = table["start_s"].to_numpy(float), table["end_s"].to_numpy(float)
    names = table["activity"].astype(str).to_numpy()
    place = np.searchsorted(starts, moments, side="right") - 1
    return [
        names[i] if i >= 0 and moment < ends[i] else ""
        for i, moment in zip(place, moments, strict=True)
    ]


def _merged(stretches: Iterator[Disagreement]) -> Iterator[Disagreement]:
    """Join stretches that follow one another and differ in nothing but time."""
    last: Disagreement | None = None
    for one in stretches:
        if last and (last.end_s, last.answers, last.label) == (one.start_s, one.answers, one.label):
            last = replace(last, end_s=one.end_s)
            continue
        if last:
            yield last
        last = one
    if last:
        yield last

"""How soon a recording that is unlike training is told, and how often wrongly.

Minutes of the test subjects' recordings are changed as wrong devices, units and placements
would change them, and judged as `har predict` judges a recording. The reference is fitted on
training and validation subjects, and its limits come from each of them judged by others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.benchmarks.page import made_by, table
from har.config import WindowGrid
from har.data.assignment import Assignment
from har.data.channels import ACCELERATION, NAMES, channels_of, has_gyro, sensors_of
from har.data.clean import clean
from har.data.gravity import STANDARD_GRAVITY
from har.data.ingest import dataset
from har.data.recording import ACC, CHANNELS, GYRO, Recording, read_recordings
from har.data.windows import Windows, cut
from har.errors import DataError, UsageError
from har.models.causes import about
from har.models.reference import Reference
from har.models.reference_limits import STRETCHES_S, stretch
from har.serving.unlike import Judge, Likeness
from har.steps.run import Run

MINUTE_S = 60.0
MAX_GAP_S = 0.2  # of other data sets, whose sensors deliver in bursts
OWN = "nothing: their own recordings"
GYRO_UNIT = "angular velocity in deg/s"
Change = Callable[[Recording], Recording]


@dataclass(frozen=True)
class Told:
    """What was told of minutes with one fault.

    Attributes
    ----------
    fault : str
        What was wrong with them.
    minutes : int
        How many were judged.
    told, told_30s, told_10s : float
        Share of them with a warning, and of their first 30 s and 10 s.
    withheld : float
        Share of them whose answers are not given.
    said : str
        The commonest beginning of a warning.
    """

    fault: str
    minutes: int
    told: float
    withheld: float
    said: str
    told_30s: float = 0.0
    told_10s: float = 0.0


def run(base: Run, others: Sequence[str]) -> dict[str, list[Told]]:
    """Judge minutes of test subjects with every fault, by the sensors that a model reads.

    Parameters
    ----------
    base : Run
        Whose windows and recordings are read.
    others : sequence of str
        Ingested data sets; each of their placements is judged as a device worn elsewhere.
    """
    if base.recipe.data.fuse:
        raise UsageError(
            "recordings of several placements are not judged",
            expected="windows of one placement",
            found=f"data.fuse {', '.join(base.recipe.data.fuse)}",
            hint="leave data.fuse out",
        )
    if base.recipe.window.upright:
        raise UsageError(
            "minutes of recordings are not turned upright",
            expected="windows as they are worn",
            found=f"window.upright is {base.recipe.window.upright}",
            hint="leave window.upright out",
        )
    windows = Windows.load(base["windows"].path)
    test = set(Assignment.read(base["split"].path).by_split["test"])
    recordings = [r for r in read_recordings(base["clean"].path) if r.meta.subject_id in test]
    found = {}
    for sensors in dict.fromkeys((sensors_of(windows.channels), ACCELERATION)):
        chosen = _with_channels(windows, channels_of(sensors))
        grid = base.recipe.window.grid
        reference = Reference.fit(chosen, grid)
        if reference is None:
            raise DataError("too few windows for a reference", hint="ingest more recordings")
        judge = Minutes(reference, grid, chosen.channels)
        faults = FAULTS if has_gyro(chosen.channels) else FAULTS_OF_ACCELERATION
        told = [judge.of(name, map(change, recordings)) for name, change in faults.items()]
        told += [judge.of(*worn) for name in others for worn in _worn(base, name)]
        found[NAMES[sensors]] = told
    return found


def lines(
    found: Mapping[str, Sequence[Told]], datasets: Sequence[str], others: Sequence[str]
) -> list[str]:
    """Return the page."""
    names = ", ".join(datasets)
    page = [
        "# Unlike training",
        "",
        "A recording of another device, sign, unit, rate or placement than the model was trained "
        "on is told by one warning. Its answers are withheld where a unit or sign is wrong, or "
        "where it is unlike training by far. Here minutes of the test subjects of "
        f"{names} are changed as such devices would change them, and judged one by one as `har "
        "predict` judges a recording of a minute, and its first 30 s and 10 s.",
        "",
        "The reference is fitted on training and validation subjects. Its limits are from the "
        "same people, each judged by a mixture of others (cross-fitting). How the limits are "
        "computed was chosen on those people, too: one stretch of a minute in 500 held-out ones "
        "may lie above a limit, and one in 200 of the shorter ones. The number of components of "
        "the mixture, and by how much a cause must exceed its limit for answers to be withheld, "
        "were chosen after looks at minutes of test subjects.",
        "",
        *made_by((0,)),
    ]
    columns = [
        *("what is wrong", "minutes", "told in 60 s", "in 30 s", "in 10 s"),
        *("answers withheld", "said most often"),
    ]
    for sensors, rows in found.items():
        page += [f"## {sensors[0].upper()}{sensors[1:]}", ""]
        cells = [
            (
                *(r.fault, r.minutes, f"{r.told:.1%}", f"{r.told_30s:.1%}", f"{r.told_10s:.1%}"),
                *(f"{r.withheld:.1%}", r.said or "—"),
            )
            for r in rows
        ]
        page += table(columns, cells)
    return [*page, *_notes(found, others)]


def _notes(found: Mapping[str, Sequence[Told]], others: Sequence[str]) -> list[str]:
    where = f" Other placements are those of {', '.join(others)}." if others else ""
    return [
        f"The first row is false alarms.{_bound(found)}",
        "",
        f"Axes are the data set's: in HAPT, x points up while a person stands.{where}",
        "",
        "A minute is told where its windows are too surprising for a mixture of known windows, or "
        "where undoing a known cause (a unit, the sign, a turn by right angles or by 45° about an "
        "axis) makes them less surprising by more than it does for the people of training. A "
        "cause counts only where that finds at least 80 % of held-out stretches that have it.",
        "",
        "A wrong sign is named only where turning it makes the recording like training, and "
        "clearly so or more so than any turn of the device. A device worn upside down may be "
        "taken for it.",
        "",
        "What is not found, and why: a turn about the vertical moves gravity nowhere, so only the "
        "spread of the two other axes can tell it. A turn by 45° is missed where it takes a "
        "device that leans one way to where others lean the other way. A stretch of 10 s often "
        "holds one posture, in which somebody wears the device so. A recorder that fills up "
        "25 Hz to 50 Hz itself states no rate that could be told.",
    ]


@dataclass(frozen=True)
class Minutes:
    """Judges minutes of recordings.

    Attributes
    ----------
    reference : Reference
        What they are held against.
    grid : WindowGrid
        How windows are cut.
    channels : tuple of str
        What they are cut from.
    """

    reference: Reference
    grid: WindowGrid
    channels: tuple[str, ...]

    def of(self, fault: str, recordings: Iterator[Recording]) -> Told:
        """Return what is told of the whole minutes of recordings with one fault."""
        found = [self._judged(*minute) for r in recordings for minute in _minutes(r, self.grid)]
        verdicts, *sooner = zip(*found, strict=True) if found else ((), (), ())
        said = [v.warnings[0].what.split(":")[0] for v in verdicts if v.warnings]
        told_30s, told_10s = (
            float(np.mean([bool(v.warnings) for v in part])) if part else 0.0 for part in sooner
        )
        return Told(
            fault=fault,
            minutes=len(verdicts),
            told=len(said) / max(len(verdicts), 1),
            withheld=float(np.mean([v.is_withheld for v in verdicts])) if verdicts else 0.0,
            said=str(pd.Series(said).mode()[0]) if said else "",
            told_30s=told_30s,
            told_10s=told_10s,
        )

    def _judged(self, minute: Recording, measured_hz: float) -> list[Likeness]:
        """Return what is told of a minute, of its first 30 s and of its first 10 s."""
        X, _ = cut(minute, self.grid, channels=self.channels)
        # Where the device was worn is kept from the judge, which a file seldom states.
        meta = replace(minute.meta, placement="unknown", rate_hz=measured_hz)
        found = []
        for seconds in STRETCHES_S:
            judge = Judge(self.reference, self.grid)
            part = X[: stretch(seconds, self.grid)]
            judge.add(part, np.zeros(len(part), bool))
            found.append(judge.verdict(meta))
        return found


def _minutes(recording: Recording, grid: WindowGrid) -> Iterator[tuple[Recording, float]]:
    """Yield the whole minutes of a recording at the grid's rate, and the recording's own rate."""
    parts, _ = clean(recording, max_gap_s=MAX_GAP_S, rate_hz=grid.rate_hz)
    size = round(MINUTE_S * grid.rate_hz)
    for part in parts:
        for start in range(0, len(part.table) - size + 1, size):
            rows = part.table.iloc[start : start + size].reset_index(drop=True)
            yield replace(part, table=rows), recording.meta.rate_hz


def _bound(found: Mapping[str, Sequence[Told]]) -> str:
    """Say how many false alarms there may be where none was seen.

    The rule of three is of Hanley and Lippman-Hand, JAMA 249 (1983).
    """
    own = [told for rows in found.values() for told in rows if told.fault == OWN]
    if any(told.told for told in own):
        return ""
    minutes = min(told.minutes for told in own)
    return (
        f" None in {minutes} minutes bounds them at {3 / minutes:.1%} (rule of three) if the "
        "minutes were independent, which those of one person are not."
    )


def _with_channels(windows: Windows, channels: tuple[str, ...]) -> Windows:
    columns = [windows.channels.index(channel) for channel in channels]
    choice = windows.choice.model_copy(update={"channels": channels})
    return replace(windows, X=windows.X[:, :, columns], choice=choice)


def _worn(base: Run, name: str) -> Iterator[tuple[str, Iterator[Recording]]]:
    """Yield each placement of a data set, with a recording for every person."""
    by_place: dict[str, dict[str, list[Recording]]] = {}
    for recording in read_recordings(dataset.find(base.store, name).path):
        people = by_place.setdefault(recording.meta.placement, {})
        people.setdefault(recording.meta.subject_id, []).append(recording)
    for place, people in by_place.items():
        rate_hz = base.recipe.window.rate_hz
        yield f"worn at the {place} ({name})", (_joined(all_, rate_hz) for all_ in people.values())


def _joined(recordings: Sequence[Recording], rate_hz: float) -> Recording:
    """Return the short recordings of a person one after another, as one of a minute or more."""
    parts = [p for r in recordings for p in clean(r, max_gap_s=MAX_GAP_S, rate_hz=rate_hz)[0]]
    rows = pd.concat([part.table for part in parts], ignore_index=True)
    rows["time_s"] = np.arange(len(rows)) / rate_hz
    return Recording(rows, replace(parts[0].meta, rate_hz=rate_hz))


def _changed(acc: Float64, gyro: Float64) -> Change:
    """Return what multiplies the vectors of both sensors by matrices."""

    def change(recording: Recording) -> Recording:
        values: dict[str, Any] = {}
        for axes, matrix in ((ACC, acc), (GYRO, gyro)):
            turned = recording.table[list(axes)].to_numpy("float64") @ matrix.T
            values |= {name: turned[:, i].astype(np.float32) for i, name in enumerate(axes)}
        return replace(recording, table=recording.table.assign(**values))

    return change


def _turned(axis: int, degrees: float) -> Change:
    matrix = about(axis, degrees)
    return _changed(matrix, matrix)


def _slowed(recording: Recording) -> Recording:
    """Return every second sample."""
    table, rate_hz = recording.table[::2].reset_index(drop=True), recording.meta.rate_hz / 2
    return Recording(table, replace(recording.meta, rate_hz=rate_hz))


def _filled_up(recording: Recording) -> Recording:
    """Return every second sample, and between them their mean, as if at the full rate."""
    table = recording.table.copy()
    for channel in CHANNELS:
        values = table[channel].to_numpy().copy()
        values[1:-1:2] = (values[:-2:2] + values[2::2]) / 2
        table[channel] = values
    return replace(recording, table=table)


_ONE = np.eye(3)
FAULTS: dict[str, Change] = {
    OWN: lambda recording: recording,
    "the sign of acceleration": _changed(-_ONE, _ONE),
    "acceleration in g": _changed(_ONE / STANDARD_GRAVITY, _ONE),
    GYRO_UNIT: _changed(_ONE, _ONE * 180 / np.pi),
    **{
        f"turned by {degrees}° about {name}": _turned(axis, degrees)
        for degrees in (180, 45, -45)
        for axis, name in enumerate("xyz")
    },
    "recorded at 25 Hz": _slowed,
    "recorded at 25 Hz, filled up to 50 Hz": _filled_up,
}
FAULTS_OF_ACCELERATION = {name: change for name, change in FAULTS.items() if name != GYRO_UNIT}

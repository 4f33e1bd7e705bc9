"""Sensor Logger's JSON: an array of samples as exported, or messages as pushed over HTTP."""

import json
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data.ingest.budget import beyond
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.parts.clocks import epoch
from har.data.recorders.parts.heads import Head
from har.data.recorders.parts.objects import elements

SET_ASIDE = 10_000  # samples whose texts memory holds
_AXES = ("x", "y", "z")
WATCH = "wristmotion"
_OF_WATCH = {
    **{f"acc_{axis}": f"acceleration{axis.upper()}" for axis in _AXES},
    **{f"gravity_acc_{axis}": f"gravity{axis.upper()}" for axis in _AXES},
    **{f"gyro_{axis}": f"rotationRate{axis.upper()}" for axis in _AXES},
}


# Of a sound sample of three axes: its place in the file, and these.
_SOUND = ("time", *_AXES)
_WIDTH = 1 + len(_SOUND)
# What any other sample takes in memory, in sound ones.
_WEIGHT = 8
# What no sensor of motion is called.
_TOLD = ("metadata", "annotation")


@dataclass
class Samples:
    """One sensor's samples, each with its place in the file.

    Attributes
    ----------
    sound : array of float
        Of those with a time and three axes: place, time, x, y, z, one behind the other.
    others : list of (int, dict)
        All others, as they came.
    """

    sound: "array[float]" = field(default_factory=lambda: array("d"))
    others: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sound) // _WIDTH + len(self.others)

    def extend(self, more: "Samples", base: int) -> None:
        """Add samples whose places are counted from a base."""
        rows = np.frombuffer(more.sound).reshape(-1, _WIDTH).copy()
        rows[:, 0] += base
        self.sound.frombytes(rows.tobytes())
        self.others += [(base + place, sample) for place, sample in more.others]

    def table(self, keys: Sequence[str]) -> Float64:
        """Return place and values by key, one row per sample; NaN for what is no number."""
        sound = np.frombuffer(self.sound).reshape(-1, _WIDTH)
        others = [
            [place, *(_number(sample.get(key)) for key in keys)] for place, sample in self.others
        ]
        if not others:
            return sound
        rows = np.array(others)
        if len(sound):
            rows = np.concatenate([sound, rows])
        return rows[np.argsort(rows[:, 0], kind="stable")]


@dataclass
class Messages:
    """One recording's samples by sensor, and what its messages tell."""

    samples: dict[str, Samples] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    annotations: list[tuple[float, str]] = field(default_factory=list)


@dataclass
class _Payload:
    """The samples of a message, or of many that are one each.

    Attributes
    ----------
    n, weight : int
        How many there are, and what they take in memory, in sound ones.
    samples : dict of str to Samples
        By sensor.
    told : list of (str, dict)
        Metadata and annotations.
    """

    n: int = 0
    weight: int = 0
    samples: dict[str, Samples] = field(default_factory=dict)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, sample: Any) -> None:
        """Add the next one."""
        if not isinstance(sample, dict):
            sample = {"sensor": "accelerometer", "bad": sample}  # set aside with the reason
        values = sample.get("values")
        flat = {**sample, **values} if isinstance(values, dict) else sample
        sensor = str(flat.get("sensor") or flat.get("name") or "").lower().replace(" ", "")
        self.n += 1
        if sensor in _TOLD:
            self.told.append((sensor, flat))
        else:
            own = self.samples.setdefault(sensor, Samples())
            numbers = [_number(flat.get(key)) for key in _SOUND]
            if sensor != WATCH and not any(map(math.isnan, numbers)):
                own.sound.extend((self.n, *numbers))
                self.weight += 1
                return
            own.others.append((self.n, flat))
        self.weight += _WEIGHT


def recognises(head: Head) -> bool:
    """Tell whether a file begins as Sensor Logger's JSON."""
    data = head.data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:1] not in {b"[", b"{"}:
        return False
    return (b'"seconds_elapsed"' in data and b'"sensor"' in data) or (
        b'"messageId"' in data and b'"payload"' in data
    )


def read(files: RawFiles, name: str) -> dict[str, Messages]:
    """Return the recordings of a file by session; messages in the order of their numbers.

    Raises
    ------
    DataError
        If it is no JSON, or ends within an element.
    LimitError
        If it has more samples than ``limits.samples``.
    """
    most = files.limits.samples

    def check(weight: int) -> None:
        if weight > most:
            raise beyond(f"{name}: too many samples", "samples", expected=f"at most {most:,}")

    return of_elements(elements(files, name), check)


def of_elements(
    parsed: Iterable[Any], check: Callable[[int], None] = lambda _: None
) -> dict[str, Messages]:
    """Return the recordings of messages or samples by session; see `read`.

    Parameters
    ----------
    parsed : iterable
        What JSON holds: one message, or several in any order.
    check : callable, optional
        Told again and again how many samples there are; it may raise.
    """
    alone = _Payload()
    pushed: list[tuple[str, float, _Payload]] = [("", -np.inf, alone)]
    weight = 0
    for element in parsed:
        if isinstance(element, dict) and isinstance(element.get("payload"), list):
            number = element.get("messageId")
            order = float(number) if isinstance(number, int | float) else np.inf
            payload = _Payload()
            for sample in element["payload"]:
                payload.add(sample)
                check(weight + payload.weight)
            pushed.append((str(element.get("sessionId", "")), order, payload))
            weight += payload.weight + _WEIGHT
        else:
            before = alone.weight
            alone.add(element)
            weight += alone.weight - before
        check(weight)
    return _in_order(payload for payload in pushed if payload[2].n or payload[2] is not alone)


def _in_order(pushed: Iterable[tuple[str, float, _Payload]]) -> dict[str, Messages]:
    """Return the recordings of payloads with their session and number."""
    found: dict[str, Messages] = {}
    place = 0
    for session, _, payload in sorted(pushed, key=lambda message: message[:2]):
        into = found.setdefault(session, Messages())
        for sensor, samples in payload.samples.items():
            into.samples.setdefault(sensor, Samples()).extend(samples, place)
        for kind, told in payload.told:
            _learn(into, kind, told)
        place += payload.n
    return found


def _learn(into: Messages, kind: str, told: dict[str, Any]) -> None:
    if kind == "metadata":
        into.metadata |= {key: str(value) for key, value in told.items()}
        return
    text, time = str(told.get("text", "")).strip(), _number(told.get("time"))
    if text and np.isfinite(time):
        into.annotations.append((float(epoch([time])[0]), text))


def rows(
    files: RawFiles, ledger: Ledger, *, name: str, samples: Samples, sensor: str
) -> Iterator[pd.DataFrame]:
    """Yield the samples of a sensor as one table; those that lack a number are set aside."""
    del files  # the samples are in memory
    columns = _columns(sensor)
    ledger.read(len(samples))
    values = samples.table(tuple(columns.values()))
    table = pd.DataFrame(values[:, 1:], columns=[*columns])
    table["line"] = values[:, 0].astype(np.int64)
    table["repaired"] = False
    table["file"] = pd.Categorical.from_codes(np.zeros(len(table), np.int8), pd.Index([name]))
    bad = table[[*columns]].isna().any(axis=1).to_numpy()
    places, other = np.flatnonzero(bad), dict(samples.others)
    for first in range(0, len(places), SET_ASIDE):
        lines = table["line"].iloc[places[first : first + SET_ASIDE]].tolist()
        content = [json.dumps(other[line], default=str)[:1000] for line in lines]
        ledger.set_aside(name, lines, content, "no number where one belongs")
    good = table[~bad].reset_index(drop=True)
    yield good.assign(time_s=epoch(good.pop("time")))


def columns_of(samples: Samples, sensor: str) -> dict[str, Float64]:
    """Return ``time`` as it was sent, and the axes of a sensor; NaN for what is no number.

    Numbers may be texts.
    """
    columns = _columns(sensor)
    values = samples.table(tuple(columns.values()))
    return {column: values[:, 1 + i] for i, column in enumerate(columns)}


def _columns(sensor: str) -> dict[str, str]:
    """Return the names of a sensor's values by those of its columns."""
    what = quantity(sensor)
    keys = _OF_WATCH if sensor == WATCH else {f"{what}_{axis}": axis for axis in _AXES}
    return {"time": "time", **keys}


def quantity(sensor: str) -> str:
    """Return what the axes of a sensor are of.

    >>> quantity("gyroscopeuncalibrated"), quantity("magnetometer"), quantity("gravity")
    ('gyro', 'mag', 'acc')
    """
    return next((what for what in ("gyro", "mag") if sensor.startswith(what)), "acc")


def _number(value: Any) -> float:
    """Return a number, which may be a text; NaN for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return float("nan")
    try:
        return float(value)
    except (ValueError, OverflowError):
        return float("nan")

"""Sensor Logger's JSON: an array of samples as exported, or messages as pushed over HTTP."""

import json
import math
from collections.abc import Iterable, Iterator
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
_OF_WATCH = {
    **{f"acc_{axis}": f"acceleration{axis.upper()}" for axis in _AXES},
    **{f"gravity_acc_{axis}": f"gravity{axis.upper()}" for axis in _AXES},
    **{f"gyro_{axis}": f"rotationRate{axis.upper()}" for axis in _AXES},
}


_NUMBERS = frozenset(("time", *_AXES, *_OF_WATCH.values()))


@dataclass
class Messages:
    """One recording's samples by sensor, each with its place in the file, and what they tell."""

    samples: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    annotations: list[tuple[float, str]] = field(default_factory=list)


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
    """
    return of_elements(_counted(files, name))


def _counted(files: RawFiles, name: str) -> Iterator[Any]:
    """Yield the elements of a file, as long as memory holds their samples."""
    n_samples = 0
    for element in elements(files, name):
        payload = element.get("payload") if isinstance(element, dict) else None
        n_samples += len(payload) if isinstance(payload, list) else 1
        if n_samples > (most := files.limits.samples):
            raise beyond(f"{name}: too many samples", "samples", expected=f"at most {most:,}")
        yield element


def of_elements(parsed: Iterable[Any]) -> dict[str, Messages]:
    """Return the recordings of messages or samples by session; see `read`.

    Parameters
    ----------
    parsed : iterable
        What JSON holds: one message, or several in any order.
    """
    found: dict[str, Messages] = {}
    pushed: list[tuple[str, float, list[Any]]] = []
    for element in parsed:
        if isinstance(element, dict) and isinstance(element.get("payload"), list):
            number = element.get("messageId")
            order = float(number) if isinstance(number, int | float) else np.inf
            payload = [_slim(sample) for sample in element["payload"]]
            pushed.append((str(element.get("sessionId", "")), order, payload))
        else:
            pushed.append(("", -np.inf, [_slim(element)]))
    number = 0
    for session, _, payload in sorted(pushed, key=lambda message: message[:2]):
        into = found.setdefault(session, Messages())
        for sample in payload:
            number += 1
            _add(into, number, sample)
    return found


def _slim(sample: Any) -> Any:
    """Return a sound sample of motion without what is not read, its texts as numbers.

    In half the memory; any other sample is returned as it is.
    """
    if not isinstance(sample, dict):
        return sample
    values = sample.get("values")
    flat = {**sample, **values} if isinstance(values, dict) else sample
    numbers = {key: _number(value) for key, value in flat.items() if key in _NUMBERS}
    if len(numbers) <= len(_AXES) or any(map(math.isnan, numbers.values())):
        return sample
    return {**numbers, **{key: flat[key] for key in ("sensor", "name") if key in flat}}


def _add(into: Messages, number: int, sample: Any) -> None:
    if not isinstance(sample, dict):
        sample = {"sensor": "accelerometer", "bad": sample}  # set aside with the reason
    values = sample.get("values")
    flat = {**sample, **values} if isinstance(values, dict) else sample
    sensor = str(flat.get("sensor") or flat.get("name") or "").lower().replace(" ", "")
    if sensor == "metadata":
        into.metadata |= {key: str(value) for key, value in flat.items()}
    elif sensor == "annotation":
        text, time = str(flat.get("text", "")).strip(), _number(flat.get("time"))
        if text and np.isfinite(time):
            into.annotations.append((float(epoch([time])[0]), text))
    else:
        into.samples.setdefault(sensor, []).append((number, flat))


def rows(
    files: RawFiles,
    ledger: Ledger,
    *,
    name: str,
    samples: list[tuple[int, dict[str, Any]]],
    sensor: str,
) -> Iterator[pd.DataFrame]:
    """Yield the samples of a sensor as one table; those that lack a number are set aside."""
    del files  # the samples are in memory
    columns = columns_of(samples, sensor)
    ledger.read(len(samples))
    table = pd.DataFrame(columns)
    table["line"] = [number for number, _ in samples]
    table["repaired"] = False
    table["file"] = pd.Categorical.from_codes(np.zeros(len(table), np.int8), pd.Index([name]))
    bad = table[list(columns)].isna().any(axis=1).to_numpy()
    places = np.flatnonzero(bad)
    for first in range(0, len(places), SET_ASIDE):
        some = places[first : first + SET_ASIDE]
        content = [json.dumps(samples[i][1], default=str)[:1000] for i in some]
        ledger.set_aside(
            name, table["line"].iloc[some].tolist(), content, "no number where one belongs"
        )
    good = table[~bad].reset_index(drop=True)
    yield good.assign(time_s=epoch(good.pop("time")))


def columns_of(samples: list[tuple[int, dict[str, Any]]], sensor: str) -> dict[str, Float64]:
    """Return ``time`` as it was sent, and the axes of a sensor; NaN for what is no number.

    Numbers may be texts.
    """
    what = quantity(sensor)
    keys = _OF_WATCH if sensor == "wristmotion" else {f"{what}_{axis}": axis for axis in _AXES}
    columns = {"time": "time", **keys}
    return {c: np.array([_number(s.get(k)) for _, s in samples]) for c, k in columns.items()}


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

"""Sensor Logger: a folder or zip with a CSV a sensor, or JSON of all, exported or pushed.

``Accelerometer`` is without gravity on every platform; ``TotalAcceleration``, Android's alone,
holds it, and elsewhere ``Gravity`` is added. iPhones and Apple watches have Apple's sign, unless
``standardisation`` is on. Each sensor has its own clock; columns run z, y, x. An annotation labels
what follows it, until the next.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from har.data import gravity
from har.data.gravity import STANDARD_GRAVITY
from har.data.ingest.files import RawFiles, reading
from har.data.ingest.harmonise import whole
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Reader, Recorder, Stated
from har.data.recorders.parts import messages, sheets
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.clocks import epoch
from har.data.recorders.parts.groups import beside, folder, items, recording_name, stem
from har.data.recorders.parts.heads import SIZE, Head, head
from har.data.recorders.parts.messages import WATCH, quantity
from har.data.recorders.parts.peek import Peek
from har.data.recorders.parts.values import with_gravity
from har.data.recording import ACC
from har.data.sources.base import Item
from har.errors import DataError

TOTAL, LINEAR, GRAVITY, RAW = (
    *("totalacceleration", "accelerometer", "gravity", "accelerometeruncalibrated"),
)
GYROS = ("gyroscope", "gyroscopeuncalibrated")
MAGNETOMETER = "magnetometer"  # in µT; the uncalibrated one reads the device's own field too
MOTION = {TOTAL, LINEAR, GRAVITY, RAW, *GYROS, MAGNETOMETER, WATCH}
# As files are called; the app may add more.
_SENSOR = re.compile(
    r"(TotalAcceleration|Accelerometer(Uncalibrated)?|Gravity|Gyroscope(Uncalibrated)?|WristMotion|"
    r"Magnetometer(Uncalibrated)?|Orientation|Barometer|Location\w*|Pedometer|Microphone|Light|"
    r"Battery\w*|Network|Compass|Brightness|HeartRate|Headphone|Watch\w+|Activity|WiFi|"
    r"Bluetooth\w*|Metadata|Annotation)$"
)
_HEADER = re.compile(r"(time,seconds_elapsed|seconds_elapsed,time)\b")
_METADATA = re.compile(r"version,device name,|.*\brecording epoch time,.*\bplatform\b")
_SIGNS = ("+", "-")


@dataclass(frozen=True)
class _Session:
    """What one recording holds: sensors by name, metadata, and annotations with their times."""

    sensors: dict[str, Reader]
    metadata: dict[str, str] = field(default_factory=dict)
    annotations: tuple[tuple[float, str], ...] = ()

    def __contains__(self, sensor: str) -> bool:
        return sensor in self.sensors

    @property
    def platform(self) -> str:
        """``android``, ``ios`` or nothing."""
        return self.metadata.get("platform", "").strip().lower()

    @property
    def standardised(self) -> bool:
        """Whether values of Apple's devices were turned and scaled as Android's."""
        return self.metadata.get("standardisation", "").strip().lower() == "true"


def _recognises(head: Head) -> bool:
    if _HEADER.match(head.first) or _METADATA.match(head.first):
        return True
    return messages.recognises(head)


def _items(files: RawFiles, names: Sequence[str]) -> list[Item]:
    """Return an item for each JSON, and for the CSV of one folder that are named alike."""
    groups: dict[str, list[str]] = {}
    for name in names:
        path = name if _is_json(files, name) else beside(name, _SENSOR)
        groups.setdefault(path, []).append(name)
    for path, group in groups.items():
        shared = f"{folder(group[0])}/Metadata.csv".lstrip("/")
        if shared in names and shared not in group and path != group[0]:
            group.append(shared)
    alone = [path for path, group in groups.items() if all("Metadata" in stem(n) for n in group)]
    for path in alone:
        if len(groups) > len(alone):  # the others of its folder have it
            del groups[path]
    return items(files, groups)


def _is_json(files: RawFiles, name: str) -> bool:
    return messages.recognises(head(files, name, SIZE))


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    json = _is_json(files, item.files[0])
    sessions = _pushed(files, item.files[0]) if json else {"": _exported(files, item)}
    captures = []
    for key, session in sessions.items():
        name = "-".join(filter(None, [recording_name(item), key]))
        phone, watch = _phone(session, name, files, ask), _watch(session, name, files, ask)
        if phone and watch:
            watch = replace(watch, name=f"{name}-watch")
        captures += [capture for capture in (phone, watch) if capture]
    if not captures:
        held = ", ".join(
            sorted(sensor for session in sessions.values() for sensor in session.sensors)
        )
        raise DataError(
            f"{item.name}: no acceleration",
            expected="TotalAcceleration.csv, Accelerometer.csv or WristMotion.csv, by these names",
            found=held or ", ".join(item.files),
        )
    return plan(files, ask, *captures)


# --- what is there ---------------------------------------------------------------------------


def _exported(files: RawFiles, item: Item) -> _Session:
    """Return the sensors of a folder."""
    sensors: dict[str, Reader] = {}
    metadata: dict[str, str] = {}
    notes: tuple[tuple[float, str], ...] = ()
    for name in item.files:
        match = _SENSOR.search(stem(name))
        sensor = match[1].lower() if match else ""
        if sensor == "metadata":
            metadata = dict(next(csv.DictReader(head(files, name).lines), {}))
        elif sensor == "annotation":
            notes = _annotations(files, name)
        elif columns := _columns(sheets.sheet(head(files, name)), sensor):
            sheet = sheets.sheet(head(files, name))
            sensors[sensor] = partial(_rows, sheet=sheet, columns=columns)
    return _Session(sensors, metadata, notes)


def _columns(sheet: sheets.Sheet, sensor: str) -> dict[str, int]:
    """Return the columns of a sensor of motion; none for any other."""
    time = sheet.column("time")
    if sensor == WATCH:
        named = {"acc": "acceleration{}", "gravity_acc": "gravity{}", "gyro": "rotationRate{}"}
    else:
        named = {quantity(sensor): "{}"}
    if sensor not in MOTION or time is None:
        return {}
    axes = {what: sheet.axes(what, pattern) for what, pattern in named.items()}
    if any(found is None for what, found in axes.items() if what != "gravity_acc"):
        return {}
    return {"time": time} | {
        name: i for found in axes.values() if found for name, i in found.items()
    }


def _rows(
    files: RawFiles, ledger: Ledger, *, sheet: sheets.Sheet, columns: dict[str, int]
) -> Iterator[pd.DataFrame]:
    for block in sheets.blocks(files, ledger, sheet, columns):
        yield block.assign(time_s=epoch(block.pop("time")))


def _annotations(files: RawFiles, name: str) -> tuple[tuple[float, str], ...]:
    with reading(name), files.open(name) as file:
        lines = file.read(2**20).decode("utf-8-sig", errors="replace").splitlines()
    rows = [row for row in csv.DictReader(lines) if (row.get("text") or "").strip()]
    return tuple(
        sorted(
            (float(epoch([float(row["time"])])[0]), row["text"].strip())
            for row in rows
            if re.fullmatch(r"\d+", row.get("time") or "")
        )
    )


def _pushed(files: RawFiles, name: str) -> dict[str, _Session]:
    """Return the recordings of a JSON; several if it has the messages of several."""
    sessions = messages.read(files, name)
    return {
        key if len(sessions) > 1 else "": _Session(
            {
                sensor: partial(messages.rows, name=name, samples=samples, sensor=sensor)
                for sensor, samples in session.samples.items()
                if sensor in MOTION
            },
            session.metadata,
            tuple(sorted(session.annotations)),
        )
        for key, session in sessions.items()
    }


# --- what it is ------------------------------------------------------------------------------


def _phone(session: _Session, name: str, files: RawFiles, ask: Asking) -> Capture | None:
    """Return the phone's recording, or none."""
    unit, merged = "m/s2", False
    if TOTAL in session:
        acc = session.sensors[TOTAL]
    elif LINEAR in session and GRAVITY in session:
        acc, merged = partial(_sum, session.sensors[LINEAR], session.sensors[GRAVITY]), True
    elif RAW in session:
        acc = session.sensors[RAW]
        unit = _unit(acc, files)
    elif LINEAR in session:
        acc = session.sensors[LINEAR]
    else:
        return None
    gyro = next((session.sensors[sensor] for sensor in GYROS if sensor in session), None)
    linear = not merged and acc is session.sensors.get(LINEAR)
    facts = {"gravity": "missing: it is in TotalAcceleration.csv or Gravity.csv"} if linear else {}
    return Capture(
        name,
        tuple(partial(_labelled, reader, session.annotations) for reader in (acc, gyro) if reader),
        acc_unit=unit,
        gyro_unit="rad/s" if gyro else "",
        field=session.sensors.get(MAGNETOMETER),
        gravity=not linear,
        sign=_sign(session, unit, ask),
        clock="utc",
        device=session.metadata.get("device name", ""),
        app=session.metadata.get("appVersion", ""),
        conversions=("acceleration = Accelerometer + Gravity",) if merged else (),
        facts=facts | _labels(session),
    )


def _sign(session: _Session, unit: str, ask: Asking) -> str:
    """Return the sign of a phone's acceleration."""
    if session.platform == "android" or session.standardised:
        return "+"
    if session.platform or unit == "g":  # in g it is on iPhones alone, and not standardised
        return "-"
    if TOTAL in session:  # iPhones do not write it
        return "+"
    return ask(
        "acc_sign",
        "no Metadata.csv tells whether it is from Android (+) or an iPhone (-), whose "
        "acceleration has the opposite sign",
        _SIGNS,
    )


def _watch(session: _Session, name: str, files: RawFiles, ask: Asking) -> Capture | None:
    """Return the Apple watch's recording, or none."""
    if WATCH not in session:
        return None
    reader = session.sensors[WATCH]
    block = _first(reader, files)
    with_parts = {f"gravity_{axis}" for axis in ACC} <= set(block)
    standardised = session.standardised
    if not session.metadata and with_parts:  # gravity's own size tells
        standardised = _size(block, [f"gravity_{axis}" for axis in ACC]) > np.sqrt(STANDARD_GRAVITY)
    elif not session.metadata:
        ask("acc_sign", "neither Metadata.csv nor gravity tells which it is", _SIGNS)
    return Capture(
        name,
        (partial(_labelled, partial(_with_parts, reader), session.annotations),),
        acc_unit="m/s2" if standardised else "g",
        gyro_unit="rad/s",
        gravity=with_parts,
        sign="+" if standardised else "-",
        clock="utc",
        placement="wrist",
        device="Apple Watch",
        app=session.metadata.get("appVersion", ""),
        conversions=("acceleration = gravity + user acceleration",) if with_parts else (),
        facts=_labels(session),
    )


def _labels(session: _Session) -> dict[str, str]:
    words = list(dict.fromkeys(text for _, text in session.annotations))
    return {"labels": f"{', '.join(words)} (from each annotation to the next)"} if words else {}


def _first(reader: Reader, files: RawFiles) -> pd.DataFrame:
    return next(iter(reader(Peek(files), Ledger())))


def _size(block: pd.DataFrame, columns: Sequence[str]) -> float:
    return gravity.level(block["time_s"], block[list(columns)])


def _unit(reader: Reader, files: RawFiles) -> str:
    """Return the unit of uncalibrated acceleration, which holds gravity: g or m/s²."""
    return "g" if _size(_first(reader, files), ACC) < np.sqrt(STANDARD_GRAVITY) else "m/s2"


# --- what is computed ------------------------------------------------------------------------


def _sum(
    linear: Reader, gravity: Reader, files: RawFiles, ledger: Ledger
) -> Iterator[pd.DataFrame]:
    yield with_gravity(whole(linear(files, ledger)), whole(gravity(files, ledger)), ledger)


def _with_parts(reader: Reader, files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
    for block in reader(files, ledger):
        for axis in ACC:
            if f"gravity_{axis}" in block:
                block[axis] += block.pop(f"gravity_{axis}")
        yield block


def _labelled(
    reader: Reader, notes: tuple[tuple[float, str], ...], files: RawFiles, ledger: Ledger
) -> Iterator[pd.DataFrame]:
    times = np.array([time for time, _ in notes])
    words = pd.Index(dict.fromkeys(text for _, text in notes), dtype="str")
    codes = np.array([-1, *(words.get_loc(text) for _, text in notes)])
    for block in reader(files, ledger):
        if notes:
            part = np.searchsorted(times, block["time_s"].to_numpy(), side="right")
            block["label"] = pd.Categorical.from_codes(codes[part], words)
        yield block


RECORDER = Recorder("sensor-logger", "Sensor Logger", _recognises, _items, _plan, ("acc_sign",))

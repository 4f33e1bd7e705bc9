"""Recordings as recorders wrote them, and how they become raw recordings and facts."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast

import numpy as np
import pandas as pd

from har.data import rates
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import UNKNOWN, Asking, Plan, Reader
from har.data.recorders.parts.peek import Peek
from har.data.recording import ACC, Clock
from har.data.sources.base import Raw
from har.errors import HarError

TURNED = (
    "acceleration * -1: Apple's sign turned, so that at rest it points up, away from the ground"
)
SCALES = {"m/s2": (1.0, "m/s2"), "g": (1.0, "g"), "mg": (1e-3, "g")}
ACC_UNITS = tuple(SCALES)
GYRO_UNITS = ("rad/s", "deg/s")
CLOCKS = {"": "counts from its start", "utc": "UTC", "local": "local time, zone not stated"}


@dataclass(frozen=True)
class Capture:
    """One recording in the recorder's own units and signs.

    Attributes
    ----------
    name : str
        Of the recording; unique within its item.
    tables : tuple of Reader
        Acceleration first; a second one is angular velocity with its own clock. Columns as
        in `Raw`, whose first table may lack ``label``.
    acc_unit : {"m/s2", "g", "mg", ""}
        Empty where it is asked for.
    gyro_unit : {"rad/s", "deg/s", ""}
        Empty where there is none, or where it is asked for.
    mag_unit : {"uT", ""}
        Of the magnetic field that stands in the rows of acceleration; empty: there is none.
    field : Reader, optional
        Of a magnetometer with a clock of its own: ``mag_x, mag_y, mag_z`` in µT.
    gravity : bool
        Whether acceleration holds it.
    sign : {"+", "-", ""}
        ``"-"``: at rest the axis that points up reads less than 0, as on iPhones.
    clock : {"", "utc", "local"}
        What times count from.
    subject, label, placement, device, app : str
        Empty where the files do not say.
    conversions : tuple of str
        What `tables` computed.
    facts : dict of str to str
        More for a person; an entry of these replaces the one made here.
    """

    name: str
    tables: tuple[Reader, ...]
    acc_unit: str = "m/s2"
    gyro_unit: str = ""
    mag_unit: str = ""
    field: Reader | None = None
    gravity: bool = True
    sign: str = "+"
    clock: Clock = ""
    subject: str = ""
    label: str = ""
    placement: str = ""
    device: str = ""
    app: str = ""
    conversions: tuple[str, ...] = ()
    facts: dict[str, str] = dataclasses.field(default_factory=dict)


def plan(files: RawFiles, ask: Asking, *captures: Capture) -> Plan:
    """Return the plan for an item of these recordings; units and sign have been asked for."""
    for capture in captures:
        ask.known("acc_unit", capture.acc_unit)
        ask.known("gyro_unit", capture.gyro_unit)
        ask.known("acc_sign", capture.sign)
        ask.known("gravity", "included" if capture.gravity else "none")
    facts = partial(_facts, files, ask, captures)
    return Plan(tuple(ask.doubts), facts, partial(_read, ask, captures))


def _facts(files: RawFiles, ask: Asking, captures: tuple[Capture, ...]) -> dict[str, str]:
    capture = captures[0]
    gravity = "with gravity" if capture.gravity else "without gravity: linear acceleration"
    units = (capture.acc_unit or "unit in doubt").replace("m/s2", "m/s²")
    sign = {"+": "at rest up reads plus, as on Android", "-": "turned: at rest up read minus"}
    found = {
        "acceleration": f"{units}, {gravity}",
        "angular velocity": capture.gyro_unit or _gyro_or_none(ask),
        "magnetic field": "µT, at times of its own" if capture.field else _micro(capture.mag_unit),
        "sign": sign.get(capture.sign, "in doubt"),
        "clock": CLOCKS[capture.clock],
        "rate": "" if "rate" in capture.facts else _rate(files, capture),
        "subject": ask.stated.get("subject") or capture.subject,
        "activity": ask.stated.get("activity") or capture.label,
        "placement": ask.stated.get("placement") or capture.placement,
        "device": capture.device,
        "app": capture.app,
    }
    found |= capture.facts
    found["not heeded"] = "; ".join(dict.fromkeys(ask.unheeded))
    if len(captures) > 1:
        found["recordings"] = ", ".join(capture.name for capture in captures)
    return {name: text for name, text in found.items() if text}


def _micro(unit: str) -> str:
    return unit.replace("uT", "µT")


def _gyro_or_none(ask: Asking) -> str:
    return "unit in doubt" if any(doubt.entry == "gyro_unit" for doubt in ask.doubts) else "none"


def _rate(files: RawFiles, capture: Capture) -> str:
    """Return the rate of the first rows of each table, in words; nothing if they tell none."""
    found = []
    for reader in capture.tables:
        try:
            block = next(iter(reader(Peek(files), Ledger())))
        except (HarError, StopIteration):
            continue
        # Rows of a file are in any order until they are cleaned.
        found.append(rates.estimate(np.sort(block["time_s"].dropna().to_numpy())))
    return ", ".join(f"{rate:.4g} Hz" for rate in found if np.isfinite(rate))


def _read(
    ask: Asking, captures: tuple[Capture, ...], files: RawFiles, ledger: Ledger
) -> Iterator[Raw]:
    stated = ask.stated
    for capture in captures:
        scale, acc_unit = SCALES[capture.acc_unit]
        factor = -scale if capture.sign == "-" else scale
        label = stated.get("activity") or capture.label
        tables = (_scaled(reader, files, ledger, factor, label) for reader in capture.tables)
        conversions = [*capture.conversions, *([TURNED] if capture.sign == "-" else [])]
        if scale != 1:
            conversions.append(f"acceleration in g = {capture.acc_unit} * {scale:g}")
        yield Raw(
            stated.get("subject") or capture.subject or UNKNOWN,
            capture.name,
            stated.get("placement") or capture.placement or UNKNOWN,
            tuple(tables),
            acc_unit=cast(Literal["m/s2", "g"], acc_unit),
            gyro_unit=cast(Literal["rad/s", "deg/s"], capture.gyro_unit or "rad/s"),
            field=partial(capture.field, files) if capture.field else None,
            conversions=tuple(conversions),
            device=capture.device,
            gravity=capture.gravity,
            app=capture.app,
            clock=capture.clock,
        )


def _scaled(
    reader: Reader, files: RawFiles, ledger: Ledger, factor: float, label: str
) -> Iterator[pd.DataFrame]:
    """Yield the blocks of a table with acceleration scaled, and with labels."""
    for block in reader(files, ledger):
        if "acc_x" in block and factor != 1:
            block[list(ACC)] *= factor
        if label:
            words = pd.Categorical.from_codes(np.zeros(len(block), int), pd.Index([label]))
            block["label"] = words
        elif "label" not in block:
            block["label"] = None
        yield block

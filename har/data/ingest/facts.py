"""What was understood of tables, in words for a person."""

from collections.abc import Iterable
from typing import Any

from har.data.ingest.blocks import Look
from har.data.ingest.guess import Guess
from har.data.ingest.mapping import ColumnMapping, Entries

HIDDEN = ("decimal",)


def facts_of(mapping: ColumnMapping | None, found: Guess, looks: Iterable[Look]) -> dict[str, str]:
    """Return what was understood of alike tables, in order.

    Parameters
    ----------
    mapping : ColumnMapping or None
        None where something is in doubt.
    found : Guess
        What it was made of.
    looks : iterable of Look
        The beginnings of the files.
    """
    if mapping is None:
        shown = {name: _text(value) for name, value in found.entries.items()}
        return {name: value for name, value in shown.items() if name not in HIDDEN}
    facts = {"acceleration": _acceleration(mapping)}
    if mapping.gyro:
        facts["angular velocity"] = f"{', '.join(mapping.gyro)} in {mapping.gyro_unit}"
    if mapping.mag:
        unit = mapping.mag_unit.replace("uT", "µT")
        facts["magnetic field"] = f"{', '.join(mapping.mag)} in {unit}"
    facts["time"] = _time(mapping)
    if found.rates_hz:
        low, high = min(found.rates_hz), max(found.rates_hz)
        facts["rate"] = f"{low:.4g} Hz" if high <= 1.05 * low else f"{low:.4g} to {high:.4g} Hz"
    sign = "as on iPhones, turned" if mapping.acc_sign == "-" else "as on Android"
    facts["sign"] = f"{sign} (acc_sign = {mapping.acc_sign!r})"
    for role in ("subject", "recording", "activity"):
        if column := getattr(mapping, role):
            facts[role] = f"column {column}"
    return facts


def guesses_of(found: Guess) -> dict[str, str]:
    """Return the entries that a person confirms: those that no file says, but for defaults."""
    return {
        name: _text(value)
        for name, value in found.entries.items()
        if name not in found.said and value != Entries.model_fields[name].default
    }


def _acceleration(mapping: ColumnMapping) -> str:
    unit = "m/s²" if mapping.acc_unit == "m/s2" else mapping.acc_unit
    gravity = {"included": "with gravity", "none": "without gravity"}.get(
        mapping.gravity if isinstance(mapping.gravity, str) else "", "and gravity added"
    )
    scaled = "" if mapping.acc_scale == 1.0 else f", a count is {mapping.acc_scale:.6g} {unit}"
    return f"{', '.join(mapping.acc)} in {unit}, {gravity}{scaled}"


def _time(mapping: ColumnMapping) -> str:
    if mapping.time is None:
        return f"none; {mapping.rate_hz:g} rows a second"
    if mapping.time_unit != "datetime":
        return f"{mapping.time} in {mapping.time_unit}"
    first = {"dmy": ", day first", "mdy": ", month first"}.get(mapping.date_order, "")
    return f"{mapping.time}, dates{first}"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)

"""The form in which a person answers what is open and corrects what was understood."""

from collections.abc import Mapping

import streamlit as st

from har.app.markup import show, text
from har.app.understanding import Stated, Understanding
from har.data.recorders.base import Doubt

AXES = ("x", "y", "z")
# What an entry is called, and what it may be; no choices: a number.
ENTRIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "acc_unit": ("Unit of acceleration", ("m/s2", "g", "mg")),
    "gyro_unit": ("Unit of angular velocity", ("rad/s", "deg/s", "mdeg/s")),
    "acc_sign": ("Sign of acceleration (+ Android, - iPhone)", ("+", "-")),
    "gravity": ("Gravity in acceleration", ("included", "none")),
    "time_unit": ("Unit of time", ("s", "ms", "us", "ns", "datetime")),
    "date_order": ("Order of a date", ("ymd", "dmy", "mdy")),
    "rate_hz": ("Rows in a second", ()),
}
_COLUMNS = {"acc": "Acceleration", "gyro": "Angular velocity"}


def ask(understood: Understanding, key: str) -> Stated | None:
    """Show the form: what is open, and once nothing is, what may be corrected.

    Parameters
    ----------
    understood : Understanding
        Of the files.
    key : str
        Of the files and of what was stated: others have a form of their own.

    Returns
    -------
    Stated or None
        The entries that differ from what was understood; None: the form was not sent.
    """
    if not (understood.doubts or understood.columns or set(understood.current) & set(ENTRIES)):
        return None
    with st.form(f"form-{key}"):
        if understood.doubts:
            word = "Use these answers"
            answers: Stated = {doubt.entry: _doubt(doubt, key) for doubt in understood.doubts}
        else:
            word = "Use these corrections"
            answers = {**_columns(understood, key), **_entries(understood, key)}
        if not st.form_submit_button(word):
            return None
    return {
        name: answer
        for name, answer in answers.items()
        if answer and answer != understood.current.get(name, "")
    }


def _doubt(doubt: Doubt, key: str) -> str:
    title, _ = ENTRIES.get(doubt.entry, (doubt.entry.replace("_", " "), ()))
    show(text(doubt.question))
    if doubt.choices:
        chosen = st.selectbox(
            title,
            doubt.choices,
            index=None,
            placeholder="Choose one",
            key=f"{key}-doubt-{doubt.entry}",
        )
        return chosen or ""
    return st.text_input(title, key=f"{key}-doubt-{doubt.entry}").strip()


def _columns(understood: Understanding, key: str) -> Stated:
    """Ask for three columns of each sensor and that of time; of none where not all are chosen."""
    if not understood.columns:
        return {}
    found: dict[str, str | tuple[str, ...]] = {}
    for entry, title in _COLUMNS.items():
        known = understood.current.get(entry) or ("",) * len(AXES)
        chosen = []
        for axis, place, now in zip(AXES, st.columns(len(AXES)), known, strict=True):
            with place:
                label = f"{title}, {axis}"
                chosen.append(_column(label, understood.columns, now, f"{key}-{entry}-{axis}"))
        found[entry] = tuple(chosen) if all(chosen) else ""
    time = str(understood.current.get("time", ""))
    return {**found, "time": _column("Time", understood.columns, time, f"{key}-time")}


def _entries(understood: Understanding, key: str) -> Stated:
    """Ask for the entries that are no columns, two of them beside each other."""
    found = {}
    names = [name for name in understood.current if name in ENTRIES]
    for name, place in zip(names, _places(len(names)), strict=True):
        with place:
            found[name] = _entry(name, str(understood.current[name]), key)
    return found


def _column(label: str, columns: tuple[str, ...], now: str, key: str) -> str:
    index = columns.index(now) if now in columns else None
    return st.selectbox(label, columns, index=index, placeholder="none", key=key) or ""


def _entry(name: str, now: str, key: str) -> str:
    title, choices = ENTRIES[name]
    if not choices:
        return st.text_input(title, value=now, key=f"{key}-{name}").strip()
    options = choices if now in choices or not now else (*choices, now)
    index = options.index(now) if now else None
    placeholder = "as the file says"
    chosen = st.selectbox(title, options, index=index, placeholder=placeholder, key=f"{key}-{name}")
    return chosen or ""


def _places(count: int) -> list[st.delta_generator.DeltaGenerator]:
    """Return so many places in two columns, which stand one above the other on a phone."""
    return [place for _ in range((count + 1) // 2) for place in st.columns(2)][:count]

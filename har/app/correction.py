"""The form in which a person answers what is open and corrects what was understood."""

from collections.abc import Mapping

import streamlit as st

from har.app.markup import show, text
from har.app.understanding import Understanding
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


def ask(understood: Understanding, key: str) -> dict[str, str] | None:
    """Show the form; return what a person stated, once it is sent.

    Parameters
    ----------
    understood : Understanding
        Of the files.
    key : str
        Of the files and of what was stated: others have a form of their own.

    Returns
    -------
    dict of str to str or None
        The entries that differ from what was understood; None: the form was not sent.
    """
    with st.form(f"form-{key}"):
        answers = {doubt.entry: _doubt(doubt, key) for doubt in understood.doubts}
        if understood.columns:
            answers |= _columns(understood, key)
        entries = [name for name in understood.current if name in ENTRIES]
        for name, place in zip(entries, _places(len(entries)), strict=True):
            with place:
                answers[name] = _entry(name, understood.current[name], key)
        word = "Use these answers" if understood.doubts else "Use these corrections"
        if not st.form_submit_button(word, type="primary" if understood.doubts else "secondary"):
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


def _columns(understood: Understanding, key: str) -> dict[str, str]:
    """Ask for three columns of each sensor and that of time; nothing unless all are chosen."""
    found = {}
    for entry, title in _COLUMNS.items():
        now = understood.current.get(entry, "").replace(", ", ",").split(",")
        if len(now) != len(AXES):
            now = [""] * len(AXES)
        chosen = []
        for axis, place, column in zip(AXES, st.columns(len(AXES)), now, strict=True):
            with place:
                label = f"{title}, {axis}"
                chosen.append(_column(label, understood.columns, column, f"{key}-{entry}-{axis}"))
        found[entry] = ",".join(chosen) if all(chosen) else ""
    time = understood.current.get("time", "")
    found["time"] = _column("Time", understood.columns, time, f"{key}-time")
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

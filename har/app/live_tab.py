"""The tab of a phone's session: what `har serve` says of it, second by second."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
import streamlit as st

from har.app.markup import bar, box, error_box, show, swatch, table, text
from har.app.options import AppOptions
from har.errors import DataError, HarError, MissingError
from har.page.colours import RULE, colours_by_name
from har.page.html import Html
from har.serving.timeline import time_of_day

# How often a session is looked at, and how long is waited for the service; s.
EVERY, PATIENCE = 1.0, 3.0
# A session that nobody pushed to for so long is told as quiet; s.
QUIET = 5.0
# Segments that are shown, the newest.
NEWEST = 20
# Times from here on are of a clock and count from 1970; s.
_CLOCK = 1e9
_FIELDS = ("activity", "probability", "since_s", "segments")


def live_tab(options: AppOptions) -> None:
    """Show the tab."""
    show(
        text("A phone streams to har serve; here is what the service makes of it, as it comes."),
        text(f"Asked at {options.service} (har app --service names another).", quiet=True),
    )
    try:
        names = list_sessions(options)
    except HarError as error:
        show(error_box(error))
        names = []
    session = st.selectbox(
        "Session",
        names,
        index=0 if len(names) == 1 else None,
        accept_new_options=True,
        placeholder="choose one, or write its name",
    )
    if session and st.toggle("Follow it", value=True, key="follow"):
        with st.container(key="live"):
            _follow(options, session)
    elif not names:
        url = f"{options.service.rstrip('/')}/v1/sessions/NAME/sensor-logger"
        show(text(f"The app Sensor Logger begins a session by HTTP push to {url}.", quiet=True))


@st.fragment(run_every=EVERY)
def _follow(options: AppOptions, session: str) -> None:
    try:
        state = read_session(options, session)
    except HarError as error:
        show(error_box(error))
        return
    _now(state)
    colours = _colours(state)
    if chances := state.get("probabilities"):
        rows = [
            (swatch(colours[name], name), bar(share, colours[name]) + f"{share:.2f}")
            for name, share in chances.items()
        ]
        columns = ["activity", "probability"]
        show(table("The last window, by the model alone", columns, rows, numbers="tn"))
    segments = [
        (
            _moment(one["start_s"]),
            f"{one['end_s'] - one['start_s']:.1f}",
            swatch(colours[one["activity"]], _name(one)),
            f"{one['probability']:.2f}",
        )
        for one in state["segments"][-NEWEST:][::-1]
    ]
    columns = ["from", "seconds", "activity", "confidence"]
    show(table("Newest activities first", columns, segments, numbers="nntn"))


def _now(state: Mapping[str, Any]) -> None:
    """Show the present activity, and what speaks against it."""
    if state["activity"] is None:
        show(box("note", "Nothing is answered yet: the first window is not full."))
        return
    show(Html('<div role="status"><p class="har-now">{}</p></div>').format(_name(state)))
    sure = state.get("confidence") or state["probability"] or 0.0
    show(text(f"since {_moment(state['since_s'])}, confidence {sure:.2f}", quiet=True))
    if (quiet_s := state.get("quiet_s") or 0.0) > QUIET:
        show(box("note", f"The phone has sent nothing for {quiet_s:.0f} s."))
    for warning in (state.get("likeness") or {}).get("warnings", ()):
        show(box("warning", warning))


def _name(one: Mapping[str, Any]) -> str:
    return f"{one['activity']} ({one['reason']})" if one.get("reason") else str(one["activity"])


def _moment(seconds: float) -> str:
    if seconds < _CLOCK:
        return f"{seconds:.1f} s"
    return time_of_day(seconds, "utc").replace("T", " ").replace("Z", " UTC")


def _colours(state: Mapping[str, Any]) -> dict[str, str]:
    """Return a colour for every activity of a session, the same while it lasts."""
    classes = list(state.get("probabilities") or {})
    named = colours_by_name(classes)
    return {one["activity"]: RULE for one in state["segments"]} | named


def list_sessions(options: AppOptions) -> list[str]:
    """Return the names of the sessions that the service has, the oldest first.

    Raises
    ------
    MissingError, DataError
        As `read_session` does.
    """
    answer = _asked(options, "/v1/sessions", "sessions")
    try:
        return [str(one["id"]) for one in answer["sessions"]]
    except (KeyError, TypeError) as error:
        raise DataError("no list of sessions", expected="sessions, id", found=str(error)) from None


def read_session(options: AppOptions, session: str) -> dict[str, Any]:
    """Return what the service says of a session.

    Parameters
    ----------
    options : AppOptions
        Name the service, and the file of its key.
    session : str
        Name of the session: part of a path, whatever is in it.

    Returns
    -------
    dict
        ``activity``, ``probability``, ``since_s`` and ``segments`` at least.

    Raises
    ------
    MissingError
        If the service does not answer, or knows no such session.
    DataError
        If what it answers is none.
    """
    state = _asked(options, f"/v1/sessions/{quote(session, safe='')}", f"session {session}")
    if missing := [name for name in _FIELDS if name not in state]:
        raise DataError(
            f"session {session}: the service's answer is none of a session",
            expected=", ".join(_FIELDS),
            found=f"no {', '.join(missing)}",
        )
    return state


def _asked(options: AppOptions, path: str, what: str) -> dict[str, Any]:
    service = options.service.rstrip("/")
    headers = {}
    if options.service_key:
        key = Path(options.service_key).read_text(encoding="utf-8").strip()
        headers["Authorization"] = f"Bearer {key}"
    try:
        # Nowhere else, so that nobody is led elsewhere with the key.
        answer = requests.get(
            service + path, headers=headers, timeout=PATIENCE, allow_redirects=False
        )
    except requests.RequestException as error:
        raise MissingError(
            "the service does not answer",
            expected=f"`har serve` at {service}",
            found=type(error).__name__,
            hint="start `har serve`, or name another with `har app --service`",
        ) from None
    if answer.status_code != requests.codes.ok:
        raise MissingError(
            f"{what}: the service has none",
            found=f"{answer.status_code} {answer.reason}",
            hint="a phone begins a session; keys are given by `har app --service-key`",
        )
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise DataError(f"{what}: the service's answer is not JSON", found=answer.text[:80])
    return found

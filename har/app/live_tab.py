"""The tab of a phone's session: what `har serve` says of it, second by second."""

from typing import Any
from urllib.parse import quote

import requests
import streamlit as st
from markupsafe import Markup

from har.app.markup import error_box, show, table, text
from har.app.options import AppOptions
from har.errors import DataError, HarError, MissingError

# How often a session is looked at, and how long is waited for it; s.
EVERY, PATIENCE = 1.0, 3.0
# Segments that are shown, the newest.
NEWEST = 20
_FIELDS = ("activity", "probability", "since_s", "segments")


def live_tab(options: AppOptions) -> None:
    """Show the tab."""
    show(
        text("A phone streams to `har serve`; this page shows what the service makes of it."),
        text(f"Asked at {options.service} (`har app --service` names another).", quiet=True),
    )
    session = st.text_input("Session", placeholder="its name in the service", key="session").strip()
    if session and st.toggle("Follow it", value=True, key="follow"):
        _follow(options.service, session)


@st.fragment(run_every=EVERY)
def _follow(service: str, session: str) -> None:
    try:
        state = read_session(service, session)
    except HarError as error:
        show(error_box(error))
        return
    now = Markup('<div role="status"><p class="har-now">{}</p></div>').format(state["activity"])
    sure = f"probability {state['probability']:.2f}, since {state['since_s']:.1f} s"
    show(now, text(sure, quiet=True))
    segments = state["segments"][-NEWEST:][::-1]
    rows = [
        (
            f"{one['start_s']:.1f}",
            f"{one['end_s']:.1f}",
            f"{one['activity']} ({one['reason']})" if one.get("reason") else one["activity"],
            f"{one['probability']:.2f}",
        )
        for one in segments
    ]
    columns = ["from, s", "to, s", "activity", "confidence"]
    show(table("Newest activities first", columns, rows, numbers="nntn"))


def read_session(service: str, session: str) -> dict[str, Any]:
    """Return what the service says of a session.

    Parameters
    ----------
    service : str
        Its address.
    session : str
        Name of the session: part of a path, whatever is in it.

    Returns
    -------
    dict
        ``activity``, ``probability``, ``since_s`` and ``segments``.

    Raises
    ------
    MissingError
        If the service does not answer, or knows no such session.
    DataError
        If what it answers is none.
    """
    url = f"{service.rstrip('/')}/v1/sessions/{quote(session, safe='')}"
    try:
        answer = requests.get(url, timeout=PATIENCE, allow_redirects=False)
    except requests.RequestException as error:
        raise MissingError(
            "the service does not answer",
            found=type(error).__name__,
            hint=f"start `har serve`, or name another with `har app --service`: {service}",
        ) from None
    if answer.status_code != requests.codes.ok:
        raise MissingError(
            f"no session {session}",
            found=f"{answer.status_code} {answer.reason}",
            hint="the phone's app names it; `har serve` says how",
        )
    try:
        state = answer.json()
        return {name: state[name] for name in _FIELDS}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{url}: no session", expected=", ".join(_FIELDS), found=str(error)
        ) from None

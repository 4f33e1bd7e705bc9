"""The whole page: which model answers, and the tabs."""

import logging
from collections.abc import Callable

import streamlit as st

from har.app.live_tab import live_tab
from har.app.markup import error_box, show, style, text
from har.app.model import served_by
from har.app.options import AppOptions
from har.app.recording_tab import recording_tab
from har.app.registry_tab import registry_tab
from har.errors import HarError
from har.serving.served import Served

_log = logging.getLogger(__name__)
TABS = ("Recording", "Live", "Registry")


def show_page(options: AppOptions) -> None:
    """Show the page."""
    st.set_page_config(page_title="HAR: human activity recognition", layout="wide")
    style()
    st.title("What was this person doing?", anchor=False)
    model = _model(options)
    recording, live, registry = st.tabs(TABS, key="tab", on_change="rerun")
    with recording:
        if recording.open and model:
            _safely(lambda: recording_tab(model))
    with live:
        if live.open:
            _safely(lambda: live_tab(options))
    with registry:
        if registry.open:
            _safely(lambda: registry_tab(options))


def _model(options: AppOptions) -> Served | None:
    try:
        model = served_by(options)
    except HarError as error:
        show(error_box(error))
        return None
    known = ", ".join(model.predictor.classes)
    show(text(f"Answered by {model.label}. It knows: {known}.", quiet=True))
    return model


def _safely(tab: Callable[[], None]) -> None:
    """Show a tab; what goes wrong in it is said in it, and the page stays usable."""
    try:
        tab()
    except HarError as error:
        show(error_box(error))
    except Exception as error:
        _log.exception("the page failed")
        show(error_box(error, about="unexpected error"))

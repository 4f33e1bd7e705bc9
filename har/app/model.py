"""The model that answers: a version of the registry, or a file."""

import logging
from dataclasses import dataclass

import streamlit as st

from har.app.options import AppOptions
from har.config import Environment, load
from har.errors import HarError
from har.registry.handle import Registry
from har.registry.versions.served import RegistrySource
from har.serving.served import FileSource, Served, Source

# For so long the page does not look whether another model is to answer; s.
LOOK_AGAIN = 30
_log = logging.getLogger(__name__)


@dataclass
class _Held:
    """The model that answers until there is a newer one."""

    source: Source
    served: Served


def environment_of(options: AppOptions) -> Environment:
    """Return where the store and the registry are."""
    return load(list(options.overrides)).environment


@st.cache_resource(ttl=LOOK_AGAIN, show_spinner="Looking up the model …")
def served_by(options: AppOptions) -> Served:
    """Return the model that answers; with the registry gone, the last one.

    Raises
    ------
    HarError
        If there is none to begin with, or its bytes are not the registered ones.
    """
    held = _held(options)
    try:
        held.served = held.source.newer(held.served) or held.served
    except HarError as error:
        _log.warning("still answering by %s: %s", held.served, error.message)
    return held.served


@st.cache_resource(show_spinner=False)
def _held(options: AppOptions) -> _Held:
    environment = environment_of(options)
    threads = environment.serve.threads
    source: Source = RegistrySource(Registry.open(environment), options.version, threads=threads)
    if options.model_file:
        source = FileSource(options.model_file, threads=threads)
    return _Held(source, source.load())

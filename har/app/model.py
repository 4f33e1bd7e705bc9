"""The model that answers: a version of the registry, or a file."""

from dataclasses import dataclass

import streamlit as st

from har.app.options import AppOptions
from har.config import Environment, load
from har.lineage import digest
from har.registry.handle import Registry
from har.registry.versions.files import fetch
from har.registry.versions.lookup import find
from har.serving.predictor import Predictor

# For so long the page does not look whether the registry's name stands for another version; s.
LOOK_AGAIN = 30


@dataclass(frozen=True, eq=False)
class Model:
    """A predictor and what it is.

    Attributes
    ----------
    predictor : Predictor
        It.
    title : str
        What people call it.
    facts : dict of str to str
        ``model``, ``version`` and ``sha256``, as files that are downloaded say them.
    """

    predictor: Predictor
    title: str
    facts: dict[str, str]


def environment_of(options: AppOptions) -> Environment:
    """Return where the store and the registry are."""
    return load(list(options.overrides)).environment


@st.cache_resource(ttl=LOOK_AGAIN, show_spinner="Looking up the model …")
def model_of(options: AppOptions) -> Model:
    """Return the model that answers.

    Raises
    ------
    HarError
        If there is none, or its bytes are not the registered ones.
    """
    if options.model_file:
        predictor = _predictor(str(options.model_file), digest.of_file(options.model_file))
        name = options.model_file.name
        return Model(predictor, name, _facts(predictor, name, ""))
    registry = Registry.open(environment_of(options))
    version = find(registry, options.version)
    path = fetch(registry, version)
    predictor = _predictor(str(path), digest.of_file(path))
    title = f"{version.model} version {version.number} ({version.candidate}, {version.stage})"
    return Model(predictor, title, _facts(predictor, version.model, str(version.number)))


@st.cache_resource(max_entries=4)
def _predictor(path: str, sha256: str) -> Predictor:
    """Return the predictor of a file, loaded once for its content."""
    from pathlib import Path

    return Predictor(Path(path))


def _facts(predictor: Predictor, model: str, version: str) -> dict[str, str]:
    return {"model": model, "version": version, "sha256": digest.of_file(predictor.path)}

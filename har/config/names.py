"""The names that settings have, have had, and are mistaken for."""

import difflib
from collections.abc import Iterator
from typing import Any, get_origin

from har.config.environment import Environment
from har.config.models import NetworkSettings
from har.config.recipe import Recipe
from har.config.section import Section
from har.config.training import FinetuneSettings

# Today's name of each setting that once had another.
RENAMED = {
    "evaluate.bootstrap": "intervals.bootstrap",
    "evaluate.confidence": "intervals.confidence",
    "evaluate.seed": "intervals.seed",
    "evaluate.groups": "protocols.groups",
    "evaluate.validation_subjects": "protocols.n_validation_subjects",
    "gate.max_mended": "gate.max_repaired",
}


def _below(kind: type[Section], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the type of every section and setting."""
    for name, field in kind.model_fields.items():
        path, annotation = f"{prefix}{name}", field.annotation
        if issubclass(kind, NetworkSettings) and name == "finetune":
            annotation = FinetuneSettings
        yield path, annotation
        if isinstance(annotation, type) and issubclass(annotation, Section):
            yield from _below(annotation, f"{path}.")


_KINDS = dict([*_below(Recipe), *_below(Environment)])
_MAPPINGS = tuple(f"{path}." for path, kind in _KINDS.items() if get_origin(kind) is dict)
_SECRETS = {
    "registry.tracking_uri",
    *(name for name, kind in _KINDS.items() if "SecretStr" in str(kind)),
}
_NAMES = {*_KINDS, *RENAMED, *(old.partition(".")[0] for old in RENAMED)}


def is_known(path: str) -> bool:
    """Tell whether a section or setting has, or once had, a dotted name.

    >>> is_known("window.hop_s"), is_known("windw.hop_s")
    (True, False)
    """
    return path in _NAMES or path.startswith(_MAPPINGS)


def nearest(path: str) -> str | None:
    """Return the name that an unknown one was probably meant to be.

    >>> nearest("gate_min_macro_f1")
    'gate.min_macro_f1'
    """
    return next(iter(difflib.get_close_matches(path, _NAMES, n=1, cutoff=0.7)), None)


def example_of(path: str) -> str | None:
    """Return a setting of a section; None if a dotted name is a setting's own.

    >>> example_of("window")
    'window.channels'
    """
    return next((name for name in sorted(_NAMES) if name.startswith(f"{path}.")), None)


def is_secret(path: str) -> bool:
    """Tell whether a value may not be shown: a secret, an address with one, a group with one.

    >>> is_secret("serve.api_keys"), is_secret("serve"), is_secret("window")
    (True, True, False)
    """
    return any(name == path or name.startswith(f"{path}.") for name in _SECRETS)


def names_of(path: str) -> list[str]:
    """Return the name of a setting and those that it once had."""
    return [path, *(old for old, today in RENAMED.items() if today == path)]


def by_todays_names(tree: dict[str, Any]) -> dict[str, Any]:
    """Return nested settings whose old names are today's."""
    renamed = {
        section: dict(settings) if isinstance(settings, dict) else settings
        for section, settings in tree.items()
    }
    for old, today in RENAMED.items():
        section, name = old.split(".")
        if name in renamed.get(section, ()):
            value = renamed[section].pop(name)
            section, name = today.split(".")
            renamed.setdefault(section, {}).setdefault(name, value)
    renamed.pop("evaluate", None)
    return renamed

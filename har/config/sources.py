"""Settings from their sources: defaults < ``har.toml`` < environment (``HAR_*``) < flags.

An environment variable names a setting by its path: ``HAR_WINDOW__HOP_S=0.64``. In every
source a name that no setting has is refused, beside the name that it resembles.
"""

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from har import foreign
from har.config.environment import Environment
from har.config.names import by_todays_names, example_of, is_known, is_secret, names_of, nearest
from har.config.recipe import Recipe
from har.config.section import flatten
from har.errors import MissingError, UsageError

Part = TypeVar("Part", Recipe, Environment)
FILE = Path("har.toml")
PREFIX = "HAR_"
# Variables that are no settings.
SWITCHES = ("HAR_DEBUG",)
_HINT = "`har config` prints every setting with its value"


class Settings(NamedTuple):
    """Everything that can be set.

    Attributes
    ----------
    recipe : Recipe
        What determines a result.
    environment : Environment
        Where it is made, by whom and with which secrets.
    """

    recipe: Recipe
    environment: Environment

    def tree(self) -> dict[str, Any]:
        """Return every setting as ``har.toml`` would have it, JSON-able; secrets as stars."""
        return {k: v for part in self[::-1] for k, v in part.model_dump(mode="json").items()}

    def flat(self) -> dict[str, Any]:
        """Return every setting by its dotted name, as `tree` has it."""
        return dict(flatten(self.tree()))


@dataclass(frozen=True)
class _Source:
    """What one source sets, nested, and how it spells a setting's name."""

    tree: dict[str, Any]
    spell: Callable[[str], str]


class _Variables(Recipe, Environment, BaseSettings):
    """Both parts as one tree: tells pydantic which variables there are, and what JSON is."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")

    evaluate: dict[str, Any] = Field({}, description="see `har.config.names.RENAMED`")


def load(overrides: list[str] | None = None, **flags: Any) -> Settings:
    """Return the settings with flags applied last.

    Parameters
    ----------
    overrides : list of str
        ``section.name=value`` pairs, as given with ``--set``.
    **flags : Any
        Whole sections or scalars.

    Raises
    ------
    UsageError
        If a name is unknown or a value does not fit, naming the file, variable or flag.

    Examples
    --------
    >>> load(["finetune.epochs=5"]).recipe.finetune.epochs
    5
    """
    sources = [
        _Source(_of_file(), _in_file),
        _Source(_of_variables(), _variable),
        _Source(flags, _setting),
        _Source(_of_overrides(overrides or []), _flag),
    ]
    merged: dict[str, Any] = {}
    for source in sources:
        _update(merged, by_todays_names(source.tree))
    try:
        return Settings(_part(Recipe, merged), _part(Environment, merged))
    except ValidationError as error:
        raise _unfit(error, sources) from None


def stated(overrides: list[str]) -> dict[str, Any]:
    """Return what ``section.name=value`` pairs state, nested, by today's names.

    >>> stated(["gate.margin=0.01"])
    {'gate': {'margin': 0.01}}
    """
    return by_todays_names(_of_overrides(overrides))


def _part(kind: type[Part], merged: dict[str, Any]) -> Part:
    return kind.model_validate({k: v for k, v in merged.items() if k in kind.model_fields})


def _of_file() -> dict[str, Any]:
    try:
        tree = foreign.toml_of(FILE.resolve(), UsageError)
    except MissingError as error:
        if error.found is None:
            return {}
        raise UsageError(error.message, found=error.found) from None
    _check(tree, _in_file)
    return tree


def _of_variables() -> dict[str, Any]:
    ours = {k: v for k, v in os.environ.items() if k.upper().startswith(PREFIX)}
    for name in ours.keys() - SWITCHES:
        _require_known(name[len(PREFIX) :].lower().replace("__", "."), name, _variable)
    try:
        tree = EnvSettingsSource(_Variables)()
    except (SettingsError, RecursionError) as error:
        raise _not_json(error, ours) from None
    _check(tree, _variable)
    return tree


def _not_json(error: Exception, ours: Mapping[str, str]) -> UsageError:
    """Return what to say of a variable that is no JSON, with its place and not its text."""
    slip = error.__cause__
    doc = getattr(slip, "doc", None)
    name = next((name for name, value in ours.items() if value == doc), None)
    found = str(slip) if isinstance(slip, json.JSONDecodeError) else "nested or long beyond reason"
    return UsageError(
        f"{name or ', '.join(sorted(ours))}: not JSON",
        expected='a list such as [1, 2] or ["a", "b"]',
        found=found,
    )


def _of_overrides(overrides: list[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for pair in overrides:
        path, equals, text = pair.partition("=")
        if not equals:
            # Not what was given: it may be a secret whose name was forgotten.
            similar = nearest(pair)
            raise UsageError(
                f"--set {similar or '…'}", expected="section.name=value", found="no '='"
            )
        value = _parsed(text)
        for name in reversed(path.split(".")):
            value = {name: value}
        _check(value, _flag)
        _update(tree, value)
    return tree


def _parsed(text: str) -> Any:
    """Read a flag's value as TOML, and what is not TOML as a plain string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _check(tree: dict[str, Any], spell: Callable[[str], str]) -> None:
    """Refuse names that no setting has, and sections that are no group of settings."""
    for path, value in flatten(tree):
        _require_known(path, spell(path), spell)
        if (example := example_of(path)) and not isinstance(value, dict):
            raise UsageError(
                f"{spell(path)} is a section, which has no value of its own",
                expected=f"one of its settings, as {spell(example)}",
                found=None if is_secret(path) else repr(value),
            )


def _require_known(path: str, written: str, spell: Callable[[str], str]) -> None:
    if is_known(path):
        return
    similar = nearest(path)
    raise UsageError(
        f"{written}: no such setting",
        hint=f"did you mean {spell(similar)}? {_HINT}" if similar else _HINT,
    )


def _update(tree: dict[str, Any], stronger: Mapping[str, Any]) -> None:
    """Put nested settings over others, setting by setting."""
    for name, value in stronger.items():
        if isinstance(value, dict) and isinstance(tree.get(name), dict):
            tree[name] = dict(tree[name])
            _update(tree[name], value)
        else:
            tree[name] = value


def _unfit(error: ValidationError, sources: list[_Source]) -> UsageError:
    """Return what to say of the first value that does not fit, by where it was set."""
    problem = error.errors()[0]
    # Of a union, pydantic names the member that came closest.
    parts = [str(part) for part in problem["loc"] if "[" not in str(part)]
    while not is_known(".".join(parts)):
        parts.pop()
    path = ".".join(parts)
    said = str(problem["msg"]).removeprefix("Value error, ")
    return UsageError(
        f"{_written(path, sources)}: {said[0].lower()}{said[1:]}",
        found=None if is_secret(path) else repr(problem["input"]),
        hint=_HINT,
    )


def _written(path: str, sources: list[_Source]) -> str:
    """Return a setting's name as the strongest source has it that sets it."""
    for source in reversed(sources):
        for name in names_of(path):
            if _holds(source.tree, name.split(".")):
                return source.spell(name)
    return _setting(path)


def _holds(tree: Any, parts: list[str]) -> bool:
    if not parts:
        return True
    return isinstance(tree, dict) and parts[0] in tree and _holds(tree[parts[0]], parts[1:])


def _in_file(path: str) -> str:
    return f"{FILE}: {path}"


def _variable(path: str) -> str:
    return f"{PREFIX}{path}".upper().replace(".", "__")


def _setting(path: str) -> str:
    return f"setting {path}"


def _flag(path: str) -> str:
    return f"--set {path}"

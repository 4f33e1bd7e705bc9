"""A step: an entry function, the folders that it is given and the settings that it reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from har.config.section import Section
from har.lineage import digest
from har.measured import MEASURED
from har.store import Artifact, Store

ENTRIES = "har.steps.entries"
# A step's name, or the names of several by a key of the argument.
Source = str | Mapping[str, str]
Input = Artifact | Mapping[str, Artifact]


@dataclass(frozen=True)
class Step:
    """One step of a run, as it is declared: nothing is read or made for it.

    It is carried out as ``entry(out, **folders, **settings)``. So what is in its key is
    what it is given, and nothing else reaches it.

    Attributes
    ----------
    name : str
        Unique in a plan, as ``train-encoder-small-1``.
    kind : str
        Its folder in the store, as ``train-encoder-small``.
    entry : str
        ``module:function``; its code is found by its imports.
    inputs : mapping of str to (str or mapping of str to str)
        The steps whose folders it is given, by argument.
    settings : mapping of str to Any
        Frozen sections of the settings and JSON-able values, by argument.
    files : mapping of str to Path
        Files from outside the store, by argument; their digests are in the key.
    also : tuple of str
        Modules that the entry function finds by their names, as a model's.
    compares_times : bool
        Whether it reads also what its inputs measured (`har.measured`).
    quiet : bool
        Whether it is too short to be told of.
    """

    name: str
    kind: str
    entry: str
    inputs: Mapping[str, Source] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    compares_times: bool = False
    quiet: bool = False

    @property
    def needs(self) -> list[str]:
        """The names of the steps that it is given the folders of."""
        names: list[str] = []
        for source in self.inputs.values():
            names += [source] if isinstance(source, str) else source.values()
        return names


def key(step: Step, inputs: Mapping[str, Input], store: Store) -> str:
    """Return the key of a step whose inputs are known."""
    return store.key(step.kind, **_made_of(step, inputs))


def carry_out(step: Step, inputs: Mapping[str, Input], store: Store) -> Artifact:
    """Find the output of a step whose inputs are known, or make it.

    Parameters
    ----------
    step : Step
        What is to be done.
    inputs : mapping of str to (Artifact or mapping of str to Artifact)
        Outputs of the steps that it names, by argument.
    store : Store
        Where outputs are.
    """
    return store.get_or_make(
        step.kind,
        partial(enter, step, inputs),
        told=None if step.quiet else step.name,
        **_made_of(step, inputs),
    )


def enter(step: Step, inputs: Mapping[str, Input], out: Path) -> None:
    """Call a step's entry function."""
    module, _, function = step.entry.partition(":")
    folders = {argument: _folders(given) for argument, given in inputs.items()}
    getattr(import_module(module), function)(out, **folders, **step.settings, **step.files)


def _made_of(step: Step, inputs: Mapping[str, Input]) -> dict[str, Any]:
    read = {
        role: content
        for argument, given in inputs.items()
        for role, content in _contents(argument, given, step.compares_times)
    }
    read |= {name: digest.of_file(path) for name, path in step.files.items()}
    params = {name: jsonable(value) for name, value in step.settings.items()}
    return {"inputs": read, "params": params, "entries": [step.entry, *step.also]}


def _contents(argument: str, given: Input, with_times: bool) -> list[tuple[str, str]]:
    parts = {"": given} if isinstance(given, Artifact) else given
    read = []
    for key, artifact in parts.items():
        role = f"{argument}/{key}" if key else argument
        read.append((role, artifact.content))
        measured = artifact.path / MEASURED
        if with_times and measured.exists():
            read.append((f"{role}/{MEASURED}", digest.of_file(measured)))
    return read


def _folders(given: Input) -> Path | dict[str, Path]:
    if isinstance(given, Artifact):
        return given.path
    return {key: artifact.path for key, artifact in given.items()}


def jsonable(value: Any) -> Any:
    """Return a setting as JSON has it; a section with what it derives from its values."""
    if isinstance(value, Section):
        kinds = [kind for kind in type(value).__mro__ if issubclass(kind, Section)]
        derived = {
            name
            for kind in kinds
            for name, member in vars(kind).items()
            if isinstance(member, property)
        }
        names = [*type(value).model_fields, *sorted(derived)]
        return {name: jsonable(getattr(value, name)) for name in names}
    if isinstance(value, tuple | list):
        return [jsonable(part) for part in value]
    if isinstance(value, dict):
        return {key: jsonable(part) for key, part in value.items()}
    return value

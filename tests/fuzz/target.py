"""What is fuzzed: sound inputs, what is done to them, and what must hold whatever comes out."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

Files = Mapping[str, bytes]
Seeds = Mapping[str, Files]


class Wrong(AssertionError):
    """Something that must not be, and that no exception told."""


@dataclass(frozen=True)
class Target:
    """Something that reads files of strangers.

    Attributes
    ----------
    name : str
        On the command line.
    seeds : callable
        Returns sound inputs by name: files by their relative names.
    damage : callable
        Returns an input with faults; all of its choices are taken from a generator.
    check : callable
        Is given the name of a seed and a folder, reads ``input/`` in it, may write to ``out/``,
        and returns counts of what it saw. It raises a documented error, or is wrong.
    """

    name: str
    seeds: Callable[[], Seeds]
    damage: Callable[[Files, Random], Files]
    check: Callable[[str, Path], Counter[str]]


def require(holds: object, wrong: str) -> None:
    """Raise `Wrong` unless something holds."""
    if not holds:
        raise Wrong(wrong)

"""What a guess is made of: entries of a mapping, those that files say, and doubts."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data.ingest.mapping import Entries
from har.data.recorders.base import Doubt


@dataclass(frozen=True)
class Guess:
    """What is made of the columns of alike tables.

    Attributes
    ----------
    entries : dict
        Of a mapping, those that nobody stated.
    said : frozenset of str
        Those of them that the files say themselves, as a unit in a name.
    doubts : tuple of Doubt
        What a person must state.
    votes : tuple of str
        The unit of each sample's acceleration, where its values leave no other.
    rates_hz : tuple of float
        Of each sample, rows in a second.
    """

    entries: dict[str, Any]
    said: frozenset[str] = frozenset()
    doubts: tuple[Doubt, ...] = ()
    votes: tuple[str, ...] = ()
    rates_hz: tuple[float, ...] = ()

    def also(self, **entries: Any) -> "Guess":
        """Return the guess with entries that the files say."""
        return replace(self, entries=self.entries | entries, said=self.said | entries.keys())


@dataclass
class Made:
    """Entries and doubts while they are collected."""

    stated: Entries
    entries: dict[str, Any] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    doubts: list[Doubt] = field(default_factory=list)
    votes: tuple[str, ...] = ()
    rates_hz: tuple[float, ...] = ()

    def finished(self) -> Guess:
        """Return the guess."""
        said = frozenset(self.said)
        return Guess(self.entries, said, tuple(self.doubts), self.votes, self.rates_hz)

    def get(self, entry: str) -> Any:
        """Return what was stated or else guessed of an entry."""
        if entry in self.stated.model_fields_set:
            return getattr(self.stated, entry)
        return self.entries.get(entry)

    def add(self, entry: str, value: Any, *, said: bool = False) -> None:
        """Add an entry unless it was stated."""
        if value is not None and entry not in self.stated.model_fields_set:
            self.entries[entry] = value
            if said:
                self.said.add(entry)

    def doubt(self, entry: str, question: str, *choices: str) -> None:
        """Add a doubt unless it was stated."""
        if entry not in self.stated.model_fields_set:
            self.doubts.append(Doubt(entry, question, choices))


def numbers(values: "pd.Series[Any]") -> Float64:
    """Return a column as numbers, NaN where there is none."""
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy("float64", na_value=np.nan)
    try:  # where every field is a number, many times faster than pandas
        return values.to_numpy(object).astype(np.float64)
    except (TypeError, ValueError):
        pass
    text = values.astype("str").str.replace(",", ".", regex=False)
    found: Float64 = pd.to_numeric(text, errors="coerce").to_numpy("float64")
    return found


def has_values(values: "pd.Series[Any]") -> bool:
    """Tell whether any field of a column holds something."""
    return bool((values.notna() & (values.astype("str").str.strip() != "")).any())

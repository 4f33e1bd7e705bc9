"""Which subjects train, validate and test (``split.json``), and the proof that they are apart."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import StrictInt, StrictStr

from har.lineage.typed import Texts, Typed, TypedFile


class Assignment(TypedFile):
    """The subjects of each split.

    Attributes
    ----------
    train, validation, test : tuple of str
        Each in the order of their names.
    """

    FILE: ClassVar[str] = "split.json"

    train: tuple[StrictStr, ...]
    validation: tuple[StrictStr, ...]
    test: tuple[StrictStr, ...]

    @property
    def by_split(self) -> dict[str, tuple[str, ...]]:
        """The subjects by the name of their split."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def held_out(self) -> tuple[str, ...]:
        """Those whom a model is measured on."""
        return (*self.validation, *self.test)


class Shared(Typed):
    """What two splits have in common.

    Attributes
    ----------
    subjects : tuple of str
        People in both.
    recordings : tuple of str
        Pairs of recordings with the same samples.
    parts : tuple of str
        Pairs of subjects of whom one has a part of the other's samples.
    """

    subjects: tuple[StrictStr, ...] = ()
    recordings: tuple[StrictStr, ...] = ()
    parts: tuple[StrictStr, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.subjects, *self.recordings, *self.parts)


class Proof(TypedFile):
    """That no two splits have a person or samples in common.

    Attributes
    ----------
    subjects, recordings : mapping of str to int
        How many, by split.
    shared : mapping of str to Shared
        By pair of splits, as ``train and test``.
    sample_digests : mapping of str to str
        Digest of the samples by recording: what was compared.
    """

    FILE: ClassVar[str] = "proof.json"

    subjects: Mapping[StrictStr, StrictInt]
    recordings: Mapping[StrictStr, StrictInt]
    shared: Mapping[StrictStr, Shared]
    sample_digests: Texts

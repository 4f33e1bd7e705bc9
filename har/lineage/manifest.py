"""What a step's output says of itself: ``step.json``, written last."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import StrictInt, StrictStr

from har.lineage.typed import Number, Texts, Typed, TypedFile


class StoredFile(Typed):
    """Digest and size of a file."""

    sha256: StrictStr
    bytes: StrictInt


class Manifest(TypedFile):
    """How an entry of the store was made, and what it holds.

    Attributes
    ----------
    step, key : str
        The step, and the digest of what determined its output: the four that follow.
    inputs : mapping of str to str
        Content of what it read, by role.
    params : mapping
        The settings that it was given.
    code, libraries : mapping of str to str
        Digests of the modules that it executes; versions of the libraries.
    content : str
        Digest of its files.
    files : mapping of str to StoredFile
        By name; what was measured is not among them.
    seconds, cpu_seconds : float
        That it took.
    created : str
        UTC.
    run : str
        The run that made it (`har.lineage.journal`); empty of an ingestion, and of what an
        earlier `har` made.
    """

    FILE: ClassVar[str] = "step.json"

    step: StrictStr
    key: StrictStr
    inputs: Texts
    params: Mapping[StrictStr, Any]
    code: Texts
    libraries: Texts
    content: StrictStr
    files: Mapping[StrictStr, StoredFile]
    seconds: Number
    cpu_seconds: Number
    created: StrictStr
    run: StrictStr = ""

"""What every data set states about itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from har.data.recording import Recording


@dataclass(frozen=True)
class Source:
    """A public data set and how to read it.

    Attributes
    ----------
    name, title, licence, citation, placement : str
        What the data set is and may be used for.
    rate_hz : float
        Its declared sampling rate, Hz.
    activities : tuple of str
        Labels of the data set in terms of `har.data.activities`.
    test_subjects, validation_subjects : tuple of str
        The canonical split; everyone else trains.
    file : Path
        The bundled file.
    read : callable
        Yields the recordings of a file.
    """

    name: str
    title: str
    licence: str
    citation: str
    placement: str
    rate_hz: float
    activities: tuple[str, ...]
    test_subjects: tuple[str, ...]
    validation_subjects: tuple[str, ...]
    file: Path
    read: Callable[[Path], Iterator[Recording]]

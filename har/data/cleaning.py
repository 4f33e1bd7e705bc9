"""What cleaning changed: ``cleaning.json`` beside the cleaned recordings."""

from typing import ClassVar

from pydantic import StrictInt, StrictStr

from har.lineage.typed import Typed, TypedFile


class Changes(Typed):
    """Counts of rows, unless said otherwise.

    ``rows_in - duplicate_rows - repeated_times + rows_interpolated + rows_resampled`` is
    ``rows_out``.

    Attributes
    ----------
    rows_in, rows_out : int
        Before and after.
    duplicate_rows, repeated_times : int
        Taken out: alike in all, or only in time.
    gaps_filled, gaps_split : int
        Short gaps, and long ones.
    rows_interpolated : int
        Put into short gaps.
    parts : int
        Stretches between long gaps.
    rows_resampled : int
        Gained by a change of the rate; below 0: lost.
    """

    rows_in: StrictInt
    duplicate_rows: StrictInt
    repeated_times: StrictInt
    gaps_filled: StrictInt
    rows_interpolated: StrictInt
    gaps_split: StrictInt
    parts: StrictInt
    rows_resampled: StrictInt
    rows_out: StrictInt

    @property
    def rows_repaired(self) -> int:
        """Rows that were removed or interpolated."""
        return self.duplicate_rows + self.repeated_times + self.rows_interpolated


class CleanReport(Changes):
    """What cleaning changed in one recording."""

    recording_id: StrictStr


class Cleaning(TypedFile):
    """What cleaning changed in every recording that was wanted.

    Attributes
    ----------
    recordings : tuple of CleanReport
        One or more.
    """

    FILE: ClassVar[str] = "cleaning.json"

    recordings: tuple[CleanReport, ...]

    @property
    def totals(self) -> Changes:
        """The sum over all recordings."""
        counts = Changes.model_fields
        return Changes(**{name: sum(getattr(r, name) for r in self.recordings) for name in counts})

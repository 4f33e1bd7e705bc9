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

    def _filled(self) -> str:
        gaps = _counted(self.gaps_filled, "short gap")
        if not self.rows_interpolated:  # resampling has filled them
            return f"{gaps} filled"
        return f"{_counted(self.rows_interpolated, 'sample')} put into {gaps}"

    def describe(self) -> str:
        """Say in one sentence what became of the rows.

        >>> counts = dict.fromkeys(Changes.model_fields, 0) | {"rows_in": 1200, "rows_out": 1201}
        >>> Changes(**counts | {"gaps_filled": 1, "rows_interpolated": 1, "parts": 1}).describe()
        '1,200 rows read; 1 sample put into 1 short gap; 1,201 samples in 1 stretch'
        """
        changes = [
            f"{_counted(self.duplicate_rows, 'duplicate row')} removed",
            f"{_counted(self.repeated_times, 'row')} of a time read before removed",
            self._filled(),
            f"{_counted(abs(self.rows_resampled), 'sample')} "
            f"{'gained' if self.rows_resampled > 0 else 'lost'} by resampling",
            f"{_counted(self.gaps_split, 'gap')} too long to fill",
        ]
        counts = (
            *(self.duplicate_rows, self.repeated_times, self.gaps_filled),
            *(self.rows_resampled, self.gaps_split),
        )
        told = [change for change, n in zip(changes, counts, strict=True) if n]
        kept = f"{_counted(self.rows_out, 'sample')} in {_counted(self.parts, 'stretch', 'es')}"
        return "; ".join([f"{_counted(self.rows_in, 'row')} read", *told, kept])


class CleanReport(Changes):
    """What cleaning changed in one recording."""

    recording_id: StrictStr


def _counted(n: int, thing: str, ending: str = "s") -> str:
    return f"{n:,} {thing}{'' if n == 1 else ending}"


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

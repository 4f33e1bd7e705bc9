"""Classes that no model learns, though there are windows of them: ``left-out.json``."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from pydantic import StrictInt, StrictStr

from har.data.activities import TAXONOMY, Taxonomy
from har.data.splits import SPLITS
from har.data.windows import Windows
from har.lineage.typed import Typed, TypedFile

UNSHARED = "not every data set labels it"


class LeftOut(Typed):
    """A class that was left out.

    Attributes
    ----------
    because : str
        Why.
    windows : mapping of str to int
        Its windows by split, which have no label now.
    """

    because: StrictStr
    windows: Mapping[StrictStr, StrictInt]

    @property
    def n_windows(self) -> int:
        """Its windows in all splits."""
        return sum(self.windows.values())

    def __str__(self) -> str:
        return f"{self.n_windows} windows without a label: {self.because}"


class LeftOutClasses(TypedFile):
    """All classes that were left out, by name; none where there is no such file."""

    FILE: ClassVar[str] = "left-out.json"

    classes: Mapping[StrictStr, LeftOut] = {}

    @classmethod
    def of(
        cls,
        windows: Windows,
        considered: tuple[str, ...],
        purity: float,
        taxonomy: Taxonomy = TAXONOMY,
    ) -> Self:
        """Return the classes of pure windows that have no label.

        Parameters
        ----------
        windows : Windows
            With the labels of the classes that every split has windows of.
        considered : tuple of str
            The classes that they were chosen from.
        purity : float
            Share of one activity from which a window is pure.
        taxonomy : Taxonomy
            Says which activity is a finer one of which class.
        """
        index = windows.index
        pure = (windows.y < 0) & (index["purity"] >= purity) & ~index["extra"]
        lost = index[pure & index["activity"].notna()]
        names = [taxonomy.lift(name, considered) or str(name) for name in lost["activity"]]
        counts = Counter(zip(names, lost["split"], strict=True))
        found = {name: {split: counts[name, split] for split in SPLITS} for name in set(names)}
        return cls(
            classes={
                name: LeftOut(because=_why(name, by_split, considered), windows=by_split)
                for name, by_split in sorted(found.items())
            }
        )

    @classmethod
    def beside(cls, windows: Path) -> Self:
        """Read those of the windows in a folder."""
        return cls.read(windows) if (windows / cls.FILE).exists() else cls()

    @property
    def sentences(self) -> dict[str, str]:
        """What there was of each, and why it was left out, by class."""
        return {name: str(entry) for name, entry in self.classes.items()}


def _why(name: str, by_split: Mapping[str, int], considered: tuple[str, ...]) -> str:
    if name not in considered:
        return UNSHARED
    without = " and ".join(f"{split} subjects" for split, n in by_split.items() if not n)
    return f"no window of {without}"

"""Which windows training refuses: those of people held out, and those that lack a class."""

from collections.abc import Iterable

from har.data.windows import Windows
from har.errors import DataError


def check_unseen(seen: Iterable[str], windows: Windows, *, what: str) -> None:
    """Refuse subjects that validation or test will measure on.

    Parameters
    ----------
    seen : iterable of str
        Subjects whose windows fit, or have fitted, a model.
    windows : Windows
        With all splits.
    what : str
        Who has seen them, for the message.

    Raises
    ------
    DataError
        Naming the shared subjects.
    """
    index = windows.index
    held_out = set(index.loc[index["split"].isin(["validation", "test"]), "subject_id"])
    if leaked := sorted(set(seen) & held_out):
        raise DataError(
            f"{what} has seen subjects that are held out",
            expected="only training subjects",
            found=", ".join(leaked),
            hint="pretrain and train on the same split as this one",
        )


def check_classes(windows: Windows, *, what: str) -> None:
    """Raise `DataError` if a class of the class set has no window in `windows`."""
    if absent := sorted(set(range(len(windows.classes))) - set(windows.y.tolist())):
        names = ", ".join(windows.classes[i] for i in absent)
        raise DataError(
            f"{what} lack classes",
            expected="labelled windows of every class",
            found=f"none of {names}",
            hint="choose other subjects for the split, or the smaller class set",
        )

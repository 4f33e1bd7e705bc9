"""The training record beside a model: what it has seen, and how it was made.

Times are not part of it but of ``measured.json`` (`har.measured`), so that the same
training gives the same bytes.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from har.data.windows import Windows
from har.errors import DataError, MissingError

RECORD = "training.json"
Seed = TypeVar("Seed", int, str)


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write ``training.json``."""
    (folder / RECORD).write_text(json.dumps(dict(record), indent=1) + "\n")


def read_record(folder: Path) -> dict[str, Any]:
    """Read ``training.json``.

    Raises
    ------
    MissingError
        If the folder has none.
    """
    path = folder / RECORD
    if not path.exists():
        raise MissingError(f"{path}: not there", hint="train the model again")
    record: dict[str, Any] = json.loads(path.read_text())
    return record


def best_seed(records: Mapping[Seed, Mapping[str, Any]]) -> Seed:
    """Return the seed whose training did best on the validation subjects, of equals the first."""
    return max(records, key=lambda seed: float(records[seed]["validation_macro_f1"]))


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

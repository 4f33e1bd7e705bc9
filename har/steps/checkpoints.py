"""Where the files of a checkpoint are: a folder, or a hub's repository at one commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from har.errors import MissingError
from har.models.checkpoint_files import CARD, CONFIG, WEIGHTS, locate, needed_file, own_file
from har.models.record import PretrainingRecord

# By argument of the step that takes them in.
NEEDED = {"config": CONFIG, "weights": WEIGHTS}
OF_OURS = {**NEEDED, "record": PretrainingRecord.FILE}


@dataclass(frozen=True)
class CheckpointFiles:
    """The files of a checkpoint on this machine.

    Attributes
    ----------
    files : mapping of str to Path
        By argument: ``config``, ``weights`` and, where there are, ``record``, ``card``.
    revision : str or None
        The commit of a hub's repository; None of a folder.
    """

    files: Mapping[str, Path]
    revision: str | None


def resolve(named: str, *, ours: bool = False) -> CheckpointFiles:
    """Find the files of a checkpoint.

    Parameters
    ----------
    named : str
        A folder, or a hub's ``owner/name`` or ``owner/name@revision``.
    ours : bool, default=False
        Whether it must be a pretraining of ours, with its record.

    Raises
    ------
    MissingError
        If a file is not there, or the hub cannot be reached.
    DataError
        If a file is a link that leads out of the folder.
    """
    folder, revision = (Path(named), None) if ours else locate(named)
    if ours and any(own_file(folder, name) is None for name in OF_OURS.values()):
        raise _no_pretraining(folder, named)
    files = {role: needed_file(folder, name, named) for role, name in NEEDED.items()}
    more = {"record": PretrainingRecord.FILE, "card": CARD}
    found = {role: own_file(folder, name) for role, name in more.items()}
    files |= {role: path for role, path in found.items() if path}
    return CheckpointFiles(files, revision)


def _no_pretraining(folder: Path, named: str) -> MissingError:
    absent = [name for name in OF_OURS.values() if own_file(folder, name) is None]
    return MissingError(
        f"checkpoint {named}: {', '.join(absent)} not there",
        expected=f"a folder with {', '.join(OF_OURS.values())}",
        hint="`har pretrain` makes one; or set pretrain.checkpoint to own or none",
    )

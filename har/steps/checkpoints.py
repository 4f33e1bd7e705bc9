"""Where the files of a checkpoint are: a folder, or a hub's repository at one commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from har.errors import MissingError
from har.models.record import PretrainingRecord
from har.training.base import CARD, CONFIG, WEIGHTS

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
    """
    folder, revision = Path(named), None
    if not ours and not folder.is_dir():
        folder, revision = _from_hub(named)
    needed = OF_OURS if ours else NEEDED
    if absent := [name for name in needed.values() if not (folder / name).is_file()]:
        raise MissingError(
            f"checkpoint {named}: {', '.join(absent)} not there",
            expected=f"a folder with {', '.join(needed.values())}"
            + ("" if ours else ", or a hub's owner/name with safetensors"),
            hint="`har pretrain` makes one; or set pretrain.checkpoint to own or none"
            if ours
            else None,
        )
    known = {**OF_OURS, "card": CARD}
    files = {role: folder / name for role, name in known.items() if (folder / name).is_file()}
    return CheckpointFiles(files, revision)


def _from_hub(named: str) -> tuple[Path, str]:
    """Return the snapshot of a repository's files, downloaded unless it is there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    repository, _, revision = named.partition("@")
    wanted = [*NEEDED.values(), CARD]
    try:
        folder = Path(
            snapshot_download(repository, revision=revision or None, allow_patterns=wanted)
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise MissingError(
            f"checkpoint {named}: not available",
            expected="a Hugging Face folder or hub id with config.json and model.safetensors",
            found=str(error).splitlines()[0],
        ) from None
    return folder, folder.name

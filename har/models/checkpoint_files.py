"""The files of a checkpoint: a folder's own, or those of a hub's repository at one commit.

A checkpoint may come from anyone. Of its folder two files are read, ``config.json`` and
``model.safetensors``, and ``README.md`` for its licence; never a pickle, never code, never an index
that names other files. A link must stay in the folder.
"""

from collections.abc import Iterator
from pathlib import Path

from har.errors import DataError, MissingError

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
NEEDED = (CONFIG, WEIGHTS)
# Weights in several files, which are not read: the index could name files anywhere.
_INDEX = "model.safetensors.index.json"
_EXPECTED = f"a Hugging Face folder or hub id with {CONFIG} and {WEIGHTS}"


def locate(named: str) -> tuple[Path, str | None]:
    """Return the folder of a checkpoint, and the commit if it is a hub's.

    Parameters
    ----------
    named : str
        A folder, or a hub's ``owner/name`` or ``owner/name@revision``, whose files are downloaded
        unless they are there.

    Raises
    ------
    MissingError
        If there is no such folder, and the hub has no such repository or cannot be reached.
    """
    folder = Path(named)
    return (folder, None) if folder.is_dir() else _from_hub(named)


def own_file(folder: Path, name: str) -> Path | None:
    """Return a file of a folder; None if it is not there.

    Raises
    ------
    DataError
        If it is a link to what is not in the folder.
    """
    path = folder / name
    if not path.is_file():
        return None
    target = path.resolve()
    if not any(target.is_relative_to(home) for home in _homes(folder)):
        raise DataError(
            f"{path}: a link that leads out of the folder",
            expected="a file of the checkpoint itself",
            found=f"a link to {target}",
            hint="copy the file in place of the link, if it is what you mean",
        )
    return path


def needed_file(folder: Path, name: str, named: str) -> Path:
    """Return a file that a checkpoint must have.

    Parameters
    ----------
    folder : Path
        Of the checkpoint.
    name : str
        Of the file.
    named : str
        What the checkpoint is called in errors.

    Raises
    ------
    MissingError
        If it is not there.
    DataError
        If it is a link to what is not in the folder.
    """
    path = own_file(folder, name)
    if path is None:
        in_parts = name == WEIGHTS and (folder / _INDEX).exists()
        raise MissingError(
            f"checkpoint {named}: {name} not there",
            expected=_EXPECTED,
            found=f"{_INDEX}, which names other files" if in_parts else None,
            hint="save the weights in one file: save_pretrained(…, max_shard_size='1TB')"
            if in_parts
            else None,
        )
    return path


def _homes(folder: Path) -> Iterator[Path]:
    """Yield where the files of a folder may lie: a hub's cache keeps a snapshot's beside it."""
    real = folder.resolve()
    yield real
    if real.parent.name == "snapshots":
        yield real.parent.parent / "blobs"


def _from_hub(named: str) -> tuple[Path, str]:
    """Return the snapshot of a repository's files, downloaded unless it is there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    repository, _, revision = named.partition("@")
    try:
        folder = Path(
            snapshot_download(repository, revision=revision or None, allow_patterns=[*NEEDED, CARD])
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise MissingError(
            f"checkpoint {named}: not available",
            expected=_EXPECTED,
            found=str(error).splitlines()[0],
        ) from None
    return folder, folder.name

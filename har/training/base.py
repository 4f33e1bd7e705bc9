"""The checkpoint that a network starts from: taken in once, with what is known of it."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import StrictStr

from har.lineage.typed import TypedFile
from har.models.checkpoint_files import CARD, CONFIG, WEIGHTS
from har.models.record import PretrainingRecord

# Bytes of a model card, and letters of a licence: more are none.
_MOST_CARD, _MOST_LICENCE = 1 << 20, 100


class BaseCheckpoint(TypedFile):
    """What is known of a checkpoint.

    Attributes
    ----------
    refused : str or None
        Why it is not started from; None if it is.
    revision : str or None
        Commit of a hub's repository; None of a folder.
    licence : str or None
        As its card says; None if it does not.
    people : tuple of str or None
        Subjects whose windows it has seen; None if that is not known.
    datasets : tuple of str or None
        Data sets that it has seen; None if that is not known.
    """

    FILE: ClassVar[str] = "checkpoint.json"

    refused: StrictStr | None
    revision: StrictStr | None
    licence: StrictStr | None
    people: tuple[StrictStr, ...] | None
    datasets: tuple[StrictStr, ...] | None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``checkpoint.json``, or what the record of a pretraining of ours says."""
        if (folder / cls.FILE).exists():
            return super().read(folder)
        record = PretrainingRecord.read(folder)
        return cls(
            refused=None,
            revision=None,
            licence=None,
            people=record.subjects,
            datasets=record.datasets,
        )

    @property
    def is_taken(self) -> bool:
        """Whether training starts from it."""
        return self.refused is None


def take(
    out: Path,
    *,
    config: Path,
    weights: Path,
    record: Path | None = None,
    card: Path | None = None,
    revision: str | None = None,
    refused: str | None = None,
) -> None:
    """Copy a checkpoint's files, and write down what is known of it.

    Parameters
    ----------
    out : Path
        Gets ``checkpoint.json`` and, unless it is refused, the files.
    config, weights : Path
        ``config.json`` and ``model.safetensors``.
    record : Path, optional
        ``training.json`` of a pretraining of ours, which names the people seen.
    card : Path, optional
        ``README.md`` of a hub's repository, which names the licence.
    revision : str, optional
        Commit of that repository.
    refused : str, optional
        Why it is not to be started from.
    """
    seen = PretrainingRecord.read(record.parent) if record else None
    BaseCheckpoint(
        refused=refused,
        revision=revision,
        licence=_licence(card) if card else None,
        people=seen.subjects if seen else None,
        datasets=seen.datasets if seen else None,
    ).write(out)
    if refused:
        return
    named = {CONFIG: config, WEIGHTS: weights, PretrainingRecord.FILE: record, CARD: card}
    for name, path in named.items():
        if path:
            shutil.copyfile(path, out / name)


def refuse(out: Path, reason: str) -> None:
    """Write down that there is no checkpoint to start from."""
    BaseCheckpoint(refused=reason, revision=None, licence=None, people=None, datasets=None).write(
        out
    )


def why_not(
    config: dict[str, Any],
    seen: PretrainingRecord,
    *,
    wanted: dict[str, Any],
    held_out: Iterable[str],
    relatives: Iterable[str],
) -> str | None:
    """Return why a bundled encoder does not fit a run, or None if it does.

    Parameters
    ----------
    config : dict
        Its ``config.json``.
    seen : PretrainingRecord
        Whom it has seen.
    wanted : dict
        What its configuration must say.
    held_out : iterable of str
        Validation and test subjects.
    relatives : iterable of str
        Data sets that hold the same people as the run's, under other names.
    """
    config = {"statistics": "all", **config}  # those from before it was a choice have all
    if other := sorted(key for key, value in wanted.items() if config[key] != value):
        return f"it has another {', '.join(other)}"
    if known := sorted(set(relatives) & set(seen.datasets)):
        return f"it has seen {', '.join(known)}, which holds the same people under other names"
    if known := sorted(set(held_out) & set(seen.subjects)):
        return f"it has seen {', '.join(known)}, who are held out"
    return None


def _licence(card: Path) -> str | None:
    """Return the licence that a model card names in its head; None if none can be read."""
    import yaml
    from huggingface_hub.repocard import metadata_load

    if card.stat().st_size > _MOST_CARD:
        return None
    try:
        head = metadata_load(card) or {}
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
    licence = head.get("license") if isinstance(head, dict) else None
    # Whatever else it is, a list of lists of itself among others, it is no name.
    return licence if isinstance(licence, str) and len(licence) <= _MOST_LICENCE else None

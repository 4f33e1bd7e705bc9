"""Checkpoints: where a killed training goes on, written whole or not at all."""

import logging
import os
import zipfile
from pathlib import Path
from typing import Any

import torch

from har.disk import whole

logger = logging.getLogger("har.training")
NAME = "checkpoint.pt"


def write(folder: Path, state: dict[str, Any]) -> None:
    """Write a state of tensors and plain values, in place of the one before.

    After a crash at any moment the folder has the old state or the new one.
    """
    with whole(folder / NAME) as new, new.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path, run: str) -> dict[str, Any] | None:
    """Return the state that is there, if it is whole and of this very run.

    Parameters
    ----------
    folder : Path
        As given to `write`.
    run : str
        What the state's own ``run`` must be.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        with zipfile.ZipFile(path) as file:
            damaged = file.testzip()  # torch does not look at the checksums itself
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever it is, there is nothing to go on from
        damaged, state = repr(error), {}
    if damaged:
        logger.warning("%s is damaged (%s): training starts anew", path, damaged)
        return None
    if state["run"] != run:
        logger.warning("%s is of another training: this one starts anew", path)
        return None
    return state


def remove(folder: Path) -> None:
    """Remove the state when it is needed no more."""
    (folder / NAME).unlink(missing_ok=True)

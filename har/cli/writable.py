"""Folders that a command must be able to write, and a user without a home."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from har.errors import DataError, MissingError


def require_home() -> None:
    """Let the root be the home of a user without one, as containers have it.

    Libraries that look for their settings there would fail when they are imported.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = os.sep


def require_writable(folders: Mapping[str, Path]) -> None:
    """Refuse to begin what could not be written in the end.

    Parameters
    ----------
    folders : mapping of str to Path
        By the name of the setting or variable that says where they are.

    Raises
    ------
    MissingError
        Naming the folder, why it cannot be written, and how to choose another one.
    """
    for setting, folder in folders.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise MissingError(
                f"{folder}: cannot be written",
                found=error.strerror,
                hint=f"choose another folder by {setting}",
            ) from None


def unnamable(error: UnicodeEncodeError) -> DataError | None:
    """Return what to say of a file's name that is not UTF-8; None of any other error."""
    names = re.findall(r"[^\s\"]*[\udc80-\udcff][^\s\"]*", error.object)
    if not names:
        return None
    shown = os.fsencode(names[0]).decode(errors="backslashreplace")
    return DataError(f"{shown}: a name that is not UTF-8", hint="rename the file or folder")

"""A page of measurements in Markdown: how it was made, and tables."""

import platform
import shlex
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from har.disk import write_text
from har.lineage import digest, origin

LIBRARIES = ("numpy", "scikit-learn", "torch", "transformers", "optimum", "onnxruntime")


def made_by(
    seeds: Sequence[int], libraries: Sequence[str] = LIBRARIES, command: str | None = None
) -> list[str]:
    """Return the lines that tell how to make the page again.

    Parameters
    ----------
    seeds : sequence of int
        Of the trainings; none where nothing is trained.
    libraries : sequence of str
        Whose versions count.
    command : str, optional
        What writes the page; default: `har` with its arguments.
    """
    command = command or shlex.join(["har", *sys.argv[1:]])
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    machine = f"{platform.machine()}, {origin.processor()}, Python {platform.python_version()}"
    return [
        f"Written by `{command}`; nothing here is typed by hand.",
        "",
        *([f"- seeds: {', '.join(map(str, seeds))}"] if seeds else []),
        f"- code: SHA-256 `{digest.of_code()[:16]}`{_commit()}",
        f"- libraries: {versions}",
        f"- machine: {machine}",
        "",
    ]


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return the lines of a Markdown table."""
    cells = [[str(cell) for cell in row] for row in rows]
    lines = [columns, ["---"] * len(columns), *cells]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def write(path: Path, lines: Iterable[str]) -> None:
    """Write the page."""
    write_text(path, "\n".join(lines).rstrip() + "\n")


def _commit() -> str:
    """Return the commit, where the code is in a git checkout."""
    for entry in origin.code():
        if sha1 := entry.digest.get("gitCommit"):
            changed = ", changed since" if entry.annotations.get("dirty") else ""
            return f", commit `{sha1[:12]}`{changed}"
    return ""

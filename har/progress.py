"""Progress bars on a terminal's standard error; silent elsewhere."""

import multiprocessing
import sys
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def track(values: Iterable[T], *, what: str, total: int | None = None) -> Iterable[T]:
    """Yield values with a bar, if standard error is a terminal that no other process draws on."""
    if not sys.stderr.isatty() or multiprocessing.parent_process() is not None:
        return values
    from rich.progress import track as bar

    from har.terminal.console import Screen

    return bar(values, what, total=total, console=Screen(stderr=True), transient=True)

"""One line on the log for every finished task."""

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from har.store import Artifact

P = ParamSpec("P")
A = TypeVar("A", Artifact, Artifact | None)
logger = logging.getLogger("har.flows")


def told(step: Callable[P, A]) -> Callable[P, A]:
    """Wrap a step so that it tells whether its output was found or made."""

    @functools.wraps(step)
    def run(*args: P.args, **kwargs: P.kwargs) -> A:
        artifact = step(*args, **kwargs)
        if artifact:
            how = "found in the store" if artifact.reused else f"made in {artifact.seconds:.1f} s"
            logger.info("%-16s %s", artifact.step, how)
        return artifact

    return run

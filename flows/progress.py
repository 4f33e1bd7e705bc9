"""One line on the log for every finished task."""

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

from har.store import Artifact

P = ParamSpec("P")
logger = logging.getLogger("har.flows")


def told(step: Callable[P, Artifact]) -> Callable[P, Artifact]:
    """Wrap a step so that it tells whether its output was found or made."""

    @functools.wraps(step)
    def run(*args: P.args, **kwargs: P.kwargs) -> Artifact:
        artifact = step(*args, **kwargs)
        how = "found in the store" if artifact.reused else f"made in {artifact.seconds:.1f} s"
        logger.info("%-16s %s", artifact.step, how)
        return artifact

    return run

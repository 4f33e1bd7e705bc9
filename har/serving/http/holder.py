"""The current model: read by every request, replaced at once when there is another."""

import logging
import threading

import numpy as np

from har.errors import HarError
from har.serving.served import Served, Source

_log = logging.getLogger(__name__)


class Holder:
    """Holds the served model and looks for another one.

    A request takes `current` once and keeps it to its end, so that no answer is half of one
    model and half of another.

    Parameters
    ----------
    source : Source
        Where models come from.

    Attributes
    ----------
    current : Served
        What is served now.
    problem : HarError or None
        Why the last look brought nothing; None if it did not fail. `current` is served on.
    failures : int
        Looks that failed.

    Raises
    ------
    HarError
        If there is no model to begin with.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.current = _warm(source.load())
        self.problem: HarError | None = None
        self.failures = 0

    def look(self) -> None:
        """Serve another model if there is one; go on with this one if that fails."""
        try:
            newer = self._source.newer(self.current)
            if newer is not None:
                _warm(newer)
        except HarError as error:
            self._note(error)
            return
        except Exception as error:
            _log.exception("cannot look for another model")
            self._note(HarError(f"unexpected: {type(error).__name__}: {error}"))
            return
        if self.problem:
            _log.info("the source of models answers again")
        self.problem = None
        if newer is not None:
            _log.info("now serving %s instead of %s", newer, self.current)
            self.current = newer

    def _note(self, error: HarError) -> None:
        self.failures += 1
        if self.problem is None or self.problem.message != error.message:
            _log.warning("still serving %s: %s", self.current, error.message)
        self.problem = error


class Watcher:
    """Lets a holder look for another model again and again, in a thread of its own.

    Parameters
    ----------
    holder : Holder
        Whose models.
    every_s : float
        Between looks; 0: never.
    """

    def __init__(self, holder: Holder, every_s: float) -> None:
        self._holder, self._every_s = holder, every_s
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin."""
        if self._every_s:
            # A registry that hangs keeps no service from ending.
            threading.Thread(target=self._run, name="har-watcher", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            self._holder.look()


def _warm(served: Served) -> Served:
    """Answer one window, so that the first request waits for nothing."""
    predictor = served.predictor
    predictor.answer(np.zeros((1, predictor.n_samples, len(predictor.channels)), np.float32))
    return served

"""Windows of several requests in one call of the model, outside of the event loop.

While one call runs, requests gather; the next call takes as many of them as a batch holds. A
request that comes alone waits for nobody, unless `wait_ms` says so.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from har.arrays import Float32
from har.models.answers import Answers
from har.serving.served import Served


@dataclass(frozen=True, eq=False)
class _Waiting:
    served: Served
    windows: Float32
    answers: "asyncio.Future[Answers]"


class Batcher:
    """Answers windows, those of several requests at once.

    Parameters
    ----------
    most : int
        Windows of one call.
    wait_s : float
        How long a call waits for more windows.
    observe : callable
        Is told the number of windows of every call.
    """

    def __init__(self, most: int, wait_s: float, observe: Callable[[int], object]) -> None:
        self._most, self._wait_s, self._observe = most, wait_s, observe
        self._waiting: deque[_Waiting] = deque()
        self._running: asyncio.Task[None] | None = None
        self._pool = ThreadPoolExecutor(1, "har-model")

    async def answer(self, served: Served, windows: Float32) -> Answers:
        """Return a model's answers for windows; many are answered a batch at a time.

        Parameters
        ----------
        served : Served
            The model that the request began with.
        windows : ndarray of shape (n_windows, n_samples, n_channels)
            At least one, which fit the model.
        """
        starts = range(0, len(windows), self._most)
        parts = [await self._queued(served, windows[i : i + self._most]) for i in starts]
        return parts[0] if len(parts) == 1 else joined(parts)

    def close(self) -> None:
        """Let the thread end once its call has."""
        self._pool.shutdown(wait=False)

    async def _queued(self, served: Served, windows: Float32) -> Answers:
        loop = asyncio.get_running_loop()
        waiting = _Waiting(served, windows, loop.create_future())
        self._waiting.append(waiting)
        if self._running is None or self._running.done():
            self._running = loop.create_task(self._run())
        return await waiting.answers

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if self._wait_s and sum(len(one.windows) for one in self._waiting) < self._most:
                await asyncio.sleep(self._wait_s)
            batch = self._batch()
            if not batch:
                continue
            try:
                answers = await loop.run_in_executor(self._pool, _call, batch)
            except Exception as error:
                _fail(batch, error)
                continue
            self._observe(len(answers))
            _hand_out(batch, answers)

    def _batch(self) -> list[_Waiting]:
        """Take the longest waiting request, and those behind it that fit into its call."""
        batch: list[_Waiting] = []
        n = 0
        while self._waiting:
            one = self._waiting[0]
            if one.answers.done():  # its client has gone
                self._waiting.popleft()
                continue
            n += len(one.windows)
            if batch and (n > self._most or one.served is not batch[0].served):
                break
            batch.append(self._waiting.popleft())
        return batch


def joined(parts: list[Answers]) -> Answers:
    """Return the answers of several calls as one."""
    return Answers(
        parts[0].classes,
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.distance for part in parts]),
        np.concatenate([part.unknown for part in parts]),
    )


def _call(batch: list[_Waiting]) -> Answers:
    windows = [one.windows for one in batch]
    taken = windows[0] if len(windows) == 1 else np.concatenate(windows)
    return batch[0].served.predictor.answer(taken)


def _hand_out(batch: list[_Waiting], answers: Answers) -> None:
    start = 0
    for one in batch:
        stop = start + len(one.windows)
        if not one.answers.done():
            one.answers.set_result(answers[start:stop])
        start = stop


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for one in batch:
        if not one.answers.done():
            one.answers.set_exception(error)

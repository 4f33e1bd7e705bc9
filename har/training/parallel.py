# mypy: disable-error-code="no-untyped-call"
"""Several processes at one training: each takes its share of every batch.

The step that they take together is the one that a single process would take, but for
batch norm, which sees each process's share, and for dropout, which each draws alone.
"""

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing.queues import SimpleQueue
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessException, spawn

from har.errors import HarError, UsageError

T = TypeVar("T")


def run(work: Callable[[T], None], job: T, *, processes: int, device: str) -> None:
    """Call ``work(job)`` here, or in several new processes that know of one another.

    Parameters
    ----------
    work : callable
        A function of a module.
    job : object
        For several processes it must be one that can be pickled.
    processes : int
        How many.
    device : str
        ``cpu``, where they talk through gloo, or ``cuda``: nccl, and a GPU for each.

    Raises
    ------
    UsageError
        If there are fewer GPUs than processes.
    HarError
        What `work` raises in any of them.
    """
    if processes == 1:
        return work(job)
    if device == "cuda" and processes > torch.cuda.device_count():
        raise UsageError(
            f"finetune.processes={processes}: each needs a GPU of its own",
            found=f"{torch.cuda.device_count()} GPUs",
        )
    errors: SimpleQueue[HarError] = multiprocessing.get_context("spawn").SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        meeting = f"file://{folder}/meeting"
        arguments = (processes, device, meeting, errors, work, job)
        try:
            spawn(_member, arguments, nprocs=processes)
        except ProcessException:
            if errors.empty():
                raise  # else this one only missed the one that failed
    if not errors.empty():
        raise errors.get()
    return None


def share(windows: Tensor, targets: Tensor, accelerator: Accelerator) -> tuple[Tensor, Tensor]:
    """Return this process's part of a batch.

    A batch too small for all leaves some a window of no weight: every process takes
    part in every step, or the others would wait for it.
    """
    place, n = accelerator.process_index, accelerator.num_processes
    if place < len(windows):
        return windows[place::n], targets[place::n]
    return windows[:1], torch.zeros_like(targets[:1])


def sum_gradients(parameters: Sequence[nn.Parameter], accelerator: Accelerator) -> None:
    """Give every process the sum of all processes' gradients.

    By hand, as torch's wrapper for it wants the same parameters to learn in all epochs.
    """
    if accelerator.num_processes == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    for gradient, total in zip(gradients, accelerator.reduce(gradients, "sum"), strict=True):
        gradient.copy_(total)


def _member(place: int, processes: int, device: str, meeting: str, errors: Any, *call: Any) -> None:
    work, job = call
    os.environ |= {
        **{name: str(place) for name in ("RANK", "LOCAL_RANK")},
        **{name: str(processes) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE")},
        "OMP_NUM_THREADS": "1",
    }
    backend = "nccl" if device == "cuda" else "gloo"
    torch.distributed.init_process_group(
        backend, init_method=meeting, rank=place, world_size=processes
    )
    try:
        work(job)
    except HarError as error:
        errors.put(error)
    finally:
        torch.distributed.destroy_process_group()

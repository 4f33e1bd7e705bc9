# mypy: disable-error-code="no-untyped-call"
"""Where and how precisely to compute; seeds."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor, nn

from har.errors import UsageError
from har.training import parallel


@dataclass(frozen=True)
class Compute:
    """A device and a precision.

    Attributes
    ----------
    device : str
        ``cuda`` or ``cpu``.
    precision : str
        ``fp32``, ``bf16`` or ``fp16``.
    """

    device: str
    precision: str

    def accelerator(self) -> Accelerator:
        """Return what computes so; weights stay in float32."""
        # accelerate allows one precision in the life of a process, and we do not.
        AcceleratorState._reset_state(reset_partial_state=True)
        mixed = "no" if self.precision == "fp32" else self.precision
        return Accelerator(cpu=self.device == "cpu", mixed_precision=mixed)


def choose(precision: str = "auto", device: str = "auto") -> Compute:
    """Return the GPU if there is one, and the precision that suits it.

    On a CPU ``auto`` is fp32, whose repeats are bit-equal; on a GPU it is bf16
    where the GPU has it, and fp16 elsewhere.

    Raises
    ------
    UsageError
        If fp16 is asked of a CPU, or a GPU of a machine that has none.
    """
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise UsageError("device cuda: this machine has no usable GPU", hint="device=cpu or auto")
    chosen = ("cuda" if has_gpu else "cpu") if device == "auto" else device
    if precision == "auto":
        on_gpu = "bf16" if has_gpu and torch.cuda.is_bf16_supported() else "fp16"
        precision = on_gpu if chosen == "cuda" else "fp32"
    if chosen == "cpu" and precision == "fp16":
        raise UsageError("precision fp16 needs a GPU", hint="precision=fp32 or bf16")
    return Compute(chosen, precision)


@contextlib.contextmanager
def reproducible(seed: int) -> Iterator[torch.Generator]:
    """Fix torch's random numbers and use one CPU thread within a block.

    One thread gives the same bits on a machine of any size. It is no slower for
    a model this small, and ten times faster than two when a core is busy.

    Yields
    ------
    torch.Generator
        On the CPU, of the same seed.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield torch.Generator().manual_seed(seed)
    finally:
        torch.set_num_threads(threads)


def random_state(accelerator: Accelerator) -> dict[str, Tensor]:
    """Return the state of torch's random numbers, one row for each process that calls."""
    states = {"cpu": torch.get_rng_state()}
    if accelerator.device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state()
    return {
        name: accelerator.gather(state.unsqueeze(0).to(accelerator.device)).cpu()
        for name, state in states.items()
    }


def set_random_state(states: dict[str, Tensor], accelerator: Accelerator) -> None:
    """Bring back this process's row of what `random_state` returned."""
    own = {name: rows[accelerator.process_index].clone() for name, rows in states.items()}
    torch.set_rng_state(own["cpu"])  # a clone: torch reads the wrong bytes of a view
    if "cuda" in own:
        torch.cuda.set_rng_state(own["cuda"])


def prepare(optimizer: torch.optim.Optimizer, accelerator: Accelerator) -> torch.optim.Optimizer:
    """Return an optimizer that takes steps in the accelerator's precision.

    Only fp16, which scales losses, needs accelerate's: it searches the file system for
    a library at every step.
    """
    prepared: torch.optim.Optimizer = (
        accelerator.prepare(optimizer) if accelerator.scaler else optimizer
    )
    return prepared


def step(
    loss: Tensor,
    parameters: Sequence[nn.Parameter],
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler,
    accelerator: Accelerator,
) -> None:
    """Take one step down the sum of all processes' losses, with gradients of norm at most 1."""
    optimizer.zero_grad(set_to_none=True)
    accelerator.backward(loss)
    parallel.sum_gradients(parameters, accelerator)
    accelerator.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    scheduler.step()

"""Where and how precisely to compute; seeds."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from har.errors import UsageError

M = TypeVar("M", bound=nn.Module)
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


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

    def place(self, module: M) -> M:
        """Move a module to the device."""
        return module.to(self.device)

    def autocast(self) -> torch.autocast:
        """Return the context of a forward pass; weights stay in float32."""
        mixed = self.precision != "fp32"
        return torch.autocast(self.device, dtype=_DTYPES[self.precision], enabled=mixed)

    def scaler(self) -> torch.amp.GradScaler:
        """Return the loss scaling that fp16 gradients need, and a no-op for the others."""
        return torch.amp.GradScaler(self.device, enabled=self.precision == "fp16")


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


def step(
    loss: Tensor,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: Any,
    scaler: torch.amp.GradScaler,
) -> None:
    """Take one step down the loss with gradients of norm at most 1."""
    optimizer.zero_grad(set_to_none=True)
    scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
    scheduler.step()

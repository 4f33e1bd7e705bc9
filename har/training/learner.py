# mypy: disable-error-code="no-untyped-call"
"""A model in training, with all that changes while it learns."""

import copy
import math
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import get_cosine_schedule_with_warmup

from har.config import FinetuneSettings
from har.models.network import WindowClassifier
from har.models.record import rank
from har.training import device
from har.training.freeze import Freezing


@dataclass
class Progress:
    """The course of a fine-tuning and its best epoch so far."""

    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, float] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)

    def add(self, entry: dict[str, float], model: nn.Module) -> None:
        """Add an epoch; keep its weights if it is the best: by macro-F1, of equals by loss."""
        self.history.append(entry)
        if not self.best or _rank(entry) > _rank(self.best):
            self.best, self.weights = entry, copy.deepcopy(model.state_dict())

    def stale(self, patience: int) -> bool:
        """Tell whether to stop early: nothing better for `patience` epochs in a row.

        Epochs are counted from the last one that thawed parameters, which need their time.
        """
        if not self.history:
            return False
        learning = self.history[-1]["trainable_parameters"]
        before = [e["epoch"] for e in self.history if e["trainable_parameters"] != learning]
        thawed = 1 + max(before, default=0)
        return len(self.history) - max(self.best["epoch"], thawed) >= patience


class Learner:
    """A model, what moves its weights, and how far it is.

    Parameters
    ----------
    model : WindowClassifier
        Ready to be trained; what requires no gradient stays as it is.
    settings : FinetuneSettings
        Length and strength of the training.
    n_windows : int
        For training.
    accelerator : Accelerator
        Where and how precisely to compute.
    generator : Generator
        Of the order of windows and of augmentation: the same in every process.

    Attributes
    ----------
    passes : int
        How often each window is learned from in one epoch.
    judged : WindowClassifier
        What is measured and saved: the model, or the moving average of its weights.
    """

    def __init__(
        self,
        model: WindowClassifier,
        settings: FinetuneSettings,
        n_windows: int,
        *,
        accelerator: Accelerator,
        generator: torch.Generator,
    ) -> None:
        self.model: WindowClassifier = model.to(accelerator.device)
        self.accelerator, self.generator = accelerator, generator
        self.progress = Progress()
        self.passes = _passes(settings, n_windows)
        epoch_steps = math.ceil(self.passes * n_windows / settings.batch_size)
        self.freezing = Freezing(self.model, settings, epoch_steps)
        self.average = _average(self.model, settings.ema) if settings.ema else None
        self.judged = cast(WindowClassifier, self.average.module) if self.average else self.model
        optimizer = torch.optim.AdamW(
            self.freezing.learnable, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        steps = settings.epochs * epoch_steps
        warmup = round(settings.warmup_ratio * steps)
        self.scheduler = get_cosine_schedule_with_warmup(optimizer, warmup, steps)
        self.optimizer = device.prepare(optimizer, accelerator)

    def step(self, loss: Tensor) -> None:
        """Move the weights, and their average, by one batch."""
        device.step(loss, self.freezing.learnable, self.optimizer, self.scheduler, self.accelerator)
        if self.average:
            self.average.update_parameters(self.model)

    def state_dict(self) -> dict[str, Any]:
        """Return all that decides how the training goes on; for every process to call."""
        return {
            **{name: part.state_dict() for name, part in self._parts().items()},
            "progress": vars(self.progress),
            "generator": self.generator.get_state(),
            "random": device.random_state(self.accelerator),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was called."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.progress = Progress(**state["progress"])
        self.generator.set_state(state["generator"])
        device.set_random_state(state["random"], self.accelerator)

    def _parts(self) -> dict[str, Any]:
        parts = {
            "model": self.model,
            "average": self.average,
            "optimizer": self.optimizer,
            "scheduler": self.scheduler,
            "scaler": self.accelerator.scaler,  # of fp16 alone
        }
        return {name: part for name, part in parts.items() if part is not None}


def _passes(settings: FinetuneSettings, n_windows: int) -> int:
    """Return how often an epoch goes through few windows to reach the least number of steps."""
    wanted = settings.min_steps * settings.batch_size
    return max(1, math.ceil(wanted / (settings.epochs * n_windows)))


def _average(model: nn.Module, decay: float) -> AveragedModel:
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def _rank(entry: dict[str, float]) -> tuple[float, float]:
    return rank(entry["validation_macro_f1"], entry["validation_loss"])

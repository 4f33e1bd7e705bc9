# mypy: disable-error-code="no-untyped-call"
"""Freezing: which parameters learn in which epoch."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from har.config import FinetuneSettings
from har.models.network import WindowClassifier

NORMS = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, _BatchNorm)


class Freezing:
    """A freezing policy for one model.

    The policies count by the model's stages, from its head back: ``none`` of them is
    frozen; only the ``head`` learns; the head and all ``norms``; the head and the
    ``last`` stages; the head alone until ``warmup`` ends, then all; or one stage more
    every few steps, ``gradual`` (Howard & Ruder 2018, Universal language model
    fine-tuning for text classification, ACL). What is in no stage goes with the first.
    Whatever else is as new as the head learns with it: BERT's map from patches.

    Parameters
    ----------
    model : WindowClassifier
        What does not require a gradient now will never learn.
    settings : FinetuneSettings
        Policy, steps and layers.
    epoch_steps : int
        Batches in one epoch.
    """

    def __init__(
        self, model: WindowClassifier, settings: FinetuneSettings, epoch_steps: int
    ) -> None:
        self.model, self.settings, self.epoch_steps = model, settings, epoch_steps
        self.learnable = [p for p in model.parameters() if p.requires_grad]

    def start(self, epoch: int) -> int:
        """Make the model ready to train in an epoch (from 1); return how many numbers learn."""
        learning = {id(p) for module in self._learning(epoch) for p in module.parameters()}
        for parameter in self.learnable:
            parameter.requires_grad_(id(parameter) in learning)
        self.model.train()
        return sum(p.numel() for p in self.learnable if p.requires_grad)

    def _learning(self, epoch: int) -> list[nn.Module]:
        stages = self.model.stages()
        passed = (epoch - 1) * self.epoch_steps
        n = min(n_open(self.settings, passed, len(stages)), len(stages))
        if n == len(stages):
            return [self.model]
        norms = self.model.modules() if self.settings.freeze == "norms" else ()
        return [
            *self.model.new_parts(),
            *stages[len(stages) - n :],
            *(module for module in norms if isinstance(module, NORMS)),
        ]


def n_open(settings: FinetuneSettings, passed: int, n_stages: int) -> int:
    """Return how many stages learn when some steps have passed, counted from the head.

    >>> gradual = FinetuneSettings(freeze="gradual", freeze_steps=100)
    >>> [n_open(gradual, passed, 2) for passed in (0, 150, 200)]
    [0, 1, 2]
    """
    match settings.freeze:
        case "none":
            return n_stages
        case "last":
            return settings.freeze_layers
        case "warmup":
            return n_stages if passed >= settings.freeze_steps else 0
        case "gradual" if settings.freeze_steps == 0:
            return n_stages
        case "gradual":
            return passed // settings.freeze_steps
        case _:
            return 0

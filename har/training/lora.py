# mypy: disable-error-code="no-untyped-call"
"""LoRA: small matrices learn in place of the large ones that they are added to.

Hu et al. (2022), LoRA: low-rank adaptation of large language models, ICLR.
"""

from peft import LoraConfig
from peft.tuners.lora import LoraModel

from har.config import FinetuneSettings
from har.errors import UsageError
from har.models.network import WindowClassifier


def adapt(model: WindowClassifier, settings: FinetuneSettings) -> LoraModel:
    """Add adapters to a model, in place; they and what is new are what learns from now on.

    Raises
    ------
    UsageError
        If the model names no modules for adapters, or freezing would hold them still.
    """
    if not model.lora_targets:
        raise UsageError(
            f"{type(model).__name__} has no place for LoRA",
            found=f"finetune.lora_rank={settings.lora_rank}",
            hint="finetune.lora_rank=0 lets the network's own weights learn",
        )
    if settings.freeze in ("head", "norms"):
        raise UsageError(
            f"finetune.freeze={settings.freeze}: LoRA would never learn",
            found=f"finetune.lora_rank={settings.lora_rank}",
            hint="finetune.lora_rank=0, or another finetune.freeze",
        )
    config = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        target_modules=list(model.lora_targets),
    )
    adapters = LoraModel(model, config, "default")
    for part in model.new_parts():
        part.requires_grad_(True)
    return adapters


def merge(adapters: LoraModel) -> None:
    """Add the adapters to the weights that they adapt, which leaves a plain model."""
    adapters.merge_and_unload()

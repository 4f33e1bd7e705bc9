"""Training records to write where no model is trained."""

from typing import Any

from har.models.record import (
    Epoch,
    NetworkRecord,
    PretrainingEpoch,
    PretrainingRecord,
    TrainingRecord,
)


def epochs(n: int) -> tuple[Epoch, ...]:
    """Return a made-up course of a fine-tuning."""
    return tuple(
        Epoch(
            epoch=e,
            train_loss=1 / e,
            validation_loss=1.1 / e,
            validation_macro_f1=1 - 0.5 / e,
            learning_rate=1e-3,
            trainable_parameters=6,
        )
        for e in range(1, n + 1)
    )


def training(seed: int = 0, **changes: Any) -> TrainingRecord:
    """Return what all trainings record, with some of it changed."""
    facts: dict[str, Any] = {
        "seed": seed,
        "validation_macro_f1": 0.9,
        "subjects": ("s4",),
        "validation_subjects": (),
    }
    return TrainingRecord(**{**facts, **changes})


def fine_tuning(seed: int = 0, **changes: Any) -> NetworkRecord:
    """Return what fine-tuning records, with some of it changed."""
    facts: dict[str, Any] = {
        **training(seed).to_dict(),
        "history": epochs(3),
        "best_epoch": 3,
        "temperature": 1.0,
        "freeze": "none",
        "device": "cpu",
        "precision": "fp32",
        "processes": 1,
        "parameters": 6,
        "trainable_parameters": 6,
    }
    return NetworkRecord(**{**facts, **changes})


def pretraining(**changes: Any) -> PretrainingRecord:
    """Return what pretraining records, with some of it changed."""
    facts: dict[str, Any] = {
        "history": (PretrainingEpoch(epoch=1, loss=0.9), PretrainingEpoch(epoch=2, loss=0.7)),
        "subjects": ("s01",),
        "datasets": ("tiny",),
        "windows": 100,
        "device": "cpu",
        "precision": "fp32",
        "parameters": 6,
    }
    return PretrainingRecord(**{**facts, **changes})

# mypy: disable-error-code="no-untyped-call"
"""Fine-tuning: a new head on the pretrained encoder, judged on the validation subjects."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import Tensor, nn
from transformers import get_cosine_schedule_with_warmup

from har.config import FinetuneSettings
from har.data.windows import Windows
from har.models.network import WindowClassifier
from har.models.record import check_classes, check_unseen, read_record, write_record
from har.progress import track
from har.training import device
from har.training.augment import Augmentation

BATCH = 256  # windows predicted at once


@dataclass
class Progress:
    """The course of a fine-tuning and its best epoch so far."""

    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, float] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)

    def add(self, entry: dict[str, float], model: nn.Module) -> None:
        """Add an epoch; keep its weights if its macro-F1 is the best, or as good at less loss."""
        self.history.append(entry)
        if not self.best or _rank(entry) > _rank(self.best):
            self.best, self.weights = entry, copy.deepcopy(model.state_dict())

    def stale(self, patience: int) -> bool:
        """Tell whether the last `patience` epochs brought nothing better."""
        return len(self.history) - self.best["epoch"] >= patience


def finetune(
    windows: Windows,
    make: Callable[[], WindowClassifier],
    folder: Path,
    *,
    settings: FinetuneSettings,
    seed: int,
    pretrained: Path | None = None,
) -> None:
    """Fine-tune with one seed; write a Hugging Face directory with ``training.json``.

    What is saved is the epoch with the best macro-F1 on the validation subjects;
    of equals, the one with the smaller loss.

    Parameters
    ----------
    windows : Windows
        With training and validation windows.
    pretrained : Path
        As written by `har.training.pretrain.pretrain`.
    folder : Path
        Gets the files.
    settings : FinetuneSettings
        Length, strength, freezing and precision.
    seed : int
        Of the head, the order of windows, dropout and augmentation; on a CPU a
        repeat is bit-equal.

    Raises
    ------
    DataError
        If training or pretraining has seen a held-out subject, or a class has no window.
    MissingError
        If there is no pretrained encoder in its folder.
    """
    start = time.perf_counter()
    train, validation = windows.select("train"), windows.select("validation")
    if pretrained:
        check_unseen(read_record(pretrained)["subjects"], windows, what="the pretrained encoder")
    check_unseen(train.subjects, windows, what="fine-tuning")
    check_classes(train, what="training windows")
    compute = device.choose(settings.precision)
    with device.reproducible(seed) as generator:
        model = compute.place(make())
        progress = _fit(model, train, validation, settings, compute, generator)
    model.load_state_dict(progress.weights)
    freeze(model, settings, epoch=settings.epochs)
    model.save_pretrained(folder)
    record = {
        "seed": seed,
        "history": progress.history,
        "best_epoch": progress.best["epoch"],
        "validation_macro_f1": progress.best["validation_macro_f1"],
        "freeze": settings.freeze,
        **asdict(compute),
        "parameters": sum(p.numel() for p in model.parameters()),
        "trainable_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "subjects": sorted(set(train.subjects.tolist())),
        "validation_subjects": sorted(set(validation.subjects.tolist())),
        "seconds": round(time.perf_counter() - start, 2),
    }
    write_record(folder, record)


def freeze(model: WindowClassifier, settings: FinetuneSettings, epoch: int) -> None:
    """Let the encoder learn in this epoch (from 1), or only the head, as the policy says."""
    frozen = settings.freeze == "head-only" or (
        settings.freeze == "warmup" and epoch <= settings.freeze_epochs
    )
    for stage in model.stages():
        stage.requires_grad_(not frozen)


@torch.no_grad()
def _logits(model: WindowClassifier, X: Tensor) -> Tensor:
    model.eval()
    chunks = [model(chunk.to(model.device)).logits.float().cpu() for chunk in X.split(BATCH)]
    return torch.cat(chunks)


def _fit(
    model: WindowClassifier,
    train: Windows,
    validation: Windows,
    settings: FinetuneSettings,
    compute: device.Compute,
    generator: torch.Generator,
) -> Progress:
    X, y = torch.tensor(train.X), torch.tensor(train.y)
    loss_of = nn.CrossEntropyLoss(
        _class_weights(y, settings.class_weight), label_smoothing=settings.label_smoothing
    ).to(compute.device)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    steps = settings.epochs * math.ceil(len(X) / settings.batch_size)
    warmup = round(settings.warmup_ratio * steps)
    scheduler = get_cosine_schedule_with_warmup(optimizer, warmup, steps)
    scaler, augment, progress = compute.scaler(), Augmentation(), Progress()
    for epoch in track(range(1, settings.epochs + 1), what="fine-tuning"):
        model.train()
        freeze(model, settings, epoch)
        losses = []
        for rows in torch.randperm(len(X), generator=generator).split(settings.batch_size):
            batch = augment(X[rows], generator).to(compute.device)
            with compute.autocast():
                loss = loss_of(model(batch).logits, y[rows].to(compute.device))
            device.step(loss, model, optimizer, scheduler, scaler)
            losses.append(loss.item())
        entry = {"epoch": epoch, "train_loss": float(np.mean(losses))}
        rate = scheduler.get_last_lr()[0]
        progress.add({**entry, **_judge(model, validation), "learning_rate": rate}, model)
        if progress.stale(settings.patience):
            break
    return progress


def _judge(model: WindowClassifier, windows: Windows) -> dict[str, float]:
    logits, y = _logits(model, torch.tensor(windows.X)), torch.tensor(windows.y)
    macro_f1 = f1_score(windows.y, logits.argmax(1).numpy(), average="macro")
    return {
        "validation_loss": float(nn.functional.cross_entropy(logits, y)),
        "validation_macro_f1": float(macro_f1),
    }


def _class_weights(y: Tensor, power: float) -> Tensor:
    """Return inverse class frequencies to a power, averaging 1 over windows."""
    weights = y.bincount().float() ** -power
    return weights / weights[y].mean()


def _rank(entry: dict[str, float]) -> tuple[float, float]:
    return entry["validation_macro_f1"], -entry["validation_loss"]

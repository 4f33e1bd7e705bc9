# mypy: disable-error-code="no-untyped-call"
"""Fine-tuning: any network under a new head, with early stopping on the validation subjects."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate.utils import broadcast
from sklearn.metrics import f1_score
from torch import Tensor
from torch.nn import functional

from har.config import FinetuneSettings
from har.data.windows import Windows
from har.measured import write_measured
from har.models.network import WindowClassifier, logits_of
from har.models.record import Epoch, NetworkRecord
from har.models.temperature import fit_temperature
from har.progress import track
from har.training import augment, checkpoint, device, lora, parallel
from har.training.learner import Learner
from har.training.refuse import check_classes, check_unseen

logger = logging.getLogger("har.training")


@dataclass(frozen=True)
class Job:
    """What each process of a fine-tuning is given."""

    train: Windows
    validation: Windows
    make: Callable[[], WindowClassifier]
    has_scales: bool
    folder: Path
    settings: FinetuneSettings
    seed: int
    compute: device.Compute
    checkpoints: Path | None


def finetune(
    windows: Windows,
    make: Callable[[], WindowClassifier],
    folder: Path,
    *,
    settings: FinetuneSettings,
    seed: int,
    has_scales: bool = False,
    checkpoints: Path | None = None,
) -> None:
    """Fine-tune with one seed; write a Hugging Face directory with ``training.json``.

    What is saved is the epoch with the best macro-F1 on the validation subjects, to
    two decimals; of equals, the one with the smaller loss.

    Parameters
    ----------
    windows : Windows
        With training and validation windows.
    make : callable
        Returns the network, from random weights or pretrained ones, under a new head.
        For several processes it must be one that can be pickled.
    folder : Path
        Gets the files.
    settings : FinetuneSettings
        Length, strength, freezing, precision and processes; with several of them a
        calling script needs its ``if __name__ == "__main__"``.
    seed : int
        Of the head, the order of windows, dropout and augmentation; on a CPU a
        repeat is bit-equal.
    has_scales : bool, default=False
        Whether the network comes with the scales of its preprocessing, as one pretrained
        by us does. Otherwise they are learned from the training windows.
    checkpoints : Path, optional
        Where a killed training leaves what the next call goes on from, to the same bits.

    Raises
    ------
    DataError
        If training has seen a held-out subject, or a class has no window.
    UsageError
        If the settings ask for what the machine or the network does not have.
    """
    train, validation = windows.select("train"), windows.select("validation")
    check_unseen(train.subjects, windows, what="fine-tuning")
    check_classes(train, what="training windows")
    job = Job(
        train=train,
        validation=validation,
        make=make,
        has_scales=has_scales,
        folder=folder,
        settings=settings,
        seed=seed,
        compute=device.choose(settings.precision),
        checkpoints=checkpoints,
    )
    parallel.run(_train, job, processes=settings.processes, device=job.compute.device)


def _train(job: Job) -> None:
    """Do the job, as its only process or as one of several; the first one saves."""
    start = time.perf_counter()
    accelerator = job.compute.accelerator()
    with device.reproducible(job.seed) as generator:
        model = job.make()
        if not job.has_scales:
            model.fit_preprocess(torch.tensor(job.train.X))
        adapters = lora.adapt(model, job.settings) if job.settings.lora_rank else None
        learner = Learner(
            model, job.settings, len(job.train.X), accelerator=accelerator, generator=generator
        )
        if accelerator.process_index:  # dropout of its own
            torch.manual_seed(job.seed + accelerator.process_index)
        _fit(learner, job)
    if not accelerator.is_main_process:
        return
    model.load_state_dict(learner.progress.weights)
    if adapters:
        lora.merge(adapters)
    model.config.softmax_temperature = _temperature(model, job.validation)
    model.save_pretrained(job.folder)
    _record(learner, job).write(job.folder)
    write_measured(job.folder, {"seconds": round(time.perf_counter() - start, 2)})
    if job.checkpoints:
        checkpoint.remove(job.checkpoints)


def _fit(learner: Learner, job: Job) -> None:
    """Train until the last epoch, or until early stopping ends it."""
    run = f"seed {job.seed}, {job.settings.model_dump_json()}"
    if job.checkpoints and (state := checkpoint.read(job.checkpoints, run)):
        learner.load_state_dict(state)
        logger.info("fine-tuning goes on after epoch %d", len(learner.progress.history))
    is_main = learner.accelerator.is_main_process
    epochs = range(len(learner.progress.history) + 1, job.settings.epochs + 1)
    for epoch in track(epochs, what="fine-tuning") if is_main else epochs:
        if learner.progress.stale(job.settings.patience):
            break
        trainable = learner.freezing.start(epoch)
        entry = {
            "epoch": epoch,
            "train_loss": _epoch(learner, job),
            **_judge(learner, job.validation),
            "learning_rate": learner.scheduler.get_last_lr()[0],
            "trainable_parameters": trainable,
        }
        learner.progress.add(entry, learner.judged)
        if job.checkpoints:
            state = {"run": run, **learner.state_dict()}
            if is_main:
                checkpoint.write(job.checkpoints, state)


def _epoch(learner: Learner, job: Job) -> float:
    """Learn from every training window, from few of them often; return the batches' mean loss."""
    settings, accelerator, generator = job.settings, learner.accelerator, learner.generator
    X, y = torch.tensor(job.train.X), torch.tensor(job.train.y)
    targets, weights = functional.one_hot(y).float(), _class_weights(y, settings.class_weight)
    smoothing, losses = settings.label_smoothing, []
    order = torch.cat([torch.randperm(len(X), generator=generator) for _ in range(learner.passes)])
    for rows in order.split(settings.batch_size):
        batch = augment.augment(X[rows], settings.augment, generator, job.train.channels)
        target = targets[rows]
        if settings.augment.mixup:
            batch, target = augment.mix(batch, target, settings.augment.mixup, generator)
        weight = (target @ weights).sum()  # of the whole batch, whatever the share
        target = (1 - smoothing) * target + smoothing / targets.shape[1]
        batch, target = parallel.share(batch, target, accelerator)
        with accelerator.autocast():
            logits = learner.model(batch.to(accelerator.device)).logits
            loss = _loss(logits, target, weights) / weight
        learner.step(loss)
        losses.append(loss.detach())
    total: Tensor = accelerator.reduce(torch.stack(losses).double(), "sum")
    return float(total.mean())


def _loss(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted cross-entropy, summed over windows; targets are probabilities."""
    place = logits.device
    return functional.cross_entropy(logits, target.to(place), weights.to(place), reduction="sum")


def _judge(learner: Learner, windows: Windows) -> dict[str, float]:
    """Return loss and macro-F1 as the first process measures them, in every process."""
    scores = [0.0, 0.0]
    if learner.accelerator.is_main_process:
        logits, y = logits_of(learner.judged, torch.tensor(windows.X)), torch.tensor(windows.y)
        macro_f1 = f1_score(windows.y, logits.argmax(1).numpy(), average="macro")
        scores = [float(functional.cross_entropy(logits, y)), float(macro_f1)]
    shared = torch.tensor(scores, dtype=torch.float64, device=learner.accelerator.device)
    loss, macro_f1 = broadcast(shared).tolist()
    return {"validation_loss": loss, "validation_macro_f1": macro_f1}


def _temperature(model: WindowClassifier, validation: Windows) -> float:
    """Return what makes the confidence on validation subjects believable."""
    logits = logits_of(model, torch.tensor(validation.X)).double().numpy()
    return fit_temperature(logits, validation.y)


def _class_weights(y: Tensor, power: float) -> Tensor:
    """Return inverse class frequencies to a power, averaging 1 over windows."""
    weights = y.bincount().float() ** -power
    return weights / weights[y].mean()


def _record(learner: Learner, job: Job) -> NetworkRecord:
    history = tuple(Epoch.from_dict(entry, "an epoch") for entry in learner.progress.history)
    best = Epoch.from_dict(learner.progress.best, "the best epoch")
    return NetworkRecord(
        seed=job.seed,
        history=history,
        best_epoch=best.epoch,
        validation_macro_f1=best.validation_macro_f1,
        temperature=learner.model.config.softmax_temperature,
        freeze=job.settings.freeze,
        device=job.compute.device,
        precision=job.compute.precision,
        processes=job.settings.processes,
        parameters=sum(p.numel() for p in learner.model.parameters()),
        trainable_parameters=history[-1].trainable_parameters,
        subjects=tuple(sorted(set(job.train.subjects.tolist()))),
        validation_subjects=tuple(sorted(set(job.validation.subjects.tolist()))),
    )

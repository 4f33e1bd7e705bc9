# mypy: disable-error-code="no-untyped-call"
"""Self-supervised pretraining: guess hidden tokens of training subjects' windows."""

import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from transformers import get_cosine_schedule_with_warmup

from har.config import EncoderSettings, PretrainSettings, WindowSettings
from har.data.windows import Windows
from har.models.config import HarEncoderConfig
from har.models.encoder import HarEncoderForPretraining
from har.models.preprocess import Tokens
from har.models.record import check_unseen, write_record
from har.training import device

CHUNK = 256  # windows preprocessed at once
WARMUP = 0.1  # share of the steps in which the learning rate rises


def pretrain(
    windows: Windows,
    folder: Path,
    *,
    settings: PretrainSettings,
    encoder: EncoderSettings,
    window: WindowSettings,
) -> None:
    """Pretrain the encoder and write a Hugging Face directory with ``training.json``.

    Parameters
    ----------
    windows : Windows
        Its training windows are used, labelled or not; labels are never read.
    folder : Path
        Gets the files.
    settings : PretrainSettings
        Length and strength of the training.
    encoder : EncoderSettings
        Size of the model.
    window : WindowSettings
        Length, hop and rate of the windows.

    Raises
    ------
    DataError
        If a training subject is a validation or test subject too.
    """
    start = time.perf_counter()
    train = windows.select("train", labelled=False)
    check_unseen(train.subjects, windows, what="pretraining")
    compute = device.choose(settings.precision)
    with device.reproducible(settings.seed) as generator:
        model = HarEncoderForPretraining(HarEncoderConfig.of(encoder, window))
        tokens = _fit_preprocess(model, torch.tensor(train.X))
        history = _train(model, tokens, settings, compute.accelerator(), generator)
    model.save_pretrained(folder)
    record = {
        "history": history,
        "subjects": sorted(set(train.subjects.tolist())),
        "windows": len(train.X),
        **asdict(compute),
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(time.perf_counter() - start, 2),
    }
    write_record(folder, record)


def _fit_preprocess(model: HarEncoderForPretraining, X: Tensor) -> Tokens:
    """Learn the scales from training windows, and return their tokens once for all epochs."""
    preprocess = model.encoder.preprocess
    preprocess.fit(X.split(CHUNK))
    with torch.no_grad():
        chunks = [preprocess(chunk) for chunk in X.split(CHUNK)]
    return Tokens(*(torch.cat(parts) for parts in zip(*chunks, strict=True)))


def _train(
    model: HarEncoderForPretraining,
    tokens: Tokens,
    settings: PretrainSettings,
    accelerator: Accelerator,
    generator: torch.Generator,
) -> list[dict[str, Any]]:
    n = len(tokens.features)
    optimizer = torch.optim.AdamW(
        model.to(accelerator.device).parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )
    steps = settings.epochs * math.ceil(n / settings.batch_size)
    scheduler = get_cosine_schedule_with_warmup(optimizer, round(WARMUP * steps), steps)
    optimizer = accelerator.prepare(optimizer)
    history = []
    model.train()
    for epoch in device.progress(range(1, settings.epochs + 1), "pretraining"):
        losses = []
        for rows in torch.randperm(n, generator=generator).split(settings.batch_size):
            batch = Tokens(*(part[rows].to(accelerator.device) for part in tokens))
            hide = torch.rand(len(rows), model.encoder.n_tokens, generator=generator)
            mask = (hide < settings.mask_ratio).to(accelerator.device)
            mask[:, 0] = True  # the features tell all the rest: guessed, never seen
            with accelerator.autocast():
                output = model.guess(batch, mask)
            assert output.loss is not None and output.parts is not None
            device.step(output.loss, model, optimizer, scheduler, accelerator)
            losses.append(output.parts)
        parts = torch.stack(losses).mean(0).tolist()
        named = dict(zip(Tokens._fields, parts, strict=True))
        history.append({"epoch": epoch, "loss": sum(parts) / len(parts), **named})
    return history

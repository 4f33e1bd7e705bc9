# mypy: disable-error-code="no-untyped-call"
"""Self-supervised pretraining: contrastive learning with neighbours in time as pairs."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor
from transformers import get_cosine_schedule_with_warmup

from har.config import EncoderSettings, PretrainSettings, WindowGrid
from har.data.windows import Windows
from har.measured import write_measured
from har.models.config import HarEncoderConfig
from har.models.encoder import CHUNK, HarEncoderForPretraining
from har.models.record import PretrainingEpoch, PretrainingRecord
from har.progress import track
from har.training import device
from har.training.augment import augment
from har.training.refuse import check_unseen

# Times that differ by less are equal but for rounding.
CLOSE_S = 1e-6
# Share of the steps in which the learning rate rises.
WARMUP = 0.1


@dataclass(frozen=True)
class Neighbours:
    """Which windows start near which others in the same recording.

    Attributes
    ----------
    first, last : Tensor of shape (n_windows,)
        Rows of each window's first and last neighbour; those between are neighbours too.
    """

    first: Tensor
    last: Tensor

    @classmethod
    def of(cls, windows: Windows, seconds: float) -> "Neighbours":
        """Find the windows that start at most some seconds apart.

        Parameters
        ----------
        windows : Windows
            Those of a recording one after the other, in the order of time.
        seconds : float
            Largest distance of two neighbours' starts, s.
        """
        starts = windows.index["start_s"].to_numpy()
        bounds = np.empty((2, len(starts)), np.int64)
        for rows in windows.index.groupby("recording_id", sort=False).indices.values():
            own = starts[rows]
            bounds[0, rows] = rows[0] + np.searchsorted(own, own - seconds - CLOSE_S)
            bounds[1, rows] = rows[0] + np.searchsorted(own, own + seconds + CLOSE_S) - 1
        return cls(*torch.tensor(bounds))

    def draw(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return a neighbour of each window, itself among them."""
        first, last = self.first[rows], self.last[rows]
        share = torch.rand(len(rows), generator=generator, dtype=torch.float64)
        return first + (share * (last - first + 1)).long()


def pretrain(
    windows: Windows,
    folder: Path,
    *,
    settings: PretrainSettings,
    encoder: EncoderSettings,
    window: WindowGrid,
) -> None:
    """Pretrain the encoder and write a Hugging Face directory with ``training.json``.

    The loss is InfoNCE; `har.models.encoder.HarEncoderForPretraining` has its sources.

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
    window : WindowGrid
        Length, hop and rate of the windows.

    Raises
    ------
    DataError
        If a training subject is a validation or test subject too.
    """
    start = time.perf_counter()
    train = windows.select("train", labelled=False)
    # More windows of short activities would tell of labels.
    train = train.take(np.flatnonzero(~train.index["extra"]))
    check_unseen(train.subjects, windows, what="pretraining")
    compute = device.choose(settings.precision)
    with device.reproducible(settings.seed) as generator:
        model = HarEncoderForPretraining(
            HarEncoderConfig.of(encoder, window, channels=windows.channels)
        )
        X = torch.tensor(train.X)
        model.encoder.preprocess.fit(X.split(CHUNK))
        neighbours = Neighbours.of(train, settings.neighbour_s)
        history = _train(model, X, neighbours, settings, compute.accelerator(), generator)
    model.save_pretrained(folder)
    record = PretrainingRecord(
        history=history,
        subjects=tuple(sorted(set(train.subjects.tolist()))),
        datasets=tuple(sorted(set(train.index["dataset"]))),
        windows=len(train.X),
        device=compute.device,
        precision=compute.precision,
        parameters=sum(p.numel() for p in model.parameters()),
    )
    record.write(folder)
    write_measured(folder, {"seconds": round(time.perf_counter() - start, 2)})


def _train(
    model: HarEncoderForPretraining,
    X: Tensor,
    neighbours: Neighbours,
    settings: PretrainSettings,
    accelerator: Accelerator,
    generator: torch.Generator,
) -> tuple[PretrainingEpoch, ...]:
    parameters = list(model.to(accelerator.device).parameters())
    adamw = torch.optim.AdamW(
        parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    steps = settings.epochs * math.ceil(len(X) / settings.batch_size)
    scheduler = get_cosine_schedule_with_warmup(adamw, round(WARMUP * steps), steps)
    optimizer = device.prepare(adamw, accelerator)
    history, channels = [], model.config.channels
    model.train()
    for epoch in track(range(1, settings.epochs + 1), what="pretraining"):
        losses = []
        for rows in torch.randperm(len(X), generator=generator).split(settings.batch_size):
            pair = (
                augment(X[part], settings.augment, generator, channels).to(accelerator.device)
                for part in (rows, neighbours.draw(rows, generator))
            )
            with accelerator.autocast():
                loss = model(*pair, temperature=settings.temperature).loss
            device.step(loss, parameters, optimizer, scheduler, accelerator)
            losses.append(loss.detach())
        loss = float(torch.stack(losses).mean())
        history.append(PretrainingEpoch(epoch=epoch, loss=loss))
    return tuple(history)

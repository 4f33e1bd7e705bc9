"""A network, fine-tuned with one seed."""

from functools import partial
from pathlib import Path

from har.config import EncoderSettings, FinetuneSettings, NetworkSettings, WindowGrid
from har.data.windows import Windows
from har.models.networks import make_network
from har.store import checkpoints
from har.training.base import BaseCheckpoint
from har.training.finetune import finetune
from har.training.refuse import check_unseen


def train_network(
    out: Path,
    *,
    windows: Path,
    name: str,
    settings: NetworkSettings,
    finetuning: FinetuneSettings,
    window: WindowGrid,
    label_share: float,
    seed: int,
    checkpoint: Path | None = None,
) -> None:
    """Fine-tune on the training subjects' labelled windows, judged by the validation subjects.

    Raises
    ------
    DataError
        If training, or the checkpoint that it starts from, has seen a held-out subject.
    UsageError
        If the checkpoint is made for other channels.
    """
    data = Windows.load(windows).with_labels(label_share, seed)
    start = BaseCheckpoint.read(checkpoint) if checkpoint else None
    if start is None or not start.is_taken:
        start = checkpoint = None
    if start and start.people is not None:
        check_unseen(start.people, data, what="the checkpoint")
    made_for = settings, window, data.classes, data.channels
    finetune(
        data,
        partial(make_network, name, *made_for, checkpoint=checkpoint),
        out,
        settings=finetuning,
        seed=seed,
        has_scales=start is not None and isinstance(settings, EncoderSettings),
        checkpoints=checkpoints(out),
    )

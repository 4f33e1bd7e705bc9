"""A classical model, trained with one seed."""

from pathlib import Path

from har.config import ClassicalSettings, WindowShape
from har.data.windows import Windows
from har.training.classical import train_classical as run


def train_classical(
    out: Path,
    *,
    windows: Path,
    name: str,
    settings: ClassicalSettings,
    window: WindowShape,
    label_share: float,
    seed: int,
) -> None:
    """Train on the training subjects' labelled windows, judged by the validation subjects."""
    data = Windows.load(windows).with_labels(label_share, seed)
    run(name, data, out, settings=settings, window=window, seed=seed)

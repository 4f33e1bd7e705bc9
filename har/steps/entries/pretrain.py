"""An encoder, pretrained without labels."""

from pathlib import Path

from har.config import EncoderSettings, PretrainSettings, WindowGrid
from har.data.windows import Windows
from har.training.pretrain import pretrain as run


def pretrain(
    out: Path,
    *,
    windows: Path,
    settings: PretrainSettings,
    encoder: EncoderSettings,
    window: WindowGrid,
) -> None:
    """Pretrain on the training subjects' windows, labelled or not."""
    run(Windows.load(windows), out, settings=settings, encoder=encoder, window=window)

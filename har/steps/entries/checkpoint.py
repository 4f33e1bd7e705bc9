"""The bundled encoder, taken in where it fits; any other checkpoint is taken as it is."""

import json
from pathlib import Path

from har.config import EncoderSettings, WindowGrid
from har.data.assignment import Assignment
from har.models.catalogue import SIZES
from har.models.config import HarEncoderConfig
from har.models.record import PretrainingRecord
from har.training import base


def bundled_if_it_fits(
    out: Path,
    *,
    split: Path,
    config: Path,
    weights: Path,
    record: Path,
    card: Path,
    encoder: EncoderSettings,
    window: WindowGrid,
    relatives: tuple[str, ...],
) -> None:
    """Take the bundled encoder, unless it has another size or has seen who is held out."""
    sizes = HarEncoderConfig.of(encoder, window).to_dict()
    refused = base.why_not(
        json.loads(config.read_text(encoding="utf-8")),
        PretrainingRecord.read(record.parent),
        wanted={key: sizes[key] for key in SIZES},
        held_out=Assignment.read(split).held_out,
        relatives=relatives,
    )
    base.take(out, config=config, weights=weights, record=record, card=card, refused=refused)

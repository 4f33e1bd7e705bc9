"""The bundled encoder of the windows' channels; any other checkpoint is taken as it is."""

import json
from collections.abc import Mapping
from pathlib import Path

from har.config import EncoderSettings, WindowGrid
from har.data.assignment import Assignment
from har.data.channels import ChannelChoice, sensors_of
from har.errors import MissingError
from har.models.catalogue import SIZES
from har.models.config import HarEncoderConfig
from har.models.record import PretrainingRecord
from har.training import base


def bundled(out: Path, *, windows: Path, **files: Path) -> None:
    """Take the bundled encoder of the windows' channels, whomever it has seen.

    Raises
    ------
    MissingError
        If none is bundled for them.
    """
    choice = ChannelChoice.beside(windows)
    own = _of(choice, files)
    if not own:
        raise MissingError(
            f"no encoder of this size is bundled for {choice.what}",
            hint="`har pretrain` makes one; or set pretrain.checkpoint to own or none",
        )
    _take(out, own)


def bundled_if_it_fits(
    out: Path,
    *,
    windows: Path,
    split: Path,
    encoder: EncoderSettings,
    window: WindowGrid,
    relatives: tuple[str, ...],
    **files: Path,
) -> None:
    """Take the bundled encoder of the windows' channels, unless it does not fit the run.

    It does not if it has another size, or has seen who is held out. The files of all
    bundled encoders are named ``<sensors>/<role>``.
    """
    choice = ChannelChoice.beside(windows)
    own = _of(choice, files)
    if not own:
        return base.refuse(out, f"none of this size is bundled for {choice.what}")
    sizes = HarEncoderConfig.of(encoder, window, channels=choice.channels).to_dict()
    refused = base.why_not(
        json.loads(own["config"].read_text(encoding="utf-8")),
        PretrainingRecord.read(own["record"].parent),
        wanted={key: sizes[key] for key in SIZES},
        held_out=Assignment.read(split).held_out,
        relatives=relatives,
    )
    _take(out, own, refused)


def _take(out: Path, own: Mapping[str, Path], refused: str | None = None) -> None:
    base.take(
        out,
        config=own["config"],
        weights=own["weights"],
        record=own["record"],
        card=own.get("card"),
        refused=refused,
    )


def _of(choice: ChannelChoice, files: Mapping[str, Path]) -> dict[str, Path]:
    """Return the files of one bundled encoder by role; none if there is no such encoder.

    All of them have seen acceleration with gravity.
    """
    if not choice.gravity:
        return {}
    sensors = sensors_of(choice.channels)
    parts = {name: name.rpartition("/") for name in files}
    return {role: files[name] for name, (of, _, role) in parts.items() if of == sensors}

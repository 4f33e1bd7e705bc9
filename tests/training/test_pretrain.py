"""Pretraining: it learns, says whom it saw, and refuses held-out people."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from har.config import EncoderSettings, PretrainSettings, WindowSettings
from har.data.windows import Windows
from har.errors import DataError
from har.models.encoder import HarEncoderForPretraining
from har.training.pretrain import pretrain

SETTINGS = PretrainSettings(epochs=6, batch_size=32, learning_rate=3e-3)
ENCODER = EncoderSettings(hidden_size=32, layers=1)


def run(windows: Windows, folder: Path) -> None:
    """Pretrain a small encoder for a few epochs."""
    pretrain(windows, folder, settings=SETTINGS, encoder=ENCODER, window=WindowSettings())


def test_the_loss_falls_on_labelled_and_unlabelled_windows(small: Windows, tmp_path: Path) -> None:
    """Guessing gets better, and the record has every training window and subject."""
    run(small, tmp_path)
    record = json.loads((tmp_path / "training.json").read_text())
    losses = [entry["loss"] for entry in record["history"]]
    assert losses[-1] < 0.9 * losses[0]
    assert record["subjects"] == ["hapt-01", "hapt-03"]
    assert record["windows"] == (small.index["split"] == "train").sum()
    assert record["windows"] > len(small.select("train").X)
    model = HarEncoderForPretraining.from_pretrained(tmp_path)
    assert model.config.hidden_size == 32


def test_a_repeat_is_bit_equal_and_labels_are_not_read(small: Windows, tmp_path: Path) -> None:
    """The same seed gives the same bytes, whatever the labels say."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    run(small, first)
    run(replace(small, y=np.full_like(small.y, -1)), second)
    name = "model.safetensors"
    assert (first / name).read_bytes() == (second / name).read_bytes()


def test_a_held_out_subject_is_refused(small: Windows, tmp_path: Path) -> None:
    """A validation subject's window among the training windows stops it."""
    index = small.index.copy()
    index.loc[np.flatnonzero(index["split"] == "validation")[0], "split"] = "train"
    with pytest.raises(DataError, match=r"pretraining has seen[^§]*hapt-07"):
        run(replace(small, index=index), tmp_path)
    assert not list(tmp_path.iterdir())

"""Pretraining: it learns, says whom it saw, and refuses held-out people."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from content import content

from har.config import EncoderSettings, PretrainSettings, WindowSettings
from har.data.windows import Windows
from har.errors import DataError
from har.models.encoder import HarEncoderForPretraining
from har.training.pretrain import Neighbours, pretrain

SETTINGS = PretrainSettings(epochs=6, batch_size=32, learning_rate=3e-3)
ENCODER = EncoderSettings(hidden_size=32, layers=1)


def run(windows: Windows, folder: Path) -> None:
    """Pretrain a small encoder for a few epochs."""
    pretrain(windows, folder, settings=SETTINGS, encoder=ENCODER, window=WindowSettings())


def test_the_loss_falls_on_labelled_and_unlabelled_windows(small: Windows, tmp_path: Path) -> None:
    """Telling gets better; the record has every training window of the grid and its subject."""
    run(small, tmp_path)
    record = json.loads((tmp_path / "training.json").read_text())
    losses = [entry["loss"] for entry in record["history"]]
    assert losses[-1] < 0.9 * losses[0]
    assert (record["subjects"], record["datasets"]) == (["hapt-01", "hapt-03"], ["hapt"])
    on_grid = small.index[(small.index["split"] == "train") & ~small.index["extra"]]
    assert record["windows"] == len(on_grid)
    assert set(on_grid["purity"] < 1) == {True, False}
    model = HarEncoderForPretraining.from_pretrained(tmp_path)
    assert model.config.hidden_size == 32


def test_neighbours_are_near_in_time_and_of_the_same_recording(small: Windows) -> None:
    """Every draw starts at most the distance away; a distance of 0 leaves the window itself."""
    windows = small.select("train", labelled=False)
    rows, generator = torch.arange(len(windows.y)), torch.Generator().manual_seed(0)
    near = Neighbours.of(windows, 5.12)
    drawn = torch.stack([near.draw(rows, generator) for _ in range(20)])
    start, recording = (windows.index[c].to_numpy() for c in ("start_s", "recording_id"))
    assert (recording[drawn] == recording).all()
    assert np.abs(start[drawn] - start).max() <= 5.12 + 1e-6
    assert (drawn != rows).any()
    assert torch.equal(Neighbours.of(windows, 1e-9).draw(rows, generator), rows)


def test_a_repeat_is_bit_equal_and_labels_are_not_read(small: Windows, tmp_path: Path) -> None:
    """The same seed gives the same bytes, whatever the labels say."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    run(small, first)
    run(replace(small, y=np.full_like(small.y, -1)), second)
    assert content(first) == content(second)


def test_a_held_out_subject_is_refused(small: Windows, tmp_path: Path) -> None:
    """A validation subject's window among the training windows stops it."""
    index = small.index.copy()
    index.loc[np.flatnonzero(index["split"] == "validation")[0], "split"] = "train"
    with pytest.raises(DataError, match=r"pretraining has seen[^§]*hapt-07"):
        run(replace(small, index=index), tmp_path)
    assert not list(tmp_path.iterdir())

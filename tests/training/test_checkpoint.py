"""Checkpoints: a killed training goes on to the same bits; a damaged one is not believed."""

import logging
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from har.data.windows import Windows
from har.training import checkpoint

Tune = Callable[..., Path]
CHANGES = {"epochs": 3, "freeze": "gradual", "ema": 0.9, "augment": {"mixup": 0.2}}
STATE = {"run": "a", "weights": {"w": torch.arange(1000.0)}, "epoch": 2}

KILLED = """
import os, signal
from functools import partial
from pathlib import Path
from har.config import EncoderSettings, FinetuneSettings, WindowGrid
from har.data.windows import Windows
from har.models.networks import make_network
from har.training import checkpoint
from har.training.finetune import finetune

write = checkpoint.write

def write_and_die(folder, state):
    write(folder, state)
    os.kill(os.getpid(), signal.SIGKILL)

checkpoint.write = write_and_die
windows = Windows.load(Path("windows"))
finetune(
    windows,
    partial(make_network, "encoder-small", EncoderSettings(), WindowGrid(), windows.classes,
            checkpoint=Path({pretrained!r})),
    Path("out"),
    settings=FinetuneSettings(
        min_steps=0, freeze_steps=1, batch_size=32, learning_rate=3e-3, **{changes!r}
    ),
    seed=0,
    has_scales=True,
    checkpoints=Path("checkpoints"),
)
"""


def test_a_killed_training_goes_on_to_the_same_bits(
    tune: Tune, small: Windows, pretrained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After kill -9 behind its first checkpoint, the rest gives what one go would have given."""
    for name in ("windows", "out"):
        Path(name).mkdir()
    small.save(Path("windows"))
    program = textwrap.dedent(KILLED).format(pretrained=str(pretrained), changes=CHANGES)
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not list(Path("out").iterdir())
    with caplog.at_level(logging.INFO, "har.training"):
        resumed = tune(checkpoints=Path("checkpoints"), **CHANGES)
    assert "goes on after epoch 1" in caplog.text
    whole = tune(**CHANGES)
    name = "model.safetensors"
    assert (resumed / name).read_bytes() == (whole / name).read_bytes()
    assert not list(Path("checkpoints").iterdir())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Tensors and plain values come back, and the newest state takes the place of the old."""
    checkpoint.write(tmp_path, {**STATE, "epoch": 1})
    checkpoint.write(tmp_path, STATE)
    state = checkpoint.read(tmp_path, "a")
    assert state is not None
    assert state["epoch"] == 2
    assert torch.equal(state["weights"]["w"], torch.arange(1000.0))
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.NAME]


@pytest.mark.parametrize("damage", ["cut short", "one bit", "not a checkpoint"])
def test_a_damaged_checkpoint_is_said_and_not_used(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever happened to the file, training starts anew."""
    checkpoint.write(tmp_path, STATE)
    path = tmp_path / checkpoint.NAME
    data = bytearray(path.read_bytes())
    place = data.find(torch.arange(1000.0).numpy().tobytes())
    data[place + 50] ^= 1
    path.write_bytes({"cut short": data[:-100], "one bit": data}.get(damage, b"nothing"))
    assert checkpoint.read(tmp_path, "a") is None
    assert "is damaged" in caplog.text


def test_a_checkpoint_of_another_training_is_said_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Other settings or another seed make it another training."""
    assert checkpoint.read(tmp_path, "a") is None
    assert not caplog.text
    checkpoint.write(tmp_path, STATE)
    assert checkpoint.read(tmp_path, "b") is None
    assert "of another training" in caplog.text

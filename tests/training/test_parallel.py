"""Two processes at one training give what one would give."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from har.config import EncoderSettings, FinetuneSettings, ModelSettings, WindowGrid
from har.data.windows import Windows
from har.errors import UsageError
from har.models.networks import make_network
from har.models.trained_network import TrainedNetwork
from har.training import parallel
from har.training.finetune import finetune

EXACT = EncoderSettings(hidden_size=32, dropout=0.0, token_dropout=0.0)


def run(windows: Windows, folder: Path, **changes: Any) -> tuple[list[dict[str, float]], Any]:
    """Fine-tune from random weights without dropout; return the history and the weights."""
    folder.mkdir()
    finetune(
        windows,
        partial(make_network, "encoder-small", EXACT, WindowGrid(), windows.classes),
        folder,
        settings=FinetuneSettings(epochs=3, min_steps=0, freeze_steps=1, **changes),
        seed=0,
    )
    history = json.loads((folder / "training.json").read_text())["history"]
    return history, TrainedNetwork.load(folder).network.state_dict()


def test_two_processes_do_what_one_does(small: Windows, tmp_path: Path) -> None:
    """Losses within 1e-5 and weights within 1e-4, though a last batch of one cannot be shared."""
    n = len(small.select("train").X)
    batch_size = next(size for size in range(40, n) if n % size == 1)
    one, weights = run(small, tmp_path / "one", batch_size=batch_size)
    two, shared = run(small, tmp_path / "two", batch_size=batch_size, processes=2)
    assert len(one) == len(two)
    for key in ("train_loss", "validation_loss", "trainable_parameters"):
        assert [e[key] for e in two] == pytest.approx([e[key] for e in one], abs=1e-5)
    for name, values in weights.items():
        torch.testing.assert_close(shared[name], values, atol=1e-4, rtol=0)


def test_an_error_of_ours_comes_out_of_a_process_as_it_is() -> None:
    """The user reads the message and not another process's traceback."""
    with pytest.raises(UsageError, match="no such model") as caught:
        parallel.run(ModelSettings().of, "nothing", processes=2, device="cpu")
    assert caught.value.found == "nothing"


def test_each_process_wants_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes on one GPU would only be slower."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UsageError, match=r"processes=2[^§]*1 GPU"):
        parallel.run(print, "gpu", processes=2, device="cuda")

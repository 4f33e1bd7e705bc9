"""A small pretrained encoder, a small network without training, and fine-tuning of both."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from har.config import (
    EncoderSettings,
    FinetuneSettings,
    PretrainSettings,
    WindowGrid,
)
from har.data.windows import Windows
from har.models.network import WindowClassifier
from har.models.networks import make_network
from har.training.finetune import finetune
from har.training.pretrain import pretrain

SETTINGS = FinetuneSettings(
    epochs=5, min_steps=0, freeze_steps=1, batch_size=32, learning_rate=3e-3
)
Tune = Callable[..., Path]


@pytest.fixture(scope="session")
def pretrained(small: Windows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small encoder for one epoch."""
    folder = tmp_path_factory.mktemp("pretrained")
    pretrain(
        small,
        folder,
        settings=PretrainSettings(epochs=1, batch_size=64),
        encoder=EncoderSettings(hidden_size=32, layers=1),
        window=WindowGrid(),
    )
    return folder


@pytest.fixture(scope="session")
def tune(small: Windows, pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Tune:
    """Return a function that fine-tunes with some changed settings and returns the folder."""

    def run(
        windows: Windows = small,
        pretrained: Path = pretrained,
        *,
        seed: int = 0,
        checkpoints: Path | None = None,
        **changes: Any,
    ) -> Path:
        folder = tmp_path_factory.mktemp("tuned")
        finetune(
            windows,
            partial(
                make_network,
                "encoder-small",
                EncoderSettings(),
                WindowGrid(),
                windows.classes,
                checkpoint=pretrained,
            ),
            folder,
            settings=FinetuneSettings.model_validate({**SETTINGS.model_dump(), **changes}),
            seed=seed,
            has_scales=True,
            checkpoints=checkpoints,
        )
        return folder

    return run


@pytest.fixture
def network(small: Windows) -> WindowClassifier:
    """Make an encoder of two layers with random weights and fitted scales."""
    torch.manual_seed(0)
    settings = EncoderSettings(hidden_size=32, layers=2)
    made = make_network("encoder-small", settings, WindowGrid(), small.classes)
    made.fit_preprocess(torch.tensor(small.select("train").X))
    return made

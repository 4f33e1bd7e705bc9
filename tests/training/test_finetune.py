"""Fine-tuning: it learns, repeats, freezes, stops, and refuses what leaks."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from content import content
from sklearn.metrics import f1_score

from har.config import EncoderSettings, FinetuneSettings, WindowGrid
from har.data.windows import Windows
from har.errors import DataError
from har.models.encoder import HarEncoderForPretraining
from har.models.networks import make_network
from har.models.trained_network import TrainedNetwork
from har.training.finetune import finetune
from har.training.learner import Progress

Tune = Callable[..., Path]
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def tuned(tune: Tune) -> Path:
    """Fine-tune a classifier for a few epochs."""
    return tune()


def record_of(folder: Path) -> dict[str, Any]:
    """Return the training record."""
    record: dict[str, Any] = json.loads((folder / "training.json").read_text())
    return record


def each(folder: Path, key: str) -> list[float]:
    """Return one number of each epoch."""
    return [entry[key] for entry in record_of(folder)["history"]]


def test_it_knows_the_activities_of_someone_new(tuned: Path, small: Windows) -> None:
    """After five epochs on two subjects it is far better than chance on a third."""
    validation = small.select("validation")
    probabilities = TrainedNetwork.load(tuned).predict_proba(validation.X)
    macro_f1 = f1_score(validation.y, probabilities.argmax(1), average="macro")
    assert macro_f1 > 0.6
    record = record_of(tuned)
    assert record["validation_macro_f1"] == pytest.approx(macro_f1)
    assert record["best_epoch"] in each(tuned, "epoch")
    assert record["validation_subjects"] == ["hapt-07"]
    assert TrainedNetwork.load(tuned).network.config.id2label[0] == "walking"


def test_the_same_seed_is_bit_equal_and_another_is_not(tuned: Path, tune: Tune) -> None:
    """A repeat gives the same bytes in every file; a seed is worth something."""
    assert content(tune()) == content(tuned)
    assert (tune(seed=1) / WEIGHTS).read_bytes() != (tuned / WEIGHTS).read_bytes()


def test_without_pretraining_the_scales_are_the_training_windows_own(
    small: Windows, tmp_path: Path
) -> None:
    """A network from random weights learns too, on scales that no other window has touched."""
    settings = EncoderSettings(hidden_size=32)
    make = partial(make_network, "encoder-small", settings, WindowGrid(), small.classes)
    tuning = FinetuneSettings(
        epochs=3, min_steps=0, freeze="none", batch_size=32, learning_rate=3e-3
    )
    finetune(small, make, tmp_path, settings=tuning, seed=0)
    assert each(tmp_path, "train_loss")[-1] < 0.9 * each(tmp_path, "train_loss")[0]
    expected = make()
    expected.fit_preprocess(torch.tensor(small.select("train").X))
    found = TrainedNetwork.load(tmp_path).network.state_dict()
    scales = {k: v for k, v in expected.state_dict().items() if "_scale." in k}
    assert len(scales) == 6
    assert all(torch.equal(found[name], scale) for name, scale in scales.items())


@pytest.mark.parametrize(("policy", "moves"), [("head", False), ("warmup", False), ("none", True)])
def test_frozen_parameters_do_not_move(
    tune: Tune, pretrained: Path, policy: str, moves: bool
) -> None:
    """In its first epoch only the policy without freezing changes the encoder."""
    tuned = tune(freeze=policy, epochs=1)
    before = HarEncoderForPretraining.from_pretrained(pretrained).encoder.state_dict()
    after = TrainedNetwork.load(tuned).network.encoder.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before) == moves
    assert (record_of(tuned)["trainable_parameters"] < 1000) != moves


def test_the_record_says_how_many_parameters_learned_in_each_epoch(tuned: Path) -> None:
    """After a warmup of one epoch the whole model learns."""
    first, *rest = each(tuned, "trainable_parameters")
    record = record_of(tuned)
    assert first == 33 * 6  # the head
    assert {record["trainable_parameters"], *rest} == {record["parameters"]}


def test_mixed_precision_learns_too(tune: Tune) -> None:
    """In bf16 the result is about as good, and its saved weights are float32."""
    tuned = tune(precision="bf16")
    assert record_of(tuned)["precision"] == "bf16"
    assert record_of(tuned)["validation_macro_f1"] > 0.6
    assert {p.dtype for p in TrainedNetwork.load(tuned).network.parameters()} == {torch.float32}


def test_everything_at_once_learns(tune: Tune) -> None:
    """Every augmentation, an average of the weights, and layers that thaw one by one."""
    augment = {"any_rotation": 0.2, "time_warp": 0.1, "axis_dropout": 0.2, "sensor_dropout": 0.1}
    tuned = tune(augment={**augment, "mixup": 0.2}, ema=0.9, freeze="gradual", freeze_steps=12)
    assert record_of(tuned)["validation_macro_f1"] > 0.4
    assert len(set(each(tuned, "trainable_parameters"))) == 3


def test_the_average_is_what_is_measured_and_saved(tune: Tune, tuned: Path, small: Windows) -> None:
    """A moving average leaves the training alone, and its score is the saved model's own."""
    averaged = tune(ema=0.95)
    assert each(averaged, "train_loss") == each(tuned, "train_loss")
    assert each(averaged, "validation_loss") != each(tuned, "validation_loss")
    validation = small.select("validation")
    predicted = TrainedNetwork.load(averaged).predict_proba(validation.X).argmax(1)
    macro_f1 = f1_score(validation.y, predicted, average="macro")
    assert record_of(averaged)["validation_macro_f1"] == pytest.approx(macro_f1)


def test_few_windows_are_gone_through_often(tune: Tune, tuned: Path) -> None:
    """As many epochs, but more steps in each: what it is to learn it knows far better."""
    often = tune(min_steps=120)
    assert len(each(often, "epoch")) == len(each(tuned, "epoch"))
    assert each(often, "train_loss")[-1] < 0.8 * each(tuned, "train_loss")[-1]


def test_early_stopping_stops(tune: Tune) -> None:
    """Without a learning rate nothing gets better, and patience runs out."""
    record = record_of(tune(learning_rate=1e-30, patience=2, freeze="none"))
    assert record["best_epoch"] == 1
    assert len(record["history"]) == 3


def test_nothing_stops_before_everything_learns(tune: Tune, small: Windows) -> None:
    """Patience starts anew in epoch 3, when the head's two epochs alone are over."""
    steps = math.ceil(len(small.select("train").X) / 32)
    record = record_of(tune(epochs=9, learning_rate=1e-30, patience=2, freeze_steps=steps + 1))
    assert len(record["history"]) == 5


def test_of_equal_epochs_the_one_with_less_loss_is_kept() -> None:
    """Ties in macro-F1, to two decimals, go to the smaller loss."""
    progress, model = Progress(), torch.nn.Linear(1, 1)
    for epoch, macro_f1, loss in ((1, 0.8, 0.5), (2, 0.9, 0.4), (3, 0.898, 0.3), (4, 0.9, 0.35)):
        entry = {"epoch": epoch, "validation_macro_f1": macro_f1, "validation_loss": loss}
        progress.add(entry, model)
    assert progress.best["epoch"] == 3


def test_a_class_without_windows_is_refused(tune: Tune, small: Windows) -> None:
    """A class that nobody trained is named."""
    y = np.where(small.y == 5, -1, small.y)
    with pytest.raises(DataError, match="lying"):
        tune(replace(small, y=y))

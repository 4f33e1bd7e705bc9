"""Fine-tuning: it learns, repeats, freezes, stops, and refuses what leaks."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from har.config import (
    EncoderSettings,
    FinetuneSettings,
    PretrainSettings,
    Settings,
    WindowSettings,
)
from har.data.windows import Windows
from har.errors import DataError, MissingError
from har.models.encoder import HarEncoderForPretraining
from har.models.networks import make_network
from har.models.trained_network import TrainedNetwork
from har.training.finetune import Progress, finetune
from har.training.pretrain import pretrain

SETTINGS = FinetuneSettings(epochs=5, batch_size=32, learning_rate=3e-3)


@pytest.fixture(scope="module")
def pretrained(small: Windows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small encoder for one epoch."""
    folder = tmp_path_factory.mktemp("pretrained")
    pretrain(
        small,
        folder,
        settings=PretrainSettings(epochs=1, batch_size=64),
        encoder=EncoderSettings(hidden_size=32, layers=1),
        window=WindowSettings(),
    )
    return folder


@pytest.fixture(scope="module")
def tuned(small: Windows, pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fine-tune a classifier for a few epochs."""
    return run(small, pretrained, tmp_path_factory.mktemp("tuned"))


def run(windows: Windows, pretrained: Path, folder: Path, *, seed: int = 0, **changes: Any) -> Path:
    """Fine-tune with the tests' settings and some changes; return the folder."""
    folder.mkdir(exist_ok=True)
    finetune(
        windows,
        lambda: make_network("encoder-small", Settings(), windows.classes, pretrained=pretrained),
        folder,
        settings=SETTINGS.model_copy(update=changes),
        seed=seed,
        pretrained=pretrained,
    )
    return folder


def record_of(folder: Path) -> dict[str, Any]:
    """Return the training record."""
    record: dict[str, Any] = json.loads((folder / "training.json").read_text())
    return record


def test_it_knows_the_activities_of_someone_new(tuned: Path, small: Windows) -> None:
    """After five epochs on two subjects it is far better than chance on a third."""
    validation = small.select("validation")
    probabilities = TrainedNetwork.load(tuned).predict_proba(validation.X)
    macro_f1 = f1_score(validation.y, probabilities.argmax(1), average="macro")
    assert macro_f1 > 0.6
    record = record_of(tuned)
    assert record["validation_macro_f1"] == pytest.approx(macro_f1)
    assert record["best_epoch"] in [entry["epoch"] for entry in record["history"]]
    assert record["validation_subjects"] == ["hapt-07"]
    assert TrainedNetwork.load(tuned).network.config.id2label[0] == "walking"


def test_the_same_seed_is_bit_equal_and_another_is_not(
    tuned: Path, small: Windows, pretrained: Path, tmp_path: Path
) -> None:
    """A repeat gives the same bytes; a seed is worth something."""
    name = "model.safetensors"
    again = run(small, pretrained, tmp_path / "again")
    other = run(small, pretrained, tmp_path / "other", seed=1)
    assert (again / name).read_bytes() == (tuned / name).read_bytes()
    assert (other / name).read_bytes() != (tuned / name).read_bytes()


@pytest.mark.parametrize(
    ("policy", "moves"), [("head-only", False), ("warmup", False), ("none", True)]
)
def test_frozen_parameters_do_not_move(
    small: Windows, pretrained: Path, tmp_path: Path, policy: str, moves: bool
) -> None:
    """In its first epoch only the policy without freezing changes the encoder."""
    tuned = run(small, pretrained, tmp_path / "tuned", freeze=policy, epochs=1)
    before = HarEncoderForPretraining.from_pretrained(pretrained).encoder.state_dict()
    after = TrainedNetwork.load(tuned).network.encoder.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before) == moves
    assert (record_of(tuned)["trainable_parameters"] < 1000) != moves


def test_the_encoder_thaws_after_the_warmup(
    small: Windows, pretrained: Path, tmp_path: Path
) -> None:
    """From the second epoch on the whole model learns."""
    tuned = run(small, pretrained, tmp_path / "tuned", freeze="warmup", epochs=2)
    record = record_of(tuned)
    assert record["trainable_parameters"] == record["parameters"]


def test_mixed_precision_learns_too(small: Windows, pretrained: Path, tmp_path: Path) -> None:
    """In bf16 the result is about as good, and its saved weights are float32."""
    tuned = run(small, pretrained, tmp_path / "tuned", precision="bf16")
    assert record_of(tuned)["precision"] == "bf16"
    assert record_of(tuned)["validation_macro_f1"] > 0.6
    assert {p.dtype for p in TrainedNetwork.load(tuned).network.parameters()} == {torch.float32}


def test_early_stopping_stops(small: Windows, pretrained: Path, tmp_path: Path) -> None:
    """Without a learning rate nothing gets better, and patience runs out."""
    tuned = run(small, pretrained, tmp_path / "tuned", learning_rate=0.0, patience=2)
    record = record_of(tuned)
    assert record["best_epoch"] == 1
    assert len(record["history"]) == 3


def test_of_equal_epochs_the_one_with_less_loss_is_kept() -> None:
    """Ties in macro-F1 go to the smaller loss."""
    progress, model = Progress(), torch.nn.Linear(1, 1)
    for epoch, macro_f1, loss in ((1, 0.8, 0.5), (2, 0.9, 0.4), (3, 0.9, 0.3), (4, 0.9, 0.35)):
        entry = {"epoch": epoch, "validation_macro_f1": macro_f1, "validation_loss": loss}
        progress.add(entry, model)
    assert progress.best["epoch"] == 3


def test_a_pretrained_encoder_that_saw_a_held_out_subject_is_refused(
    small: Windows, pretrained: Path, tmp_path: Path
) -> None:
    """The checkpoint's own record gives it away."""
    leaky = tmp_path / "leaky"
    shutil.copytree(pretrained, leaky)
    record = record_of(leaky)
    (leaky / "training.json").write_text(json.dumps({**record, "subjects": ["hapt-02"]}))
    with pytest.raises(DataError, match=r"pretrained encoder[^§]*hapt-02"):
        run(small, leaky, tmp_path / "tuned")


def test_an_encoder_without_a_record_is_refused(
    small: Windows, pretrained: Path, tmp_path: Path
) -> None:
    """Nobody knows whom it has seen."""
    bare = tmp_path / "bare"
    shutil.copytree(pretrained, bare, ignore=shutil.ignore_patterns("training.json"))
    with pytest.raises(MissingError, match=r"training\.json"):
        run(small, bare, tmp_path / "tuned")


def test_a_class_without_windows_is_refused(
    small: Windows, pretrained: Path, tmp_path: Path
) -> None:
    """A class that nobody trained is named."""
    y = np.where(small.y == 5, -1, small.y)
    with pytest.raises(DataError, match="lying"):
        run(replace(small, y=y), pretrained, tmp_path / "tuned")

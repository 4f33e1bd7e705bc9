"""What a network starts from is taken in by a step of its own, with what is known of it."""

import json
import shutil
from pathlib import Path

import pytest
from alone import worn_twice
from runs import MakeRun
from transformers import BertConfig, BertModel

from har.config import WindowGrid
from har.data.recording import ACC
from har.data.windows import Windows
from har.errors import DataError, MissingError, UsageError
from har.models import catalogue
from har.models.network import WindowClassifier
from har.models.networks import load_network
from har.steps.checkpoints import resolve
from har.steps.entries.checkpoint import bundled, bundled_if_it_fits
from har.training.base import BaseCheckpoint

ENCODER = ("candidates=['encoder-small']", "seeds=[0]")
QUICK = ("finetune.epochs=1", "finetune.min_steps=0")


def test_the_bundled_encoder_is_taken_where_it_fits(run: MakeRun) -> None:
    """It has seen none of whom this split holds out, and comes with the record of whom it saw."""
    folder = run(*ENCODER)["pretrain-encoder-small"].path
    known = BaseCheckpoint.read(folder)
    assert known.is_taken
    assert known.people is not None
    assert "hapt-01" in known.people
    assert not {"hapt-02", "hapt-07"} & set(known.people)
    assert (known.datasets, known.licence) == (("hapt",), "cc-by-4.0")
    weights = catalogue.bundled("encoder-small", "acc+gyro") / "model.safetensors"
    assert (folder / "model.safetensors").read_bytes() == weights.read_bytes()
    assert weights.stat().st_size < 2_000_000


@pytest.mark.parametrize("asked", ["auto", "bundled"])
def test_acceleration_alone_has_an_encoder_of_its_own(run: MakeRun, asked: str) -> None:
    """The one for the windows' channels is taken, and a training starts from it."""
    words = (*ENCODER, *QUICK, "window.channels=acc", f"pretrain.checkpoint={asked}")
    made = run(*words, "labels.share=0.05")
    folder = made["pretrain-encoder-small"].path
    weights = catalogue.bundled("encoder-small", "acc") / "model.safetensors"
    assert (folder / "model.safetensors").read_bytes() == weights.read_bytes()
    assert weights.stat().st_size < 2_000_000
    known = BaseCheckpoint.read(folder)
    assert known.people is not None
    assert not {"hapt-02", "hapt-07"} & set(known.people)
    network = load_network(made["train-encoder-small-0"].path)
    assert network.config.channels == list(ACC)


def test_a_checkpoint_of_other_channels_is_refused(run: MakeRun) -> None:
    """What was pretrained on both sensors is not started from with one of them."""
    other = catalogue.bundled("encoder-small", "acc+gyro")
    words = (*ENCODER, *QUICK, "window.channels=acc", f"pretrain.checkpoint={other}")
    with pytest.raises(UsageError, match="made for other windows"):
        run(*words)["train-encoder-small-0"]


def test_a_size_that_is_not_bundled_is_told(run: MakeRun) -> None:
    """Asked for by name it is missing; otherwise training starts from random weights."""
    words = ("candidates=['encoder-nano']", "seeds=[0]")
    assert run(*words).plan.start_of("encoder-nano") is None
    with pytest.raises(MissingError, match="no encoder of this size is bundled"):
        run(*words, "pretrain.checkpoint=bundled")["pretrain-encoder-nano"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("split.validation_subjects=['hapt-01']", "seen hapt-01, who are held out"),
        ("window.length_s=5.12", "another n_samples"),
        ("models.encoder_small.hidden_size=32", "another hidden_size, intermediate_size"),
    ],
)
def test_it_is_left_where_it_does_not_fit(run: MakeRun, change: str, why: str) -> None:
    """Who is tested was seen in its pretraining, or the model has another size."""
    folder = run(*ENCODER, change)["pretrain-encoder-small"].path
    known = BaseCheckpoint.read(folder)
    assert not known.is_taken
    assert why in str(known.refused)
    assert not (folder / "model.safetensors").exists()


def test_random_weights_are_no_step(run: MakeRun) -> None:
    """Neither asked for as such, nor of a model that is not pretrained."""
    plans = [run(*ENCODER, "pretrain.checkpoint=none").plan, run("candidates=['svm']").plan]
    assert [plan.start_of("encoder-small") for plan in plans] == [None, None]


def test_a_folder_must_hold_a_pretraining_of_ours(run: MakeRun, tmp_path: Path) -> None:
    """Nobody knows whom an encoder without its record has seen."""
    bare = tmp_path / "bare"
    skipped = shutil.ignore_patterns("training.json")
    shutil.copytree(catalogue.bundled("encoder-small", "acc+gyro"), bare, ignore=skipped)
    with pytest.raises(MissingError, match=r"training\.json not there"):
        run(*ENCODER, f"pretrain.checkpoint={bare}")


def test_a_checkpoint_that_saw_a_held_out_subject_is_refused(run: MakeRun, tmp_path: Path) -> None:
    """The checkpoint's own record gives it away."""
    leaky = tmp_path / "leaky"
    shutil.copytree(catalogue.bundled("encoder-small", "acc+gyro"), leaky)
    record = json.loads((leaky / "training.json").read_text())
    (leaky / "training.json").write_text(json.dumps({**record, "subjects": ["hapt-02"]}))
    with pytest.raises(DataError, match=r"the checkpoint[^§]*hapt-02"):
        run(*ENCODER, *QUICK, f"pretrain.checkpoint={leaky}")["train-encoder-small-0"]


def save_bert(folder: Path, fill: float) -> Path:
    """Save a tiny BERT, all of whose embeddings of positions are one number."""
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
    model = BertModel(BertConfig(vocab_size=20, intermediate_size=8, **sizes))
    model.embeddings.position_embeddings.weight.data.fill_(fill)
    model.save_pretrained(folder)
    return folder


def test_other_weights_under_the_same_name_are_trained_anew(run: MakeRun, tmp_path: Path) -> None:
    """A checkpoint counts by its bytes; what nobody stated of it is unknown."""
    words = (
        "candidates=['bert']",
        "seeds=[0]",
        *(*QUICK, "finetune.freeze=head", "labels.share=0.05"),
        f"models.bert.checkpoint={save_bert(tmp_path / 'bert', 0.25)}",
    )
    first = run(*words)
    known = BaseCheckpoint.read(first["checkpoint-bert"].path)
    assert (known.is_taken, known.people, known.licence) == (True, None, None)
    assert positions(first["train-bert-0"].path) == {0.25}
    assert run(*words)["train-bert-0"].reused
    save_bert(tmp_path / "bert", 0.75)
    again = run(*words)
    assert not again["train-bert-0"].reused
    assert positions(again["train-bert-0"].path) == {0.75}


def positions(folder: Path) -> set[float]:
    """Return the values of a fine-tuned BERT's embeddings of positions."""
    network: WindowClassifier = load_network(folder)
    weight = network.get_parameter("backbone.embeddings.position_embeddings.weight")
    return set(weight.flatten().tolist())


def test_a_hub_that_cannot_be_reached_is_a_missing_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error says what was looked for, and no other file is tried."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(MissingError, match="nobody/nothing@main: not available"):
        resolve("nobody/nothing@main")


def test_no_encoder_is_bundled_for_several_placements(
    run: MakeRun, small: Windows, tmp_path: Path
) -> None:
    """A training then starts from random weights, and says why; asked for, it is an error."""
    worn_twice(small).choice.write(tmp_path)
    made = run(*ENCODER)
    step, files = made.plan.steps["pretrain-encoder-small"], made["split"].path
    given = {"encoder": step.settings["encoder"], "window": WindowGrid(), "relatives": ()}
    (tmp_path / "out").mkdir()
    at = {"windows": tmp_path, **step.files}
    bundled_if_it_fits(tmp_path / "out", split=files, **given, **at)
    known = BaseCheckpoint.read(tmp_path / "out")
    assert not known.is_taken
    assert "at wrist; acceleration alone at chest" in str(known.refused)
    with pytest.raises(MissingError, match=r"bundled for .* at wrist"):
        bundled(tmp_path / "out", **at)

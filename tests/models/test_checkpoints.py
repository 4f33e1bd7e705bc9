"""Networks around somebody's pretrained weights: what is kept, what is new, what is refused."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertModel,
    GPT2Config,
    PatchTSMixerConfig,
    PatchTSMixerForPretraining,
    PatchTSTConfig,
    PatchTSTForPretraining,
    PreTrainedModel,
)

from har.config import BertSettings, PatchTstSettings, WindowSettings
from har.errors import DataError, MissingError, UsageError
from har.models import networks
from har.models.backbones import (
    BackboneClassifier,
    BertForActivityRecognition,
    PatchTsMixerForActivityRecognition,
    PatchTstForActivityRecognition,
    from_checkpoint,
    make_bert,
    make_patchtst,
)

CLASSES = ("lying", "sitting", "walking")
SERIES: dict[str, Any] = {
    "context_length": 128,
    "patch_length": 16,
    "patch_stride": 16,
    "d_model": 16,
    "num_input_channels": 3,
}
BERT = BertConfig(
    vocab_size=50,
    hidden_size=16,
    intermediate_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    max_position_embeddings=20,
)


def load(folder: Path, patch: int = 16) -> BackboneClassifier:
    """Make a classifier for default windows around a checkpoint."""
    return from_checkpoint(str(folder), WindowSettings(), CLASSES, patch=patch, dropout=0.1)


@pytest.mark.parametrize(
    ("pretrained", "kind"),
    [
        (
            PatchTSTForPretraining(PatchTSTConfig(**SERIES, do_mask_input=True)),
            PatchTstForActivityRecognition,
        ),
        (
            PatchTSMixerForPretraining(PatchTSMixerConfig(**SERIES)),
            PatchTsMixerForActivityRecognition,
        ),
        (BertForMaskedLM(BERT), BertForActivityRecognition),
    ],
    ids=["patchtst", "patchtsmixer", "bert"],
)
def test_backbone_is_carried_over_and_the_head_is_new(
    pretrained: PreTrainedModel, kind: type[BackboneClassifier], tmp_path: Path
) -> None:
    """Weights are the checkpoint's, in float32, for six channels and without a scale of its own."""
    pretrained.half().save_pretrained(tmp_path / "checkpoint")
    model = load(tmp_path / "checkpoint").eval()
    assert type(model) is kind
    before, after = pretrained.base_model.state_dict(), model.backbone.state_dict()
    kept = {name for name in after if torch.equal(before[name].float(), after[name])}
    assert set(after) - kept <= {"embeddings.word_embeddings.weight"}
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert getattr(model.config.backbone_config, "scaling", None) is None
    windows = torch.randn(4, 128, 6)
    logits = model(windows).logits
    assert logits.shape == (4, 3)
    model.save_pretrained(tmp_path / "classifier")
    assert torch.equal(networks.load_network(tmp_path / "classifier")(windows).logits, logits)


def test_settings_name_the_checkpoint(tmp_path: Path) -> None:
    """The checkpoint's sizes hold instead of the settings'; its model_type decides."""
    BertForMaskedLM(BERT).save_pretrained(tmp_path)
    settings = PatchTstSettings(checkpoint=str(tmp_path))
    model = make_patchtst(settings, WindowSettings(), CLASSES)
    assert isinstance(model, BertForActivityRecognition)
    assert model.config.backbone_config.hidden_size == 16
    assert list(model.config.id2label.values()) == list(CLASSES)


def test_a_head_that_is_not_taken_is_no_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is told of a pooler or a language model's head, and others hear as before."""
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    BertForMaskedLM(BERT).save_pretrained(tmp_path)
    load(tmp_path)
    assert caplog.text == ""
    BertModel.from_pretrained(tmp_path)
    assert "Some weights" in caplog.text


def test_other_lengths_are_refused(tmp_path: Path) -> None:
    """Positions are learned for one length: both lengths are named."""
    PatchTSTForPretraining(PatchTSTConfig(**SERIES)).save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="is made for other windows") as refusal:
        from_checkpoint(
            str(tmp_path), WindowSettings(length_s=1.28), CLASSES, patch=16, dropout=0.1
        )
    assert refusal.value.expected == "windows of 128 samples"
    assert refusal.value.found == "64, as window.length_s and window.rate_hz say"


def test_other_channels_are_refused_where_each_has_its_weights(tmp_path: Path) -> None:
    """Without shared weights three channels cannot be six."""
    config = PatchTSMixerConfig(**SERIES, mode="mix_channel")
    PatchTSMixerForPretraining(config).save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="is made for other windows") as refusal:
        load(tmp_path)
    assert refusal.value.expected == "3 channels, each with weights of its own"
    assert refusal.value.found == "6"


def test_more_patches_than_positions_are_refused(tmp_path: Path) -> None:
    """BERT knows so many positions and no more."""
    BertForMaskedLM(BERT).save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="is made for other windows"):
        load(tmp_path, patch=4)


def test_other_networks_are_refused(tmp_path: Path) -> None:
    """The message names what it is and what it could be."""
    GPT2Config().save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="not a network that can be loaded here") as refusal:
        load(tmp_path)
    assert refusal.value.found == "gpt2"
    assert refusal.value.expected == "model_type patchtst, patchtsmixer, bert"


def test_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    """A folder that is not there is no traceback of the hub's."""
    settings = BertSettings(checkpoint=str(tmp_path / "nothing"))
    with pytest.raises(MissingError, match="not available"):
        make_bert(settings, WindowSettings(), CLASSES)


def test_pickled_weights_are_not_loaded(tmp_path: Path) -> None:
    """Only safetensors: a pickle could run code."""
    BERT.save_pretrained(tmp_path)
    torch.save(BertForMaskedLM(BERT).state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(MissingError, match=r"model\.safetensors not there"):
        load(tmp_path)


def test_lacking_weights_are_refused(tmp_path: Path) -> None:
    """What transformers would fill in at random is no checkpoint."""
    small = BertConfig(**{**BERT.to_dict(), "num_hidden_layers": 1})
    BertForMaskedLM(small).save_pretrained(tmp_path)
    BERT.save_pretrained(tmp_path)
    with pytest.raises(DataError, match="lacks weights") as refusal:
        load(tmp_path)
    assert "encoder.layer.1.attention.output.LayerNorm.bias" in str(refusal.value.found)

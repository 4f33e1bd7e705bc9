"""The encoder: size, saving, what is inside the graph, and the same numbers in ONNX."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn
from transformers import AutoModel, AutoModelForSequenceClassification

from har.data.windows import Windows
from har.models.catalogue import bundled
from har.models.config import HarEncoderConfig
from har.models.encoder import (
    HarEncoder,
    HarEncoderForActivityRecognition,
    HarEncoderForPretraining,
)


@pytest.fixture(scope="module")
def model(small: Windows) -> HarEncoderForActivityRecognition:
    """Make a classifier with random weights and scales fitted to real windows."""
    torch.manual_seed(0)
    config = HarEncoderConfig(
        id2label=dict(enumerate(small.classes)),
        label2id={name: i for i, name in enumerate(small.classes)},
    )
    classifier = HarEncoderForActivityRecognition(config)
    classifier.encoder.preprocess.fit([torch.tensor(small.select("train").X)])
    classifier.eval()
    return classifier


@pytest.fixture(scope="module")
def windows(small: Windows) -> torch.Tensor:
    """Real windows of the validation subject."""
    return torch.tensor(small.select("validation").X[:32])


def test_it_is_small(model: HarEncoderForActivityRecognition) -> None:
    """At most 350,000 parameters, so that a phone can hold it."""
    assert sum(p.numel() for p in model.parameters()) <= 350_000


def test_saving_and_loading_is_bit_equal(
    model: HarEncoderForActivityRecognition, windows: torch.Tensor, tmp_path: Path
) -> None:
    """Safetensors brings back every bit, the fixed matrices included."""
    model.save_pretrained(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.json", "model.safetensors"]
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert isinstance(loaded, HarEncoderForActivityRecognition)
    assert torch.equal(loaded.eval()(windows).logits, model(windows).logits)


def test_the_configuration_says_what_goes_in_and_out(
    model: HarEncoderForActivityRecognition, small: Windows, tmp_path: Path
) -> None:
    """Channels, units, rate, length and class names survive a round trip."""
    model.config.save_pretrained(tmp_path)
    config = HarEncoderConfig.from_pretrained(tmp_path)
    assert list(config.id2label.values()) == list(small.classes)
    assert config.channels == ["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]
    assert config.units["acc_x"] == "m/s2"
    assert config.units["gyro_z"] == "rad/s"
    assert (config.n_samples, config.n_hop, config.rate_hz) == (128, 64, 50.0)


def test_the_pretrained_encoder_is_carried_over_and_the_head_is_new(tmp_path: Path) -> None:
    """from_pretrained takes the encoder's weights and scales, silently making a head."""
    pretrained = HarEncoderForPretraining(HarEncoderConfig())
    pretrained.encoder.preprocess.feature_scale.mean.fill_(7.0)
    pretrained.save_pretrained(tmp_path)
    classifier = HarEncoderForActivityRecognition.from_pretrained(tmp_path, num_labels=5)
    before, after = pretrained.encoder.state_dict(), classifier.encoder.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert classifier.head[-1].weight.shape == (5, 64)
    assert isinstance(AutoModel.from_pretrained(tmp_path), HarEncoder)


def test_the_loss_is_cross_entropy(
    model: HarEncoderForActivityRecognition, windows: torch.Tensor
) -> None:
    """With labels the output has the loss too."""
    labels = torch.zeros(len(windows), dtype=torch.long)
    output = model(windows, labels=labels)
    assert torch.equal(output.loss, nn.functional.cross_entropy(output.logits, labels))
    assert model(windows).loss is None


def test_scales_are_learned_from_the_windows_given(
    model: HarEncoderForActivityRecognition, small: Windows
) -> None:
    """Tokens of training windows have mean about 0 and are clipped."""
    tokens = model.encoder.preprocess(torch.tensor(small.select("train").X))
    for part in tokens:
        assert part.abs().max() <= 3.0
        assert part.mean().abs() < 0.1
    assert [part.shape[1] for part in tokens] == [1, 8, 3]


def test_hidden_tokens_do_not_reach_the_encoder(model: HarEncoderForActivityRecognition) -> None:
    """What is under the mask does not change the hidden states."""
    tokens = model.encoder.preprocess(torch.randn(2, 128, 6))
    mask = torch.zeros(2, model.encoder.n_tokens, dtype=torch.bool)
    mask[:, 3] = True
    changed = tokens._replace(patches=tokens.patches.clone())
    changed.patches[:, 2] += 1.0
    assert torch.equal(model.encoder.encode(tokens, mask), model.encoder.encode(changed, mask))
    assert not torch.equal(model.encoder.encode(tokens), model.encoder.encode(changed))


def test_tokens_are_dropped_in_training_only(
    model: HarEncoderForActivityRecognition, windows: torch.Tensor
) -> None:
    """Two passes differ in training and are the same after it."""
    assert torch.equal(model(windows).logits, model(windows).logits)
    model.train()
    assert not torch.equal(model(windows).logits, model(windows).logits)
    model.eval()


def test_preprocessing_stays_in_full_precision(
    model: HarEncoderForActivityRecognition, windows: torch.Tensor
) -> None:
    """Under autocast the tokens are those of float32, bit for bit."""
    seen: list[torch.Tensor] = []
    hook = model.encoder.preprocess.register_forward_hook(
        lambda _module, _inputs, tokens: seen.append(tokens.spectra)
    )
    model(windows)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model(windows)
    hook.remove()
    assert torch.equal(*seen)


class Probabilities(nn.Module):
    """The classifier as it is exported."""

    def __init__(self, classifier: HarEncoderForActivityRecognition) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Return probabilities of raw windows."""
        logits: torch.Tensor = self.classifier(windows).logits
        return logits.softmax(1)


def test_onnx_gives_the_same_probabilities(
    model: HarEncoderForActivityRecognition, windows: torch.Tensor, tmp_path: Path
) -> None:
    """All preprocessing is in the graph, for any number of windows."""
    path = tmp_path / "encoder.onnx"
    torch.onnx.export(
        Probabilities(model).eval(),
        (windows[:2],),
        str(path),
        input_names=["windows"],
        output_names=["probabilities"],
        dynamic_axes={"windows": {0: "batch"}, "probabilities": {0: "batch"}},
        opset_version=18,
        dynamo=False,
    )
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (windows, windows[:1]):
        (found,) = session.run(None, {"windows": batch.numpy()})
        np.testing.assert_allclose(found, model(batch).logits.softmax(1).detach(), atol=1e-4)


def test_the_first_token_alone_is_that_of_all(
    model: HarEncoderForActivityRecognition, windows: torch.Tensor
) -> None:
    """What the last layer leaves out changes nothing that is read, with one layer or two."""
    torch.manual_seed(0)
    for encoder in (model.encoder, HarEncoder(HarEncoderConfig(num_hidden_layers=2)).eval()):
        with torch.inference_mode():
            expected = encoder(windows)[:, 0]
            torch.testing.assert_close(encoder.first(windows), expected, rtol=1e-4, atol=1e-5)


def test_a_checkpoint_from_before_is_whole() -> None:
    """Matrices that follow from the configuration had other names: none is missed or wrong."""
    folder = bundled("encoder-small", "acc+gyro")
    loaded, found = HarEncoderForPretraining.from_pretrained(folder, output_loading_info=True)
    assert not found["missing_keys"]
    assert not found["unexpected_keys"]
    fresh = dict(HarEncoderForPretraining(loaded.config).named_buffers())
    waves = {name: buffer for name, buffer in loaded.named_buffers() if "waves" in name}
    assert waves
    for name, buffer in waves.items():
        assert torch.equal(buffer, fresh[name]), name

"""Models of acceleration alone: every kind of them, saved, loaded and as ONNX."""

from pathlib import Path

import numpy as np
import pytest
import torch
from alone import acceleration_of

from har.config import (
    LogisticSettings,
    ModelSettings,
    PatchTsMixerSettings,
    PatchTstSettings,
    WindowGrid,
)
from har.data.recording import ACC
from har.data.windows import Windows
from har.errors import UsageError
from har.models import catalogue
from har.models.catalogue import MODELS, NETWORKS
from har.models.interface import load_model
from har.models.networks import load_network, make_network
from har.models.runtime import OnnxModel
from har.training.classical import train_classical

KINDS = tuple({MODELS[name].network: name for name in NETWORKS}.values())


@pytest.fixture(scope="module")
def alone(small: Windows) -> Windows:
    """Real windows without their angular velocity."""
    return acceleration_of(small)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_network_reads_acceleration_alone(
    name: str, alone: Windows, tmp_path: Path
) -> None:
    """Three channels in; the saved configuration says so, and the graph takes no more."""
    torch.manual_seed(0)
    section, X = ModelSettings().network(name), torch.tensor(alone.select("validation").X[:8])
    network = make_network(name, section, WindowGrid(), alone.classes, ACC)
    network.fit_preprocess(torch.tensor(alone.select("train").X))
    expected = network.eval()(X).logits
    network.save_pretrained(tmp_path)
    loaded = load_network(tmp_path)
    assert torch.equal(loaded(X).logits, expected)
    assert loaded.config.channels == list(ACC)
    assert loaded.config.units == dict.fromkeys(ACC, "m/s2")
    load_model(tmp_path).to_onnx(tmp_path / "model.onnx")
    model = OnnxModel(tmp_path / "model.onnx")
    assert model.window_shape == (128, 3)
    np.testing.assert_allclose(
        model.predict_proba(X.numpy()), expected.softmax(1).detach().numpy(), atol=1e-4
    )


def test_a_classical_model_reads_acceleration_alone(alone: Windows, tmp_path: Path) -> None:
    """Named features and convolutions of it, the same when loaded and in the graph."""
    settings = LogisticSettings(convolutions=168, c_grid=(0.03,), copies=1)
    train_classical("minirocket", alone, tmp_path, settings=settings, window=WindowGrid(), seed=0)
    model, test = load_model(tmp_path), alone.select("test")
    probabilities = model.predict_proba(test.X)
    assert np.mean(probabilities.argmax(1) == test.y) > 0.6
    model.to_onnx(tmp_path / "model.onnx")
    graph = OnnxModel(tmp_path / "model.onnx")
    assert graph.window_shape == (128, 3)
    np.testing.assert_allclose(graph.predict_proba(test.X), probabilities, atol=1e-3)


def test_a_checkpoint_of_other_channels_is_refused() -> None:
    """An encoder of both sensors cannot read acceleration alone."""
    checkpoint = catalogue.bundled("encoder-small", "acc+gyro")
    section = ModelSettings().network("encoder-small")
    with pytest.raises(UsageError, match="made for other windows") as caught:
        make_network("encoder-small", section, WindowGrid(), ("a", "b"), ACC, checkpoint=checkpoint)
    assert caught.value.expected == "acceleration and angular velocity"
    assert caught.value.found == "acceleration alone"


def test_a_checkpoint_whose_channels_share_their_weights_is_taken_for_three(
    tmp_path: Path,
) -> None:
    """PatchTST looks at each channel alike, so that there may be fewer than before."""
    settings = PatchTstSettings(hidden_size=8, heads=2, layers=1)
    network = make_network("patchtst", settings, WindowGrid(), ("a", "b"))
    network.backbone.save_pretrained(tmp_path / "shared")
    own = settings.model_copy(update={"checkpoint": str(tmp_path / "shared")})
    taken = make_network("patchtst", own, WindowGrid(), ("a", "b"), ACC)
    assert taken(torch.zeros(2, 128, 3)).logits.shape == (2, 2)


def test_a_checkpoint_with_weights_for_each_of_six_channels_is_refused(tmp_path: Path) -> None:
    """PatchTSMixer mixes channels by weights that three of them would not fit."""
    settings = PatchTsMixerSettings(hidden_size=8, layers=1)
    make_network("patchtsmixer", settings, WindowGrid(), ("a", "b")).backbone.save_pretrained(
        tmp_path / "six"
    )
    own = settings.model_copy(update={"checkpoint": str(tmp_path / "six")})
    with pytest.raises(UsageError, match="made for other windows") as caught:
        make_network("patchtsmixer", own, WindowGrid(), ("a", "b"), ACC)
    assert caught.value.expected == "6 channels, each with weights of its own"
    assert caught.value.found == "3"

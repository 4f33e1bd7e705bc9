"""Models of other channels than both sensors: every kind of them, saved, loaded and as ONNX."""

from pathlib import Path

import numpy as np
import pytest
import torch
from alone import WORN, acceleration_of, with_field, worn_twice

from har.config import (
    LogisticSettings,
    ModelSettings,
    PatchTsMixerSettings,
    PatchTstSettings,
    WindowGrid,
)
from har.data.channels import units_of
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


@pytest.fixture(scope="module")
def worn(small: Windows) -> Windows:
    """Real windows of a wrist with both sensors and a chest with acceleration alone."""
    return worn_twice(small)


@pytest.fixture(scope="module")
def magnetic(small: Windows) -> Windows:
    """Real windows of both sensors, and what a magnetometer would have read."""
    return with_field(small)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("kind", ["alone", "worn", "magnetic"])
def test_every_kind_of_network_reads_the_channels_that_there_are(
    name: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Three channels, or nine: of two placements, or of three sensors; the graph says so."""
    torch.manual_seed(0)
    windows: Windows = request.getfixturevalue(kind)
    channels = windows.channels
    section, X = ModelSettings().network(name), torch.tensor(windows.select("validation").X[:8])
    network = make_network(name, section, WindowGrid(), windows.classes, channels)
    network.fit_preprocess(torch.tensor(windows.select("train").X))
    expected = network.eval()(X).logits
    network.save_pretrained(tmp_path)
    loaded = load_network(tmp_path)
    assert torch.equal(loaded(X).logits, expected)
    assert loaded.config.channels == list(channels)
    assert loaded.config.units == units_of(channels)
    load_model(tmp_path).to_onnx(tmp_path / "model.onnx")
    model = OnnxModel(tmp_path / "model.onnx")
    assert model.window_shape == (128, len(channels))
    np.testing.assert_allclose(
        model.predict_proba(X.numpy()), expected.softmax(1).detach().numpy(), atol=1e-4
    )


@pytest.mark.parametrize("kind", ["alone", "worn", "magnetic"])
def test_a_classical_model_reads_the_channels_that_there_are(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Named features and convolutions of them, the same when loaded and in the graph."""
    windows: Windows = request.getfixturevalue(kind)
    settings = LogisticSettings(convolutions=168, c_grid=(0.03,), copies=1)
    train_classical("minirocket", windows, tmp_path, settings=settings, window=WindowGrid(), seed=0)
    model, test = load_model(tmp_path), windows.select("test")
    probabilities = model.predict_proba(test.X)
    assert np.mean(probabilities.argmax(1) == test.y) > 0.6
    model.to_onnx(tmp_path / "model.onnx")
    graph = OnnxModel(tmp_path / "model.onnx")
    assert graph.window_shape == (128, len(windows.channels))
    np.testing.assert_allclose(graph.predict_proba(test.X), probabilities, atol=1e-3)


def test_a_checkpoint_of_other_channels_is_refused() -> None:
    """An encoder of both sensors cannot read acceleration alone."""
    checkpoint = catalogue.bundled("encoder-small", "acc+gyro")
    section = ModelSettings().network("encoder-small")
    with pytest.raises(UsageError, match="made for other windows") as caught:
        make_network("encoder-small", section, WindowGrid(), ("a", "b"), ACC, checkpoint=checkpoint)
    assert caught.value.expected == "acceleration and angular velocity"
    assert caught.value.found == "acceleration alone"
    with pytest.raises(UsageError) as caught:
        make_network("encoder-small", section, WindowGrid(), ("a",), WORN, checkpoint=checkpoint)
    assert caught.value.found == (
        "acceleration and angular velocity at wrist; acceleration alone at chest"
    )


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

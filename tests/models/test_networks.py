"""What every network must do: the same checks for all of them."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn

from har.config import ModelSettings, ResnetSettings, WindowGrid, WindowSettings
from har.data.windows import Windows
from har.export import quantize
from har.models import networks
from har.models.catalogue import MODELS, NETWORKS
from har.models.network import WindowClassifier
from har.models.network_graph import write_network
from har.models.networks import make_network
from har.models.resnet import make_resnet
from har.models.runtime import OnnxModel

# One network of each kind: encoders of other sizes learn alike.
KINDS = tuple({MODELS[name].network: name for name in NETWORKS}.values())


@pytest.fixture(scope="module", params=NETWORKS)
def network(request: pytest.FixtureRequest, small: Windows) -> WindowClassifier:
    """Make a network with random weights and scales fitted to real windows."""
    torch.manual_seed(0)
    made = make_network(
        request.param, ModelSettings().network(request.param), WindowGrid(), small.classes
    )
    made.fit_preprocess(torch.tensor(small.select("train").X))
    return made.eval()


@pytest.fixture(scope="module")
def windows(small: Windows) -> torch.Tensor:
    """Real windows of the validation subject."""
    return torch.tensor(small.select("validation").X[:32])


def test_logits_have_one_column_a_class(network: WindowClassifier, windows: torch.Tensor) -> None:
    """One row per window, each by itself, whatever the batch."""
    logits = network(windows).logits
    assert logits.shape == (32, 6)
    torch.testing.assert_close(network(windows[5:6]).logits, logits[5:6])


def test_saving_and_loading_is_bit_equal(
    network: WindowClassifier, windows: torch.Tensor, tmp_path: Path
) -> None:
    """Safetensors brings back every bit and `load` finds the class; names of classes stay."""
    network.save_pretrained(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.json", "model.safetensors"]
    loaded = networks.load_network(tmp_path)
    assert type(loaded) is type(network)
    assert torch.equal(loaded(windows).logits, network(windows).logits)
    assert loaded.config.id2label == network.config.id2label
    assert loaded.config.label2id["lying"] == 5
    assert (loaded.config.n_samples, loaded.config.n_hop, loaded.config.rate_hz) == (128, 64, 50.0)
    assert loaded.config.units["gyro_z"] == "rad/s"
    trainable = [name for name, p in network.named_parameters() if p.requires_grad]
    assert trainable == [name for name, p in loaded.named_parameters() if p.requires_grad]


def test_scales_are_learned_and_kept_from_training(
    network: WindowClassifier, windows: torch.Tensor, small: Windows
) -> None:
    """Another unit of the training windows moves the scales, so that the logits stay."""
    expected = network(windows).logits
    network.fit_preprocess(100 * torch.tensor(small.select("train").X))
    assert not torch.allclose(network(windows).logits, expected, atol=1e-3)
    network.fit_preprocess(torch.tensor(small.select("train").X))
    assert torch.equal(network(windows).logits, expected)


def test_stages_hold_all_that_learns_but_the_head(network: WindowClassifier) -> None:
    """Every parameter is in one stage or in the head."""
    parts = [*network.stages(), network.head]
    inside = [id(p) for part in parts for p in part.parameters()]
    assert len(inside) == len(set(inside))
    assert set(inside) == {id(p) for p in network.parameters()}
    assert all(p.requires_grad for p in network.parameters())


def test_lora_has_something_to_adapt(network: WindowClassifier) -> None:
    """Every target names linear maps or convolutions, none of them in the head."""
    for target in network.lora_targets:
        found = {n: m for n, m in network.named_modules() if n.endswith(f".{target}")}
        assert found
        assert all(isinstance(module, nn.Linear | nn.Conv1d) for module in found.values())
        assert not any(name.startswith("head.") for name in found)
    assert network.lora_targets


def test_onnx_gives_the_same_probabilities(
    network: WindowClassifier, windows: torch.Tensor, tmp_path: Path
) -> None:
    """For one window and for many, all preprocessing being in the graph."""
    write_network(network, tmp_path / "model.onnx")
    model = OnnxModel(tmp_path / "model.onnx")
    expected = network(windows).logits.softmax(1).detach().numpy()
    for n in (1, 32):
        np.testing.assert_allclose(
            model.predict_proba(windows[:n].numpy()), expected[:n], atol=1e-4
        )


@pytest.mark.parametrize("name", KINDS)
def test_it_learns(name: str, small: Windows) -> None:
    """A short training on two people names most of what a third one does."""
    torch.manual_seed(0)
    train, validation = small.select("train"), small.select("validation")
    X, y = torch.tensor(train.X), torch.tensor(train.y)
    model = make_network(name, ModelSettings().network(name), WindowGrid(), small.classes)
    model.fit_preprocess(X)
    batches = [rows for _ in range(7) for rows in torch.randperm(len(X)).split(8)]
    optimizer = torch.optim.AdamW(model.parameters())
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=len(batches))
    model.train()
    for rows in batches:
        optimizer.zero_grad()
        model(X[rows], labels=y[rows]).loss.backward()
        optimizer.step()
        scheduler.step()
    with torch.no_grad():
        logits = model.eval()(torch.tensor(validation.X)).logits
    assert f1_score(validation.y, logits.argmax(1), average="macro") > 0.5


def test_frozen_batch_norm_keeps_its_statistics(windows: torch.Tensor) -> None:
    """Training moves those of the blocks that learn, and of no other."""
    model = make_resnet(ResnetSettings(filters=(8, 8)), WindowSettings(), ("a", "b"))
    frozen, _ = model.stages()
    frozen.requires_grad_(False)
    before = {name: value.clone() for name, value in model.named_buffers()}
    model.train()(windows)
    moved = {name for name, value in model.named_buffers() if not torch.equal(value, before[name])}
    assert moved
    assert all(name.startswith("blocks.1.") for name in moved)
    frozen.requires_grad_(True)
    assert all(module.training for module in model.train().modules())


def test_only_layers_of_an_encoder_become_int8(tmp_path: Path) -> None:
    """Spectra and statistics span orders of magnitude: their products are spared by name."""
    encoder = make_network("encoder-nano", ModelSettings().encoder_small, WindowGrid(), ("a", "b"))
    write_network(encoder.eval(), tmp_path / "fp32.onnx")
    quantize.quantize_weights(tmp_path / "fp32.onnx", tmp_path / "int8.onnx")
    graph = onnx.load(tmp_path / "int8.onnx").graph
    kept = {
        tensor.name.removesuffix("/int8") for tensor in graph.initializer if tensor.data_type == 3
    }
    fp32 = onnx.load(tmp_path / "fp32.onnx").graph
    products = {node.input[1]: node.name for node in fp32.node if node.op_type in quantize.PRODUCTS}
    layers = ("/stems.", "/ask/", "/tell/", "/dense/", "/head/")
    assert len(kept) == 11
    assert all(any(part in products[name] for part in layers) for name in kept)


def test_int8_holds_what_the_graph_has(small: Windows, tmp_path: Path) -> None:
    """Convolutions get fixed scales, and the labels hardly change."""
    torch.manual_seed(0)
    X = torch.tensor(small.select("train").X)
    model = make_resnet(ResnetSettings(filters=(16, 16)), WindowSettings(), small.classes)
    model.fit_preprocess(X)
    model.train()(X)  # moves the statistics of batch norm towards real ones
    fp32, int8 = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    write_network(model.eval(), fp32)
    assert quantize.has_convolutions(fp32)
    quantize.quantize_static(fp32, int8, X[::4].numpy())
    graph = onnx.load(int8).graph
    scaled = {node.output[0] for node in graph.node if node.op_type == "DequantizeLinear"}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert convolutions
    assert all(node.input[1] in scaled for node in convolutions)
    a, b = (OnnxModel(path).predict_proba(X.numpy()) for path in (fp32, int8))
    np.testing.assert_allclose(a, b, atol=0.05)

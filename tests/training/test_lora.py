"""LoRA: few numbers learn, and what is saved is a plain model."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from har.config import FinetuneSettings
from har.data.windows import Windows
from har.errors import UsageError
from har.models.network import WindowClassifier
from har.models.trained_network import TrainedNetwork
from har.training.freeze import Freezing
from har.training.lora import adapt, merge

Tune = Callable[..., Path]
SETTINGS = FinetuneSettings(lora_rank=4, freeze="none")


def test_merging_changes_nothing_but_the_form(network: WindowClassifier, small: Windows) -> None:
    """The logits stay within rounding, and the names of the weights are the plain ones again."""
    names = set(network.state_dict())
    windows = torch.tensor(small.select("validation").X[:16])
    plain = network.eval()(windows).logits
    adapters = adapt(network, SETTINGS)
    torch.testing.assert_close(network(windows).logits, plain)  # adapters start at nothing
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.5)
    adapted = network(windows).logits
    assert not torch.allclose(adapted, plain, atol=0.01)
    merge(adapters)
    torch.testing.assert_close(network(windows).logits, adapted, atol=1e-5, rtol=1e-4)
    assert set(network.state_dict()) == names


def test_adapters_and_head_learn_alone(network: WindowClassifier) -> None:
    """No policy thaws the weights under the adapters."""
    adapt(network, SETTINGS)
    n = Freezing(network, SETTINGS, 10).start(1)
    learning = {name for name, p in network.named_parameters() if p.requires_grad}
    assert all("lora_" in name or name.startswith("head.") for name in learning)
    assert n == 2 * 2 * 4 * (32 + 32) + 33 * 6  # layers, targets, rank; and the head


def test_what_is_saved_is_a_plain_network(tune: Tune, pretrained: Path) -> None:
    """It loads without adapters, and only what they adapt differs from the pretrained weights."""
    tuned = tune(lora_rank=4, ema=0.5)
    network = TrainedNetwork.load(tuned).network
    before = TrainedNetwork.load(tune(epochs=1, learning_rate=1e-30)).network.state_dict()
    after = network.state_dict()
    assert set(after) == set(before)
    moved = {name for name in after if not torch.equal(after[name], before[name])}
    assert {name.split(".")[-2] for name in moved if "encoder" in name} == {"query", "value"}
    record = json.loads((tuned / "training.json").read_text())
    assert record["trainable_parameters"] < 0.1 * record["parameters"]
    assert record["parameters"] == sum(p.numel() for p in network.parameters())


def test_a_network_without_a_place_for_lora_is_refused(
    network: WindowClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the network and the setting."""
    monkeypatch.setattr(type(network), "lora_targets", ())
    with pytest.raises(UsageError, match=r"no place for LoRA[^§]*lora_rank=4"):
        adapt(network, SETTINGS)


def test_lora_that_would_never_learn_is_refused(network: WindowClassifier) -> None:
    """A policy that keeps all layers frozen contradicts it."""
    with pytest.raises(UsageError, match="freeze=head"):
        adapt(network, SETTINGS.model_copy(update={"freeze": "head"}))

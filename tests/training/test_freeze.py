"""Freezing: who learns in which epoch, and what a frozen part keeps."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import PretrainedConfig

from har.config import BertSettings, FinetuneSettings, WindowGrid
from har.models.backbones import make_bert
from har.models.network import WindowClassifier
from har.training.freeze import Freezing
from har.training.lora import adapt


class Tiny(WindowClassifier):
    """Two convolutions with batch norms, a parameter outside of them, and a head."""

    def __init__(self) -> None:
        super().__init__(PretrainedConfig(num_labels=3))
        self.gain = nn.Parameter(torch.ones(6, 1))
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv1d(6, 6, 1), nn.BatchNorm1d(6)) for _ in range(2)
        )
        self.head = nn.Linear(6, 3)

    def stages(self) -> list[nn.Module]:
        """Return the blocks."""
        return list(self.blocks)

    def classify(self, windows: Tensor) -> Tensor:
        """Return the logits of means over time."""
        values = windows.transpose(1, 2) * self.gain
        for block in self.blocks:
            values = block(values)
        return self.head(values.mean(2))


def learning(model: nn.Module) -> set[str]:
    """Return the names of the parameters that learn, up to their module."""
    return {
        name.rpartition(".")[0] or name for name, p in model.named_parameters() if p.requires_grad
    }


HEAD, FIRST, LAST = {"head"}, {"gain", "blocks.0.0", "blocks.0.1"}, {"blocks.1.0", "blocks.1.1"}
ALL = HEAD | FIRST | LAST


@pytest.mark.parametrize(
    ("settings", "by_epoch"),
    [
        ({"freeze": "none"}, [ALL, ALL]),
        ({"freeze": "head"}, [HEAD, HEAD]),
        ({"freeze": "norms"}, [{"head", "blocks.0.1", "blocks.1.1"}] * 2),
        ({"freeze": "last", "freeze_layers": 1}, [HEAD | LAST] * 2),
        ({"freeze": "last", "freeze_layers": 9}, [ALL] * 2),
        ({"freeze": "warmup", "freeze_steps": 15}, [HEAD, HEAD, ALL, ALL]),
        ({"freeze": "warmup", "freeze_steps": 0}, [ALL]),
        ({"freeze": "gradual", "freeze_steps": 10}, [HEAD, HEAD | LAST, ALL, ALL]),
        ({"freeze": "gradual", "freeze_steps": 20}, [HEAD, HEAD, HEAD | LAST, HEAD | LAST, ALL]),
        ({"freeze": "gradual", "freeze_steps": 0}, [ALL]),
    ],
)
def test_each_policy_epoch_by_epoch(settings: dict[str, Any], by_epoch: list[set[str]]) -> None:
    """Of ten steps each. What is outside of the stages goes with the first."""
    model = Tiny()
    freezing = Freezing(model, FinetuneSettings(**settings), 10)
    for epoch, expected in enumerate(by_epoch, start=1):
        n = freezing.start(epoch)
        assert learning(model) == expected
        assert n == sum(p.numel() for p in model.parameters() if p.requires_grad)


def test_a_frozen_batch_norm_keeps_its_statistics() -> None:
    """Batches move the means of the norms that learn, and of no other."""
    model = Tiny()
    Freezing(model, FinetuneSettings(freeze="last"), 10).start(1)
    model(5 + torch.randn(8, 20, 6, generator=torch.Generator().manual_seed(0)))
    first, last = (block[1].running_mean for block in model.blocks)
    assert not first.any()
    assert last.all()
    assert model.blocks[0][0].training  # only statistics are held


def test_what_never_learns_stays_so() -> None:
    """A parameter that was fixed from the start is thawed by no policy."""
    model = Tiny()
    model.gain.requires_grad_(False)
    assert (
        Freezing(model, FinetuneSettings(freeze="none"), 10).start(1) == 2 * (42 + 12) + 21
    )  # without the six gains
    assert learning(model) == ALL - {"gain"}


def test_layers_of_the_encoder_are_its_stages(network: WindowClassifier) -> None:
    """Of two layers the last one learns, and the embedding does not."""
    Freezing(network, FinetuneSettings(freeze="last"), 10).start(1)
    parts = {name.split(".")[3] for name in learning(network) - {"head.1"}}
    assert parts == {"1"}


@pytest.mark.parametrize("settings", [{"freeze": "head"}, {"freeze": "last"}, {"lora_rank": 2}])
def test_what_no_checkpoint_brings_learns_whatever_is_frozen(settings: dict[str, Any]) -> None:
    """BERT's map from patches is as new as the head; what lies between them is frozen."""
    sizes = BertSettings(hidden_size=8, heads=2, layers=2)
    network = make_bert(sizes, WindowGrid(), ("lying", "walking"))
    own = FinetuneSettings(**{"freeze": "none", **settings})
    if own.lora_rank:
        adapt(network, own)
    Freezing(network, own, 10).start(1)
    found = learning(network)
    assert {"stem", "head.1"} <= found
    assert "backbone.encoder.layer.0.output.dense" not in found

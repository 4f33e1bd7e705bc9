"""Quartiles in a graph are those of numpy, however many windows a call has."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from har.export.compact import compact
from har.export.quartiles import FEW, compare_rows
from har.features.statistics import OrderStatistics
from har.models.graph import OPSET
from har.models.runtime import OnnxModel

N_SIGNALS = 3


class Quartiles(nn.Module):
    """The statistics of all channels of a window."""

    def __init__(self, n_samples: int) -> None:
        super().__init__()
        self.order = OrderStatistics(n_samples)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Return them, (batch, n_channels, 4)."""
        statistics: torch.Tensor = self.order(windows.transpose(1, 2))
        return statistics


def exported(n_samples: int, path: Path) -> onnx.ModelProto:
    """Return the graph as PyTorch writes it."""
    torch.onnx.export(
        Quartiles(n_samples),
        (torch.zeros(2, n_samples, N_SIGNALS),),
        str(path),
        input_names=["windows"],
        output_names=["probabilities"],
        dynamic_axes={"windows": {0: "batch"}, "probabilities": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )
    return onnx.load(path)


@pytest.mark.parametrize("n_samples", [8, 128])
@pytest.mark.parametrize("n", [1, FEW, FEW + 1, 16])
def test_quartiles_by_comparisons_of_rows(n_samples: int, n: int, tmp_path: Path) -> None:
    """Of few windows and of more, with ties and a constant among them."""
    model = exported(n_samples, tmp_path / "plain.onnx")
    compare_rows(model)
    compact(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, tmp_path / "model.onnx")
    windows = np.random.default_rng(0).normal(size=(n, n_samples, N_SIGNALS)).astype(np.float32)
    windows[..., 1], windows[..., 2] = windows[..., 1].round(), 7
    found = OnnxModel(tmp_path / "model.onnx").predict_proba(windows)
    q25, q50, q75 = np.quantile(windows, (0.25, 0.5, 0.75), axis=1)
    expected = np.stack([q25, q50, q75, q75 - q25], axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_signals_of_another_length_are_sorted(tmp_path: Path) -> None:
    """Comparisons of rows need a power of two: the graph stays as it is."""
    model = exported(100, tmp_path / "plain.onnx")
    before = model.SerializeToString()
    compare_rows(model)
    assert model.SerializeToString() == before

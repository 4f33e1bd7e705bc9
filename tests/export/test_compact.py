"""A compact file is smaller and computes the same."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch

from har.export.compact import compact
from har.features.extractor import WindowFeatures


def test_names_go_and_numbers_stay(tmp_path: Path) -> None:
    """The same outputs, bit for bit, from a file of fewer bytes."""
    windows = torch.randn(3, 128, 6, generator=torch.Generator().manual_seed(0))
    path = tmp_path / "features.onnx"
    names = {"input_names": ["windows"], "output_names": ["features"], "dynamo": False}
    torch.onnx.export(WindowFeatures(128, 50.0), (windows,), str(path), opset_version=18, **names)
    model = onnx.load(path)
    compact(model)
    onnx.checker.check_model(model, full_check=True)
    small = tmp_path / "small.onnx"
    onnx.save(model, small)
    assert small.stat().st_size < 0.75 * path.stat().st_size
    found = [ort.InferenceSession(p).run(None, {"windows": windows.numpy()}) for p in (path, small)]
    np.testing.assert_array_equal(*found)

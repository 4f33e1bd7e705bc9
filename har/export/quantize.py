"""int8 builds of an fp32 ONNX file, with optimum's quantizer.

Matrix products and convolutions are quantized and nothing else, and those of the
preprocessing are spared: spectra and statistics span orders of magnitude that eight
bits cannot hold. Convolutions are quantized in the static build only.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import CalibrationMethod
from optimum.onnxruntime import ORTQuantizer
from optimum.onnxruntime.configuration import (
    AutoQuantizationConfig,
    CalibrationConfig,
    QuantizationConfig,
)
from transformers import PretrainedConfig

PRODUCTS = ["MatMul", "Gemm"]
OPERATORS = [*PRODUCTS, "Conv"]
SPARED = "/preprocess/"


def has_convolutions(fp32: Path) -> bool:
    """Tell whether a graph has convolutions: a dynamic build would leave them as they are."""
    return any(node.op_type == "Conv" for node in onnx.load(fp32).graph.node)


def quantize_dynamic(fp32: Path, path: Path) -> None:
    """Write the build whose weights are int8 and whose activations are scaled at run time."""
    config = AutoQuantizationConfig.avx512_vnni(
        is_static=False,
        per_channel=True,
        operators_to_quantize=PRODUCTS,
        nodes_to_exclude=_spared_nodes(fp32),
    )
    with _quantizer(fp32, path) as quantizer:
        quantizer.quantize(save_dir=quantizer.scratch, quantization_config=config)


def quantize_static(fp32: Path, path: Path, windows: npt.NDArray[np.float32]) -> None:
    """Write the build whose weights and activations are int8 with fixed scales.

    Parameters
    ----------
    fp32, path : Path
        What to quantize, and the file to write.
    windows : ndarray of shape (n_windows, n_samples, n_channels)
        Calibration windows, of training subjects.
    """
    config: QuantizationConfig = AutoQuantizationConfig.avx512_vnni(
        is_static=True,
        per_channel=False,
        operators_to_quantize=OPERATORS,
        nodes_to_exclude=_spared_nodes(fp32),
    )
    calibration = CalibrationConfig(
        dataset_name="har",
        dataset_config_name="windows",
        dataset_split="train",
        dataset_num_samples=len(windows),
        method=CalibrationMethod.MinMax,
    )
    with _quantizer(fp32, path) as quantizer:
        ranges = quantizer.fit(
            [{"windows": window} for window in windows],
            calibration,
            onnx_augmented_model_name=str(quantizer.scratch / "augmented.onnx"),
            operators_to_quantize=OPERATORS,
            batch_size=32,
        )
        quantizer.quantize(
            save_dir=quantizer.scratch,
            quantization_config=config,
            calibration_tensors_range=ranges,
        )


@contextmanager
def _quantizer(fp32: Path, path: Path) -> Iterator[ORTQuantizer]:
    """Lend a quantizer with a scratch folder, and move its one product to `path`."""
    with tempfile.TemporaryDirectory() as scratch:
        quantizer = ORTQuantizer(fp32, config=PretrainedConfig())  # none is needed to quantize
        quantizer.scratch = Path(scratch)
        yield quantizer
        shutil.move(quantizer.scratch / f"{fp32.stem}_quantized.onnx", path)


def _spared_nodes(fp32: Path) -> list[str]:
    graph = onnx.load(fp32).graph
    return [n.name for n in graph.node if n.op_type in OPERATORS and SPARED in n.name]

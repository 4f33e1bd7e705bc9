"""int8 builds of an fp32 ONNX file.

==================  ====================  ===================================================
build               products              by
==================  ====================  ===================================================
``int8-weights``    of float32            `quantize_weights`: the weights alone are int8
``int8-dynamic``    of integers           optimum; what flows through is scaled at run time
``int8-static``     of integers           optimum; it is scaled by ranges of training windows
==================  ====================  ===================================================

Matrix products and convolutions are quantized and nothing else, and those of the
preprocessing are spared: spectra and statistics span orders of magnitude that eight
bits cannot hold. The dynamic build leaves convolutions as they are. Weights that meet integers
have 7 bits, so that no product overflows on any processor (`har.export.overflow`).
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
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


def quantize_weights(fp32: Path, path: Path) -> None:
    """Write the build whose weights are stored as int8, and which computes in float32.

    Every weight is an integer times a scale of its output channel, symmetric around zero.
    Runtimes multiply them once, when they load the file. As a DequantizeLinear they would
    invite ONNX Runtime to compute the product in integers after all, and its kernels for that
    differ between processors and from those of WebAssembly.
    """
    model = onnx.load(fp32)
    graph = model.graph
    spared = set(_spared_nodes(fp32))
    floats = {tensor.name: tensor for tensor in graph.initializer}
    axes = {
        node.input[1]: _output_axis(node, floats[node.input[1]])
        for node in graph.node
        if node.op_type in OPERATORS and node.name not in spared and node.input[1] in floats
    }
    restored: list[onnx.NodeProto] = []
    for name, axis in axes.items():
        integers, scale = _integers(numpy_helper.to_array(floats[name]), axis)
        graph.initializer.remove(floats[name])
        graph.initializer.append(numpy_helper.from_array(integers, f"{name}/int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}/scale"))
        cast = helper.make_node("Cast", [f"{name}/int8"], [f"{name}/float"], to=TensorProto.FLOAT)
        restored += [cast, helper.make_node("Mul", [f"{name}/float", f"{name}/scale"], [name])]
    computed = [*restored, *graph.node]
    del graph.node[:]
    graph.node.extend(computed)
    onnx.save(model, path)


def _output_axis(node: onnx.NodeProto, weight: TensorProto) -> int:
    """Return the axis of a weight that holds the output channels."""
    transposed = any(a.name == "transB" and a.i for a in node.attribute)
    return 0 if node.op_type == "Conv" or transposed else len(weight.dims) - 1


def _integers(
    weight: npt.NDArray[np.float32], axis: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Return a weight as integers of -127 to 127 and the scale of each output channel."""
    others = tuple(i for i in range(weight.ndim) if i != axis)
    largest = np.abs(weight).max(axis=others, keepdims=True)
    # A channel without weights has any scale.
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


def quantize_dynamic(fp32: Path, path: Path) -> None:
    """Write the build whose weights are int8 and whose activations are scaled at run time."""
    config = AutoQuantizationConfig.avx512(
        is_static=False,
        per_channel=True,
        reduce_range=True,
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
    config: QuantizationConfig = AutoQuantizationConfig.avx512(
        is_static=True,
        per_channel=False,
        reduce_range=True,
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

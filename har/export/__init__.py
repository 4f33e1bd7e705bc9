"""ONNX builds of a model: made, quantized, compared with the model, timed, judged.

`har.export.network` exports any Hugging Face network with optimum, `har.export.quantize`
makes its int8 builds, `har.export.measure` compares a build with the model that it came
from and times it, and `har.export.builds` does all of that for a candidate.
"""

"""ONNX builds of a model: made, quantized, compared with the model, timed, judged.

Every model writes its own fp32 graph (`har.models.interface.Model`). `har.export.quantize`
makes the int8 builds of a network, `har.export.measure` compares a build with the model
that it came from and times it, and `har.export.builds` does all of that for a candidate.
"""

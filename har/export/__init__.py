"""ONNX builds of a model: made, quantized, compared with the model, timed, judged.

Every model writes its own fp32 graph (`har.models.interface.Model`). `har.export.quantize`
makes the int8 builds of a network, `har.export.distance` adds the output that tells what
is unknown, `har.export.quartiles` makes large calls fast, `har.export.compact` makes a file
small, `har.export.measure` compares a build with the model that it came from,
`har.export.alike` compares its answers alone, among others and in WebAssembly
(`har.export.web`), `har.export.overflow` bounds its integer products, and
`har.export.builds` does all of that for a candidate.
`har.export.artifact` is what an export leaves behind: read it to learn what serves.
"""

"""The model in a browser: a folder of files to serve, which answers on the phone itself.

`har.serving.edge.folder.write` copies the page (`site/`), the ONNX file and the WebAssembly
build of ONNX Runtime into one folder. Nothing that the page reads leaves the device. What the
page computes stands in modules without a page, which tests run under Node: `signal.mjs`
(resampling, windows), `smoothing.mjs`, `recogniser.mjs`, `sheet.mjs` (cells of CSV).
"""

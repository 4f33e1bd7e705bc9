"""Features of a window: named statistics and spectra, computed in one place.

- `har.features.signals` turns a raw window into named signals: gravity, body
  acceleration, angular velocity, their jerks and magnitudes.
- `har.features.statistics` describes each signal in time: level, spread, shape.
- `har.features.spectra` describes each signal in frequency, with the DFT written
  as two matrix products.
- `har.features.coherence` tells how pairs of axes move together, and
  `har.features.convolutions` what MiniRocket sees: for classical models, beside the others.
- `har.features.waves` has the cosines and sines, as matrices that cost a graph nothing.
- `har.features.extractor.WindowFeatures` puts them together as a torch module, so
  that the same numbers come out of scikit-learn, of a Hugging Face model and of ONNX.
- `har.features.transformer.FeatureTransformer` is its scikit-learn face.

>>> from har.features.extractor import WindowFeatures  # doctest: +SKIP
>>> WindowFeatures(n_samples=128, rate_hz=50).names[0]  # doctest: +SKIP
'gravity_x.mean'
"""

"""The models: a classical baseline and a Hugging Face encoder, raw window in, probabilities out.

- `har.models.baseline`: an RBF-SVM on the features, with calibrated probabilities.
- `har.models.svm`: its probabilities as a torch module, which is what exports to ONNX.
- `har.models.encoder`: the transformer encoder with all preprocessing inside, for
  self-supervised pretraining and for classification (`har.models.preprocess`,
  `har.models.config`).
- `har.models.record`: the `training.json` beside every model, and the check that no
  model has seen a subject that it is measured on.
"""

"""The models: a classical baseline and Hugging Face networks, raw window in, probabilities out.

- `har.models.baseline`: an RBF-SVM on the features, with calibrated probabilities.
- `har.models.svm`: its probabilities as a torch module, which is what exports to ONNX.
- `har.models.encoder`: the transformer encoder with all preprocessing inside, for
  self-supervised pretraining and for classification (`har.models.preprocess`,
  `har.models.config`).
- `har.models.backbones`: PatchTST, PatchTSMixer and BERT of transformers, untrained or
  from a checkpoint (`har.models.checkpoint`).
- `har.models.resnet`: a residual network of convolutions, the supervised control.
- `har.models.network`, `har.models.networks`: what all networks share, and how one is loaded.
- `har.models.record`: the `training.json` beside every model, and the check that no
  model has seen a subject that it is measured on.
"""

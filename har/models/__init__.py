"""The models: classical ones on features, Hugging Face networks; raw window in, probabilities out.

- `har.models.catalogue`: which there are, and what sets them apart;
  `har.models.interface`: what each of them can do.
- `har.models.classical`: models on features, by one of the methods (`har.models.method`)
  `har.models.svm`, `har.models.logistic` and `har.models.trees`.
- `har.models.graph`, `har.models.network_graph`: models as ONNX.
- `har.models.encoder`: the transformer encoder with all preprocessing inside, for
  self-supervised pretraining and for classification (`har.models.preprocess`,
  `har.models.config`).
- `har.models.backbones`: PatchTST, PatchTSMixer and BERT of transformers, untrained or
  from a checkpoint (`har.models.checkpoint`).
- `har.models.resnet`: a residual network of convolutions, the supervised control.
- `har.models.network`, `har.models.networks`: what all networks share, and how one is made
  or loaded; `har.models.trained_network`: one that predicts.
- `har.models.temperature`: what makes confidence believable.
- `har.models.answers`: what a model says of windows; `har.models.out_of_distribution`:
  which windows it cannot know; `har.models.smoothing`: answers over time;
  `har.models.runtime`: ONNX files run by ONNX Runtime. None of the four needs more than
  numpy and ONNX Runtime.
- `har.models.record`: the `training.json` beside every model.
"""

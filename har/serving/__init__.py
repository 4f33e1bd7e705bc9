"""Predictions with ONNX Runtime alone: a serving host needs no training library.

`har.serving.recordings` reads a user's files as `har data ingest` does, recording by
recording; `har.serving.predictor.Predictor` loads a model and answers windows;
`har.serving.timeline` makes activities over time of that; `har.serving.unlike` tells which
recordings the model cannot know.

>>> from har.serving.predictor import Predictor
>>> from har.serving.recordings import Aim, open_user_files
>>> from har.serving.timeline import predict_recording
>>> predictor = Predictor(Path("model-fp32.onnx"))  # doctest: +SKIP
>>> files = open_user_files(Path("walk.csv"))  # doctest: +SKIP
>>> predict = partial(predict_recording, predictor, smoother=None)  # doctest: +SKIP
>>> for one in files.each(predict, Aim.of(predictor)):  # doctest: +SKIP
...     print(one.segments)
"""

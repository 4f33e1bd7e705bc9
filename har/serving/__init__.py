"""Predictions with ONNX Runtime alone: a serving host needs no training library.

`har.serving.recordings.read_user_recording` turns a user's file into clean recordings.
`har.serving.predictor.Predictor` loads a model: `Predictor.answer` gives its answers for
windows, `Predictor.predict_parts` the activities of a recording over time.

>>> from har.serving.predictor import Predictor  # doctest: +SKIP
>>> predictor = Predictor(Path("model-fp32.onnx"))  # doctest: +SKIP
>>> frame = predictor.predict_parts(parts, predictor.smoother("hmm"))  # doctest: +SKIP
>>> predictor.timeline(frame)  # doctest: +SKIP
   start_s  end_s activity  windows  probability
0      0.0   12.8  walking       10         0.98
"""

"""Predictions with ONNX Runtime alone: a serving host needs no training library.

`har.serving.recordings.read_user_recording` turns a user's file into clean
recordings, and `har.serving.predictor.Predictor` says what the person did in them.

>>> from har.serving.predictor import Predictor  # doctest: +SKIP
>>> predictor = Predictor(Path("model-fp32.onnx"))  # doctest: +SKIP
>>> predictor.timeline(predictor.predict_parts(parts))  # doctest: +SKIP
   start_s  end_s activity  windows  probability
0      0.0   12.8  walking       10         0.98
"""

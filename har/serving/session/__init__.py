"""A stream of samples, answered as a recording of them would be.

>>> import numpy as np
>>> from har.serving.predictor import Predictor
>>> from har.serving.session import Chunk, Session
>>> session = Session(Predictor(Path("model-fp32.onnx")))  # doctest: +SKIP
>>> update = session.push(Chunk.of("acc", [0.0], [[0.1, 0.2, 9.8]]))  # doctest: +SKIP
>>> for event in update.events:  # doctest: +SKIP
...     print(event.activity, event.at_s)

A sample goes through these, each of which keeps no more than it needs, and tells it as a
JSON-able dict:

- `order`: samples of all sensors are put in the order of time, as soon as nothing earlier is
  waited for;
- `beside`: gravity, and angular velocity, at the times of acceleration;
- `stretches`: the sensor's rate, gaps, and the model's rate, by the `har.data.resample.Resampler`
  that files are resampled with;
- `cutting`, `answering`: windows on the grid of their stretch, answered and smoothed;
- `segments`: the windows of one activity together;
- `journal`: all that was answered, and what of it is news.

The answers do not depend on how samples are cut, and they are those of `har predict` on a file
of the same samples, but for this: a stream finds the sensor's rate and checks its unit by the
first seconds (or is told the rate) where a file is looked at as a whole, and notices another
rate within two minutes; a file of more than a million rows is parted there; times that most
samples share are refused; and a stream is found to be unlike training when a stretch of windows
is full, so what was answered before stays.
"""

from har.serving.session.chunks import SENSORS, Chunk, SampleError, Sensor
from har.serving.session.journal import Event, Update
from har.serving.session.segments import Segment, Window
from har.serving.session.session import Session
from har.serving.session.settings import SessionSettings

__all__ = [
    "SENSORS",
    "Chunk",
    "Event",
    "SampleError",
    "Segment",
    "Sensor",
    "Session",
    "SessionSettings",
    "Update",
    "Window",
]

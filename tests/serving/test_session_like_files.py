"""A session answers as `har predict` does on a file of the same samples, however they are cut."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from graphs import write_rule
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from streamed import Streamed, Watched, made, stream

from har.errors import DataError
from har.models.smoothing import HMM, Average, Smoothing
from har.serving.session import Session, SessionSettings


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Says walking where gyro_x is 1 rad/s, and smooths by a hidden Markov model."""
    hmm = HMM(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0.4, 0.6]))
    smoothing = json.dumps(Smoothing(Average(3), hmm).to_dict())
    path = tmp_path_factory.mktemp("rule") / "rule.onnx"
    return Watched(write_rule(Path(path), smoothing=smoothing, smoother="hmm"))


def assert_alike(streamed: Streamed, predicted) -> None:
    """Assert the same windows, times, answers and segments."""
    windows = pd.DataFrame(streamed.windows)
    expected = predicted.windows
    np.testing.assert_array_equal(windows["start_s"], expected["start_s"])
    np.testing.assert_array_equal(windows["end_s"], expected["end_s"])
    assert windows["activity"].tolist() == expected["activity"].tolist()
    assert windows["reason"].tolist() == expected["reason"].tolist()
    np.testing.assert_allclose(windows["probability"], expected["probability"], atol=1e-6)
    segments = pd.DataFrame(streamed.segments)[predicted.segments.columns]
    pd.testing.assert_frame_equal(segments, predicted.segments, check_dtype=False, atol=1e-6)


# Without shrinking, which would take many minutes of long streams.
@settings(max_examples=25, phases=[Phase.generate])
@given(
    seed=st.integers(0, 2**32 - 1),
    rates=st.sampled_from([(50, 50), (100, 100), (100, 51), (52, 104), (20, 25), (31.25, 50)]),
    jitter=st.sampled_from([0.0, 1e-4, 0.3]),
    drift=st.sampled_from([0.0, 0.004, -0.004]),
    gaps=st.lists(st.tuples(st.floats(0, 8), st.floats(0.02, 1)), max_size=3),
    late_s=st.sampled_from([0.0, 0.05, 0.9]),
    copies=st.integers(0, 3),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=5),
)
def test_however_samples_arrive_the_answers_are_those_of_the_file(
    predictor, seed, rates, jitter, drift, gaps, late_s, copies, sizes
) -> None:
    """Late, twice, with gaps, of two clocks that drift: window for window to the last bit."""
    person = made(
        seed,
        acc_hz=rates[0],
        gyro_hz=rates[1],
        jitter=jitter,
        drift=drift,
        gaps=[(start, start + length) for start, length in gaps],
        late_s=late_s,
        copies=copies,
    )
    try:
        predicted = person.predicted(predictor)
    except DataError as error:  # so many short gaps that a slow sensor is too slow
        assume("too slow for" not in str(error))
        raise
    expected = predictor.windows
    found_hz = person.recordings()[0].meta.rate_hz
    session = Session(predictor, SessionSettings(late_s=1.0, rate_hz=found_hz))
    streamed = stream(session, person.chunks(sizes))
    np.testing.assert_array_equal(predictor.windows, expected)
    assert_alike(streamed, predicted)

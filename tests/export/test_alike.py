"""One file answers alike: alone, among others, and in another runtime."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from har.errors import HarError
from har.export.alike import answers_elsewhere, batch_gap, compare, spread
from har.export.artifact import Elsewhere
from har.export.web import WebAnswers, WebRuntime
from har.models.runtime import OnnxModel


def write_share(path: Path) -> Path:
    """Write a model whose probabilities are (a, 1 - a), a being its share of the batch's largest.

    So answers depend on the windows that are answered together, as scales taken at run time do.
    """
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMax", ["windows", "axes"], ["own"], keepdims=0),
            helper.make_node("ReduceMax", ["windows"], ["largest"], keepdims=0),
            helper.make_node("Div", ["own", "largest"], ["share"]),
            helper.make_node("Unsqueeze", ["share", "last"], ["a"]),
            helper.make_node("Sub", ["one", "a"], ["b"]),
            helper.make_node("Concat", ["a", "b"], ["probabilities"], axis=1),
        ],
        "share",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["batch", 2, 1])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])],
        [
            numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
            numpy_helper.from_array(np.array([1], np.int64), "last"),
            numpy_helper.from_array(np.float32(1), "one"),
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    return path


WINDOWS = np.array([[[1], [2]], [[8], [0]], [[4], [3]]], np.float32)
"""Largest values 2, 8 and 4: together they answer .25, 1 and .5, alone 1."""


def test_windows_are_spread_evenly() -> None:
    """The first and the last are among them, each once; few are all taken."""
    windows = np.arange(9, dtype=np.float32).reshape(9, 1, 1)
    assert spread(windows, 3).ravel().tolist() == [0, 4, 8]
    assert spread(windows, 20).ravel().tolist() == list(range(9))


def test_answers_that_depend_on_other_windows_are_found(tmp_path: Path) -> None:
    """The first window says 1 alone and .25 among the others."""
    model = OnnxModel(write_share(tmp_path / "share.onnx"))
    assert batch_gap(model, WINDOWS) == pytest.approx(0.75)
    assert batch_gap(model, WINDOWS[:1]) == 0


def test_another_runtime_is_compared_window_by_window() -> None:
    """Largest gap, share of labels, median time."""
    answers = WebAnswers(np.array([[0.6, 0.4], [0.3, 0.7]], np.float32), np.array([1.0, 5.0, 2.0]))
    native = np.array([[0.7, 0.3], [0.55, 0.45]], np.float32)
    compared = compare(WebRuntime("node", "1.30.0"), answers, native)
    assert compared == Elsewhere("onnxruntime-web 1.30.0", pytest.approx(0.25), 0.5, 2.0)


def test_the_runtimes_of_a_machine_are_asked(tmp_path: Path, made_up: WebRuntime) -> None:
    """It says (1, 0) to all; here they are .25, 1 and .5."""
    path = write_share(tmp_path / "share.onnx")
    assert WebRuntime.installed() == replace(made_up, node=str(tmp_path / "bin" / "node"))
    expected = Elsewhere("onnxruntime-web 9.9.9", 0.75, pytest.approx(2 / 3), 2.0)
    assert answers_elsewhere([path], WINDOWS, 20) == [(expected,)]


def test_a_machine_without_another_runtime_has_no_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Node, or one that finds no package."""
    path = write_share(tmp_path / "share.onnx")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert answers_elsewhere([path], WINDOWS, 20) == [()]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "node").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin" / "node").chmod(0o755)
    assert answers_elsewhere([path], WINDOWS, 20) == [()]


def test_a_file_that_another_runtime_cannot_run_is_told(
    tmp_path: Path, made_up: WebRuntime
) -> None:
    """With what the runtime said."""
    path = tmp_path / "refused.onnx"
    path.write_bytes(b"refused")
    with pytest.raises(HarError, match=r"9\.9\.9 cannot run the builds\n  found: Error: no kernel"):
        made_up.answers([path], WINDOWS, 20)


def test_webassembly_answers_as_here(tmp_path: Path, web: WebRuntime) -> None:
    """The program beside `har.export.web` gives every window its probabilities, in order."""
    path = write_share(tmp_path / "share.onnx")
    many = np.tile(WINDOWS, (100, 1, 1))  # more than a batch
    (answers,) = web.answers([path], many, 20)
    np.testing.assert_allclose(answers.probabilities, OnnxModel(path).predict_proba(many))
    assert len(answers.latency_ms) == 20

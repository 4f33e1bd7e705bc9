"""Pages of measurements say how they were made, and hold what was measured."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file
from scores import paired, protocol_scores
from transformers import BertConfig, BertModel

from har.benchmarks import checkpoint, labels, models, onnx, page, runtimes, sensors, serve, unlike
from har.benchmarks.load import Load
from har.config import WindowGrid, WindowSettings
from har.data.recording import Recording
from har.data.windows import Windows
from har.evaluation.results.protocol import ProtocolResult
from har.models.reference import Reference


def build(n_bytes: int, change: float) -> dict[str, Any]:
    """Return what a page reads of a build."""
    return {
        **{"bytes": n_bytes, "latency_ms": 0.25},
        **{"macro_f1": 0.95 + change, "macro_f1_change": change},
    }


def test_the_page_of_models_holds_scores_comparisons_and_costs() -> None:
    """One table per protocol and class set, and one of costs, with the smaller int8 build."""
    versus = paired((0.002, 0.008), (0.001, 0.0074), wilcoxon_p=0.031)
    found = ProtocolResult(
        protocol="canonical",
        folds=("canonical",),
        reference="svm",
        models={
            "svm": protocol_scores("svm", 0.971, seeds=1),
            "encoder-nano": protocol_scores("encoder-nano", 0.9765, seeds=5),
        },
        comparisons={"encoder-nano": versus},
    )
    costs = {
        "svm": {
            **{"parameters": None, "seconds": 41.6, "serving": "fp32"},
            "builds": {"fp32": build(5_000_000, 0.0)},
        },
        "encoder-nano": {
            **{"parameters": 11034, "seconds": 30.0, "serving": "int8-dynamic"},
            "builds": {
                "fp32": build(110_000, 0.0),
                "int8-dynamic": build(82_000, -0.0011),
                "int8-static": build(84_000, -0.002),
            },
        },
    }
    text = "\n".join(models.lines(models.Benchmark({("canonical", 6): found}, costs, (0, 1))))
    assert "## Protocol canonical, 6 classes" in text
    assert "1 folds, 9 people tested, 2,874 windows." in text
    assert "| svm | 0.9710 | 0.961–0.981 | one | 0.971 | 0.871 (hapt-09) | 0.012 |" in text
    assert "| +0.0042 (+0.0010 to +0.0074) | 0.031 | better |" in text
    assert "| svm |  | 42 | 5,000 | 0.25 |  |  |  |  | fp32 |" in text
    row = (
        "| encoder-nano | 11,034 | 30 | 110 | 0.25 | 82 | 0.25 | 0.9489 | -0.0011 | int8-dynamic |"
    )
    assert row in text


def test_the_page_of_labels_has_a_column_a_share() -> None:
    """Every model with its interval and the range of its seeds."""
    found = {
        "1": {"svm": protocol_scores("svm", 0.97, seeds=1)},
        "0.01": {"svm": protocol_scores("svm", 0.88, seeds=2)},
    }
    text = "\n".join(labels.lines(found, (0, 1)))
    assert "| model | 100% of labels | 1% of labels |" in text
    assert "**0.8800** (0.870–0.890; seeds 0.880–0.881)" in text
    assert "**0.9700** (0.960–0.980)" in text


def test_the_page_of_a_checkpoint_compares_both_starts() -> None:
    """One row for each way of fine-tuning, the other models, and the settings of the ways."""
    tuned = checkpoint.Tuned(
        **{"way": "lora", "parameters": 10_884_870, "trainable": 113_286, "seconds": 61.2},
        random=protocol_scores("bert", 0.90, seeds=1),
        pretrained=protocol_scores("bert", 0.91, seeds=1),
        difference=paired((-0.002, 0.02), (-0.001, 0.021)),
    )
    found = checkpoint.Benchmark((tuned,), {"svm": protocol_scores("svm", 0.96, seeds=1)})
    text = "\n".join(checkpoint.lines(found, "bert", "minilm/model", 0.1, (0,)))
    assert "The network bert of 10,884,870 numbers" in text
    assert "with 10% of the labels, from the weights of `minilm/model`" in text
    row = "| lora | 113,286 | 61 | 0.9000 (0.890–0.910) | 0.9100 (0.900–0.920) | +0.0100 "
    assert f"{row}(-0.0010 to +0.0210) | no difference beyond noise |" in text
    assert "| svm | 0.9600 (0.950–0.970) |" in text
    assert "lora: freeze none, lora_rank 8, learning_rate 0.001" in text


def test_a_randomised_checkpoint_keeps_the_architecture_alone(tmp_path: Path) -> None:
    """The same sizes, other weights, and the same ones of the same seed."""
    sizes = {"hidden_size": 8, "intermediate_size": 8, "vocab_size": 3}
    config = BertConfig(**sizes, num_hidden_layers=1, num_attention_heads=2)
    BertModel(config).save_pretrained(tmp_path / "given")
    made = [
        checkpoint.randomised(str(tmp_path / "given"), tmp_path / name, seed=seed)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    given, a, b, c = (load_file(f / "model.safetensors") for f in (tmp_path / "given", *made))
    assert {name: w.shape for name, w in a.items()} == {name: w.shape for name, w in given.items()}
    name = "encoder.layer.0.attention.self.query.weight"
    assert (a[name] == b[name]).all()
    assert (a[name] != given[name]).any()
    assert (a[name] != c[name]).any()


def test_the_page_of_runtimes_has_a_row_a_build() -> None:
    """Gaps to five digits; no products where a build computes in float32."""
    names = ("model_gap", "batch_gap", "web_gap")
    rest = {"agreement": 1.0, "accuracy": 0.9826, "web_accuracy": 0.9822, "latency_ms": 0.24}
    entries = [
        runtimes.Entry(
            **{"model": "encoder-small", "build": build, "bytes": 175_400, "pair_sum": products},
            **dict(zip(names, gaps, strict=True)),
            **rest,
            web_latency_ms=0.49,
            verdict=verdict,
        )
        for build, products, gaps, verdict in (
            ("int8-static", 32_640, (0.2825, 0.0, 0.000257), "probability gap 0.2825 > 0.1"),
            ("int8-weights", 0, (0.0114, 0.0, 0.000004), "serves"),
        )
    ]
    text = "\n".join(runtimes.lines(entries, "onnxruntime-web 1.30.0", (0,)))
    assert "ONNX Runtime here and onnxruntime-web 1.30.0 (WebAssembly)" in text
    row = "| encoder-small | int8-static | 175 | 32,640 | 0.28250 | 0.00000 | 0.00026 "
    assert f"{row}| 1.0000 | 0.9826 | 0.9822 | 0.24 | 0.49 | probability gap 0.2825 > 0.1 |" in text
    assert "| encoder-small | int8-weights | 175 |  | 0.01140 | 0.00000 | 0.00000 " in text


def test_the_page_of_onnx_builds_has_a_row_for_threads() -> None:
    """The model itself first, without a file; each build with how many times faster it is."""
    calls = [(threads, size) for threads in onnx.THREADS for size in onnx.BATCHES]
    took = {call: onnx.Latency(0.2, 0.25, 0.3, 5.25) for call in calls}
    watched = {1: onnx.Operators(295, {"MatMul": 30.2, "Add": 9.6})}
    entries = [
        onnx.Entry("svm", "scikit-learn", None, 700.0, took, None, {}, {}, serves=False),
        onnx.Entry("svm", "fp32", 6_021_840, 90.4, took, 5.04, {8: 81.2}, watched, serves=True),
    ]
    text = "\n".join(onnx.lines(entries, (0,)))
    own, build = "0.20 | 0.25 | 0.30 |  |", "0.20 | 0.25 | 0.30 | 5.2 |"
    assert f"| svm | scikit-learn | 2 |  |  | 700 | {own} {own} {own}" in text
    assert f"| svm | fp32 | 1 | 6,022 | 295 | 90 | {build} {build} {build}" in text
    assert "| svm | fp32 | 5.0 | 81 |  |  |  |  |  | yes |" in text
    assert "67,500 windows on one thread" in text
    assert "| svm | fp32 | 1 | 295 | 40 | MatMul 30, Add 10 |" in text


def test_a_page_tells_how_it_was_made() -> None:
    """Command, seeds, versions, code and machine."""
    text = "\n".join(page.made_by((3, 4)))
    assert "Written by `har" in text
    assert "- seeds: 3, 4" in text
    for fact in ("torch", "onnxruntime", "code: SHA-256", "machine:"):
        assert fact in text


def test_the_page_of_wrong_devices_has_a_row_for_each() -> None:
    """By sensors, with false alarms first, shares in per cent, and what is not found."""
    told = [
        unlike.Told(unlike.OWN, 98, 0.0, 0.0, ""),
        unlike.Told("the sign", 98, 0.995, 0.9, "gravity points the other way", 0.98, 0.75),
    ]
    lines = unlike.lines({"acceleration alone": told}, ("hapt",), ("sp-sw-har",))
    assert "## Acceleration alone" in lines
    assert "| nothing: their own recordings | 98 | 0.0% | 0.0% | 0.0% | 0.0% | — |" in lines
    told_row = "| the sign | 98 | 99.5% | 98.0% | 75.0% | 90.0% | gravity points the other way |"
    assert told_row in lines
    assert any(line.startswith("Axes are") and "sp-sw-har" in line for line in lines)


def test_minutes_of_wrong_devices_are_told(recordings: list[Recording], several: Windows) -> None:
    """None of a person's own minutes is; in g, negated, turned and at 25 Hz, all of them are."""
    reference = Reference.fit(several, WindowGrid())
    assert reference is not None
    judge = unlike.Minutes(reference, WindowGrid(), several.channels)
    own = [r for r in recordings if r.meta.subject_id == "hapt-02"]
    told = {
        fault: judge.of(fault, map(unlike.FAULTS[fault], own))
        for fault in (
            unlike.OWN,
            "the sign of acceleration",
            "acceleration in g",
            "turned by 180° about y",
            "recorded at 25 Hz",
        )
    }
    mine = told.pop(unlike.OWN)
    assert (mine.told, mine.withheld, mine.said) == (0, 0, "")
    assert [row.told for row in told.values()] == [1, 1, 1, 1]
    in_g = told["acceleration in g"]
    assert (in_g.withheld, in_g.told_30s, in_g.told_10s > 0.9) == (1, 1, True)
    # Its answers are merely blunter.
    assert told["recorded at 25 Hz"].withheld == 0


def test_the_page_of_servers_holds_rates_and_their_ratio() -> None:
    """One row per server and kind of request; what is not installed is named."""
    half = Load(answers=500, per_s=250, p50_ms=1.5, p99_ms=4.0, failed=0)
    entries = [
        serve.Entry("har serve --workers 1", 1, Load(5000, 500, 3, 9, 0), half, 0.76, 144),
        serve.Entry("mlflow 3", 1, Load(900, 90, 30, 60, 0), half, 3.86, 333),
    ]
    lines = serve.lines(entries, "har champion", seconds=10, absent=["bentoml"])
    assert "| har serve --workers 1 | 1 | 500 | 5.6 | 3.0 | 9.0 | 1.5 | 4.0 | 0.76 | 144 |" in lines
    assert "| mlflow 3 | 1 | 90 | 1.0 | 30.0 | 60.0 | 1.5 | 4.0 | 3.86 | 333 |" in lines
    assert lines[-1] == "Not installed here, and so not measured: bentoml."


def made_windows(starts: list[float], y: list[int], people: list[str]) -> Windows:
    """Return windows of zeros, of one recording for each person."""
    index = pd.DataFrame({"recording_id": people, "subject_id": people, "start_s": starts})
    X = np.zeros((len(y), 128, 6), np.float32)
    return Windows(X, np.array(y), index, ("sitting", "standing", "lying"))


def test_neighbours_of_one_activity_are_answered_together() -> None:
    """Blocks end with the activity, the recording, a gap in time, and after two windows."""
    starts = [0, 1.28, 2.56, 3.84, 9, 0, 1.28]
    windows = made_windows(starts, [0, 0, 0, 1, 1, 1, 1], [*"aaaaa", *"bb"])
    answers = np.arange(7.0)[:, None]
    pooled = sensors.Trial(windows, WindowSettings()).pooled(answers, 2)
    assert pooled[:, 0].tolist() == [0.5, 0.5, 2, 3, 4, 5.5, 5.5]


def test_a_score_tells_what_the_hardest_pair_costs() -> None:
    """One of four windows of the pair is answered by its partner, one by a third class."""
    windows = made_windows([0.0] * 6, [0, 0, 1, 1, 2, 2], list("aabbcc"))
    trial = sensors.Trial(windows, WindowSettings())
    answers = np.eye(3)[[0, 1, 1, 2, 2, 2]]
    assert trial.hardest(answers) == (0, 1)
    score = trial.score("all", answers, (0, 1), np.zeros((6, 5), np.float32), share=0.5)
    assert (score.features, score.people, score.confused) == (5, 1, 0.25)
    # F1 of the classes: 2/3, 1/2 and 4/5; with the first mistake right 1, 2/3 and 4/5.
    assert score.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 4 / 5) / 3)
    assert score.without == pytest.approx((1 + 2 / 3 + 4 / 5) / 3)


def test_the_page_of_sensors_has_a_row_a_score() -> None:
    """Four tables, and the classes that are hardest."""
    score = sensors.Score("acceleration", 367, 18, 0.9384, 0.138, 0.9812)
    upright = replace(score, what="acceleration, upright", macro_f1=0.96)
    rows = (score,)
    found = sensors.Findings(21, 7143, ("sitting", "standing"), rows, (upright,), rows, rows)
    text = "\n".join(sensors.lines(found))
    assert "21 people, those for training and validation, 7,143 windows" in text
    assert "the windows of sitting and standing to which" in text
    assert "| acceleration | 367 | 0.9384 | 13.8% | 0.9812 |" in text
    assert "| acceleration, upright | 367 | 0.9600 | 13.8% | 0.9812 |" in text
    assert "| 18 people | 367 | 0.9384 | 13.8% | 0.9812 |" in text

"""ONNX files: what they say of themselves, the graph, and what both together answer."""

import json
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import graphs
import numpy as np
import onnx

from fuzz import damage
from fuzz.target import Files, Seeds, Target, require
from har.arrays import Float32
from har.data.recording import ACC, CHANNELS, RecordingMeta
from har.models.causes import moments
from har.models.out_of_distribution import MahalanobisDetector
from har.models.reference import Reference
from har.models.smoothing import HMM, Average, Smoothing
from har.serving.predictor import Predictor
from har.serving.unlike import Judge

FILE = "model.onnx"
_SAID = (
    *("NaN", "inf", "-1", "0", "1e999", "x", "[]", "{}", "null", '"x"', "[1]", "1" * 5000, ""),
    *("[" * 5000, '["x","x"]', '["walking"]', '["acc_x","acc_x","acc_x"]', "true", "1_0", " 50 "),
)


@cache
def seeds() -> Seeds:
    """Return a model with all that a file may say, one with little, and an old one."""
    smoothing = Smoothing(Average(), HMM(np.full((2, 2), 0.5), np.full(2, 0.5)))
    people = moments(_windows(CHANNELS, n=200))
    reference = Reference.mixture(people, (True, False)).to_dict()
    reference |= {"limits": {"3": 5.0, "20": 3.0}, "people": 8, "placements": ["waist"]}
    detector = MahalanobisDetector.fit(_windows(CHANNELS, n=200), _windows(CHANNELS, n=50))
    stated = {
        "full": {
            "gravity": "true",
            "upright": "null",
            "smoother": "hmm",
            "smoothing": json.dumps(smoothing.to_dict()),
            "reference": json.dumps(reference),
        },
        "bare": {"channels": json.dumps(ACC)},
        "old": {"unlikeness": json.dumps(detector.to_dict())},
    }
    made = {name: _written(facts) for name, facts in stated.items()}
    return {name: {FILE: content} for name, content in made.items()}


def _written(facts: dict[str, str]) -> bytes:
    channels = tuple(json.loads(facts.pop("channels", json.dumps(CHANNELS))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        graphs.write_rule(path, channel="acc_x", channels=channels, **facts)
        return path.read_bytes()


def _windows(channels: tuple[str, ...], n: int) -> Float32:
    rng = np.random.default_rng(0)
    rest = [9.81 if name == "acc_z" else 0.0 for name in channels]
    return rng.normal(rest, 1, (n, graphs.SIZE, len(channels))).astype(np.float32)


def damaged(files: Files, chance: Random) -> Files:
    """Return a model that says something else of itself, or whose bytes or graph are others."""
    content = files[FILE]
    if chance.random() < 0.2:
        return {FILE: damage.damaged(content, chance)}
    proto = onnx.load_model_from_string(content)
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    for _ in range(chance.randint(1, 3)):
        name = chance.choice(sorted(facts))
        facts[name] = _said(facts[name], chance)
        if chance.random() < 0.1:
            del facts[name]
    onnx.helper.set_model_props(proto, facts)
    if chance.random() < 0.15:
        _regraph(proto.graph, chance)
    return {FILE: proto.SerializeToString()}


def _said(text: str, chance: Random) -> str:
    if chance.random() < 0.3:
        return chance.choice(_SAID)
    try:
        return json.dumps(damage.value_damaged(json.loads(text), chance))
    except (ValueError, RecursionError):
        return chance.choice(_SAID)


def _regraph(graph: Any, chance: Random) -> None:
    """Rename an end of a graph, or change a size of it."""
    end = chance.choice([*graph.input, *graph.output])
    kind = chance.randrange(4)
    if kind == 0:
        end.name = chance.choice(("x", "", "windows", "distance"))
    elif kind == 1:
        dimension = chance.choice(list(end.type.tensor_type.shape.dim))
        dimension.dim_value = chance.choice((0, 1, 3, 10**9))
    elif kind == 2:
        end.type.tensor_type.elem_type = chance.choice((2, 7, 8, 11))
    else:
        chance.choice(list(graph.initializer)).dims.append(2)


def check(seed: str, folder: Path) -> Counter[str]:
    """Open a model and ask all of it; what it answers fits what it says."""
    predictor = Predictor(folder / "input" / FILE)
    require(predictor.rate_hz > 0 and predictor.n_hop > 0, "a grid: of no time")
    require(len({*predictor.channels}) == len(predictor.channels), "channels: one twice")
    require(len({*predictor.classes}) == len(predictor.classes), "classes: one twice")
    rng = np.random.default_rng(0)
    shape = (7, predictor.n_samples, len(predictor.channels))
    require(np.prod(shape) < 1e7, f"a window: of {shape[1:]}")
    X = rng.normal(0, 1, shape).astype(np.float32)
    answers = predictor.answer(X)
    probabilities = np.asarray(answers.probabilities)
    require(probabilities.shape == (7, len(predictor.classes)), "probabilities: of another shape")
    require(np.isfinite(probabilities).all(), "probabilities: not finite")
    require(np.allclose(probabilities.sum(1), 1, atol=1e-3), "probabilities: not 1 in all")
    for name in ("none", "average", "hmm"):
        smoother = predictor.smoother(name) if predictor.smoothing else None
        if smoother:
            smoothed = np.asarray(smoother.step(answers)[0].probabilities)
            require(np.isfinite(smoothed).all(), f"{name}: not finite")
            require(smoothed.min() >= 0, f"{name}: below 0")
    predictor.smoother(predictor.default_smoother)
    judge = Judge(predictor.reference, predictor.window)
    judge.add(X, answers.unknown)
    meta = RecordingMeta("user", "user-a", "a", predictor.rate_hz, "waist", "")
    json.dumps(judge.verdict(meta).to_dict(), allow_nan=False)
    return Counter(windows=len(X), **{f"class {i}": 1 for i in set(answers.label.tolist())})


TARGETS = {"onnx": Target("onnx", seeds, damaged, check)}

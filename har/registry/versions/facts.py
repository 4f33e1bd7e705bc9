"""What MLflow shows of a candidate: parameters, metrics, learning curves, tags."""

from collections.abc import Iterator, Sequence
from typing import Any

from har.data.channels import ChannelChoice
from har.models.catalogue import CLASSICAL, ENCODERS
from har.models.record import Epoch, PretrainingEpoch, pretraining_of
from har.registry.versions.candidate import Candidate
from har.registry.versions.version import LINEAGE_DIGEST

_SHARED = ("data", "clean", "split", "window", "export", "intervals")
_LEARNT = ("seed", "c", "gamma", "n_features", "best_epoch", "parameters", "trainable_parameters")
_PER_BUILD = (
    *("bytes", "latency_ms", "latency_p95_ms"),
    *("max_probability_gap", "agreement", "macro_f1"),
)


def params(candidate: Candidate) -> dict[str, Any]:
    """Return the settings that shape this candidate, by dotted name, and what training chose."""
    own = f"models.{candidate.name.replace('-', '_')}"
    trained = () if candidate.name in CLASSICAL else ("finetune",)
    pretrained = ("pretrain",) if candidate.name in ENCODERS else ()
    sections = tuple(f"{name}." for name in (*_SHARED, own, *trained, *pretrained))
    flat = {k: v for k, v in candidate.recipe.flat().items() if k.startswith(sections)}
    recorded = candidate.training.to_dict()
    learnt = {f"trained.{key}": recorded[key] for key in _LEARNT if key in recorded}
    gravity = ChannelChoice.beside(candidate.windows).gravity
    return {**flat, **learnt, "serving": candidate.serving.name, "windows.gravity": gravity}


def metrics(candidate: Candidate) -> dict[str, float]:
    """Return the scores on the test subjects and the measurements of every build."""
    m = candidate.metrics
    low, high = m.macro_f1_interval
    scores = {
        "test_macro_f1": m.macro_f1,
        "test_macro_f1_low": low,
        "test_macro_f1_high": high,
        "test_accuracy": m.accuracy,
        "test_macro_precision": m.macro_precision,
        "test_macro_recall": m.macro_recall,
        # A plus is the one character of an activity that MLflow refuses.
        **{
            f"test_f1/{name.replace('+', ' plus ')}": score.f1
            for name, score in m.per_class.items()
        },
    }
    for build in candidate.builds.to_dict()["builds"]:
        scores |= {f"{build['name']}/{key}": build[key] for key in _PER_BUILD}
        scores[f"{build['name']}/passed"] = float(build["passed"])
    return scores


def curves(candidate: Candidate) -> Iterator[tuple[str, float, int]]:
    """Yield name, value and epoch of the learning curves of training and pretraining."""
    yield from _curves("finetune", candidate.training.history)
    if (start := candidate.steps.get("pretrain")) and (record := pretraining_of(start.path)):
        yield from _curves("pretrain", record.history)


def _curves(
    stage: str, history: Sequence[Epoch | PretrainingEpoch]
) -> Iterator[tuple[str, float, int]]:
    for row in history:
        for name, value in row.to_dict().items():
            if name != "epoch":
                yield f"{stage}/{name}", float(value), row.epoch


def version_tags(candidate: Candidate, lineage_digest: str) -> dict[str, str]:
    """Return the tags that a version is born with: all that reading commands need."""
    m, serving = candidate.metrics, candidate.serving
    low, high = m.macro_f1_interval
    return {
        "har.candidate": candidate.name,
        "har.candidate_digest": candidate.digest,
        "har.dataset": candidate.dataset,
        LINEAGE_DIGEST: lineage_digest,
        "har.macro_f1": repr(m.macro_f1),
        "har.macro_f1_low": repr(low),
        "har.macro_f1_high": repr(high),
        "har.onnx_sha256": serving.sha256,
        "har.serving": serving.name,
        "har.serving_passed": str(serving.passed).lower(),
        "har.stage": "None",
        "har.test_digest": m.test_digest,
    }

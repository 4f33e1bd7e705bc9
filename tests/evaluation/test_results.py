"""Files of results: read as they were written, and refused by name if a field is not right."""

import json
from pathlib import Path
from typing import Any

import pytest
import scores

from har.errors import VerificationError
from har.evaluation.results.comparisons import Comparisons
from har.evaluation.results.protocol import ProtocolResult
from har.evaluation.results.robustness import Robustness
from har.evaluation.results.scores import Metrics
from har.lineage.typed import TypedFile

DIFFERENCE = scores.paired((0.01, 0.03), (0.001, 0.02))
METRICS = scores.metrics(class_f1={"A": 0.9, "B": 0.8}, subject_f1={"s0": 0.9, "s1": 0.7})
PROTOCOL = ProtocolResult(
    protocol="groups",
    folds=("group 1", "group 2"),
    reference="svm",
    models={"svm": scores.protocol_scores("svm", 0.9, seeds=2)},
    comparisons={"resnet": DIFFERENCE},
)
FILES: list[tuple[TypedFile, tuple[str, ...]]] = [
    (METRICS, ("per_class", "A", "f1")),
    (METRICS, ("calibration", "ece")),
    (Comparisons(reference="svm", test_digest="t", models={"resnet": DIFFERENCE}), ("models",)),
    (PROTOCOL, ("models", "svm", "macro_f1_by_seed", "1")),
    (PROTOCOL, ("comparisons", "resnet", "wilcoxon_p")),
    (scores.robustness({"gain +5 %": -0.05}), ("clean", "macro_f1")),
]


@pytest.mark.parametrize(("content", "place"), FILES, ids=lambda part: type(part).__name__)
def test_a_field_of_another_type_is_named(
    content: TypedFile, place: tuple[str, ...], tmp_path: Path
) -> None:
    """The error names the file and the way to the field."""
    content.write(tmp_path)
    assert type(content).read(tmp_path) == content
    path = tmp_path / content.FILE
    written: dict[str, Any] = json.loads(path.read_text())
    inner = written
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = "high"
    path.write_text(json.dumps(written))
    with pytest.raises(VerificationError) as caught:
        type(content).read(tmp_path)
    assert f"{content.FILE}: {'.'.join(place)}: " in str(caught.value)
    assert "'high'" in str(caught.value)


def test_the_worst_subject_is_the_one_of_least_macro_f1() -> None:
    """By name."""
    assert METRICS.worst_subject == "s1"
    assert METRICS.subject_f1 == {"s0": 0.9, "s1": 0.7}


def test_what_was_registered_before_files_had_versions_is_read(tmp_path: Path) -> None:
    """Its support was a number with a fraction, and its verdict a field."""
    fields = METRICS.to_dict()
    fields["per_class"]["A"]["support"] = 40.0
    (tmp_path / "metrics.json").write_text(json.dumps(fields))
    assert Metrics.read(tmp_path).per_class["A"].support == 40
    old = {"reference": "svm", "test_digest": "t", "models": {"a": DIFFERENCE.to_dict()}}
    assert old["models"]["a"]["verdict"] == "better"
    (tmp_path / "comparisons.json").write_text(json.dumps(old))
    assert Comparisons.read(tmp_path).models["a"] == DIFFERENCE


def test_robustness_keeps_the_order_of_its_changes(tmp_path: Path) -> None:
    """Tables and plots of several models go row by row."""
    scores.robustness({"b": -0.1, "a": -0.2}).write(tmp_path)
    assert [change.name for change in Robustness.read(tmp_path).perturbations] == ["b", "a"]

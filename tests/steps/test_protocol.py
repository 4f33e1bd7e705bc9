"""All folds of a protocol are one plan: trained once, found again, scored together."""

import json
from pathlib import Path

from har.config import load
from har.steps.protocol import evaluate_protocol
from har.steps.run import start

PEOPLE = ["hapt-01", "hapt-02", "hapt-03", "hapt-07"]


def test_a_protocol_tests_everybody_once_and_is_found_again(tmp_path: Path) -> None:
    """Four people in four groups; with one more model only that one is trained."""
    base = [
        f"data.subjects={PEOPLE}",
        "split.test_subjects=['hapt-02']",
        "split.validation_subjects=['hapt-07']",
        *("evaluate.groups=4", "evaluate.bootstrap=50", f"store={tmp_path}"),
        *("models.logistic.c_grid=[0.01]", "models.logistic.copies=0"),
        *("models.extra_trees.n_estimators=10", "models.extra_trees.copies=0"),
    ]
    settings = load([*base, "candidates=['logistic']"])
    made = evaluate_protocol(start(*settings), "groups")
    found = json.loads((made.path / "protocol.json").read_text())
    scores = found["models"]["logistic"]
    assert len(found["folds"]) == 4
    page = (made.path / "protocol.html").read_text()
    assert all(who in page for who in PEOPLE)
    assert f"{scores['macro_f1']:.3f}" in page
    assert sorted(scores["per_subject"]) == PEOPLE
    assert scores["macro_f1"] > 0.7
    assert evaluate_protocol(start(*settings), "groups").reused
    for record in tmp_path.glob("train-logistic/*/training.json"):
        known = json.loads(record.read_text())
        assert not set(known["subjects"]) & set(known["validation_subjects"])
    both = load([*base, "candidates=['logistic', 'extra-trees']", "seeds=[0]"])
    compared = json.loads(
        (evaluate_protocol(start(*both), "groups").path / "protocol.json").read_text()
    )
    assert len(list(tmp_path.glob("train-logistic/*"))) == 4
    assert compared["models"]["logistic"] == scores
    assert set(compared["comparisons"]) == {"extra-trees"}

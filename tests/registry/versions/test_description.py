"""What MLflow's page shows of a version: made anew as it moves, and never over people's words."""

from collections.abc import Callable

import pytest
from support import Setup, opened, promote

from har.registry.gate.approval import approve
from har.registry.history.trail import Trail
from har.registry.versions.candidate import Candidate
from har.registry.versions.description import BELOW, MAX_LENGTH, describe
from har.registry.versions.lookup import find
from har.registry.versions.registration import register


def shown(settings: Setup, number: int) -> str:
    """Return the description that MLflow has."""
    registry = opened(settings)
    return str(registry.client.get_model_version(registry.model, str(number)).description)


def test_it_says_what_a_promoter_asks(rivals: Setup) -> None:
    """Scores with interval, who approved, every rule, limits and links; true after each move."""
    gate = rivals.gate.model_copy(update={"approval": "always"})
    asking = rivals.model_copy(update={"gate": gate})
    assert "Nobody has moved it yet." in shown(rivals, 2)
    decision = promote(find(opened(rivals), "2"), asking, reason="a <b>new</b> season | 2")
    waits = shown(rivals, 2)
    assert "stage **Staging**, challenger" in waits
    assert "**Waits for approval**" in waits
    approve(opened(rivals), "2", reason="seen", allow_self=True)
    text = shown(rivals, 2)
    assert len(text) <= MAX_LENGTH
    assert "stage **Production**, champion" in text
    assert "Waits for approval" not in text
    assert "**, the same person, " in text
    assert "95% interval over people 1.0000 to 1.0000" in text
    assert "a &lt;b&gt;new&lt;/b&gt; season &#124; 2" in text
    assert "<b>" not in text
    for rule in decision.rules:
        assert f"| {rule.name}&ensp; | holds&ensp; |" in text
    assert "Activities it knows: WALKING, SITTING, LAYING" in text
    run = find(opened(rivals), "2").run_id
    assert f"/runs/{run}/artifacts/report/report.html)" in text
    assert "stage **Archived**, previous" in shown(rivals, 1)


def test_words_of_people_stay(local: Setup, make_candidate: Callable[..., Candidate]) -> None:
    """Below the line they stay as they are; what was written above it is brought there."""
    registry = opened(local)
    version = register(registry, make_candidate("svm"))
    above = shown(local, 1).replace("#### **Limits", "Not for Lisa's phone.\n#### **Limits")
    registry.writer.update_model_version("har", "1", f"{above}\nSee the wiki.\n")
    promote(version, local, reason="first")
    above, below = shown(local, 1).split(BELOW)
    assert "stage **Production**" in above
    assert "Lisa" not in above
    assert below == "\n\nSee the wiki.\n\nWas written above the line:\n\nNot for Lisa's phone.\n"
    describe(registry, find(registry, "1"), Trail(registry).events)
    assert shown(local, 1).split(BELOW)[1] == below
    # What an earlier har wrote is no word of people.
    registry.writer.delete_tag(version.run_id, "har.described")
    registry.writer.update_model_version(
        "har", "1", f"svm on tiny, test macro-F1 {version.macro_f1:.4f}"
    )
    describe(registry, find(registry, "1"), Trail(registry).events)
    assert shown(local, 1) == f"{above}{BELOW}\n"


def test_much_that_people_wrote_is_not_cut(
    local: Setup, make_candidate: Callable[..., Candidate], caplog: pytest.LogCaptureFixture
) -> None:
    """The history makes room; where there is none, the move is made and a warning says so."""
    registry = opened(local)
    version = register(registry, make_candidate("svm"))
    wordy = "x" * (MAX_LENGTH - len(shown(local, 1)) - 1)
    registry.writer.update_model_version("har", "1", f"{shown(local, 1)}{wordy}\n")
    assert promote(version, local, reason="first").passed
    assert shown(local, 1).endswith(f"{wordy}\n")
    assert "leaves no room for more" in caplog.text

"""What MLflow's page shows of a version: made anew as it moves, and never over people's words."""

from support import Setup, opened, promote

from har.registry.gate.approval import approve
from har.registry.history.trail import Trail
from har.registry.versions.description import BELOW, MAX_LENGTH, bring_up_to_date
from har.registry.versions.lookup import find


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
    assert "95% interval over people 1.0000 to 1.0000" in text
    assert "a &lt;b&gt;new&lt;/b&gt; season &#124; 2" in text
    assert "<b>" not in text
    for rule in decision.rules:
        assert f"| {rule.name} | holds |" in text.replace("\\", "")
    assert "Activities it knows: WALKING, SITTING, LAYING" in text
    run = find(opened(rivals), "2").run_id
    assert f"/runs/{run}/artifacts/report/report.html)" in text
    assert "stage **Archived**, previous" in shown(rivals, 1)


def test_words_of_people_stay(local: Setup, rivals: Setup) -> None:
    """Below the line they stay as they are; what was written above it is brought there."""
    if rivals is not local:
        return
    registry = opened(rivals)
    before = shown(rivals, 2)
    by_hand = before.replace("#### Limits of use", "Not for Lisa's phone.\n#### Limits of use")
    registry.writer.update_model_version(registry.model, "2", f"{by_hand}\nSee the wiki.\n")
    promote(find(registry, "2"), rivals, reason="better")
    above, below = shown(rivals, 2).split(BELOW)
    assert "stage **Production**" in above
    assert "Lisa" not in above
    assert below == "\n\nSee the wiki.\n\nWas written above the line:\n\nNot for Lisa's phone.\n"
    bring_up_to_date(registry, Trail(registry))
    assert shown(rivals, 2).split(BELOW)[1] == below

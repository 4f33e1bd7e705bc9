"""The facts are those of the recordings and the accounts."""

import numpy as np
import pytest

from har.data.report.facts import describe

from .conftest import ACCOUNT, Make, facts_of, made_up, write_quarantine


def test_gap() -> None:
    """Half a second without samples is one gap, and no time of any activity."""
    time = np.arange(1000) / 50
    time[500:] += 0.5
    facts, timeline = describe(made_up(time_s=time))
    assert (facts.gaps, facts.samples) == (1, 1000)
    assert facts.missing_s == pytest.approx(0.5)
    assert facts.seconds == pytest.approx(20.5)
    assert facts.activities == {"walking": pytest.approx(20.0)}
    assert facts.longest_gaps == ((pytest.approx(9.98), pytest.approx(0.52)),)
    assert timeline.recorded[-1] == pytest.approx(20.0)


def test_slow_rate_is_no_gap() -> None:
    """At 5 Hz steps of 0.2 s are the rate."""
    recording = made_up(time_s=np.arange(100) / 5)
    slow = recording.meta.__class__(**{**vars(recording.meta), "rate_hz": 5.0})
    facts, _ = describe(recording.__class__(recording.table, slow))
    assert (facts.gaps, facts.missing_s) == (0, 0)


def test_unlabelled_time() -> None:
    """A quarter without a label is a quarter of the time, at its place."""
    facts, timeline = describe(made_up(activity=[None] * 250 + ["sitting"] * 750))
    assert facts.labelled == pytest.approx(0.75)
    assert facts.unlabelled_s == pytest.approx(5.0)
    quarter = len(timeline.labelled) // 4
    assert timeline.labelled[quarter] == pytest.approx(0, abs=0.1)


def test_subjects_and_activities(ingest: Make) -> None:
    """Minutes add up by subject and by activity."""
    activity = ["walking"] * 500 + ["sitting"] * 500
    folder = ingest(made_up("lab-01-a", activity=activity), made_up("lab-02-a"))
    facts = facts_of(folder)
    assert list(facts["subjects"]) == ["lab-01", "lab-02"]
    assert facts["activities"]["walking"] == {"seconds": pytest.approx(30), "subjects": 2}
    assert facts["activities"]["sitting"] == {"seconds": pytest.approx(10), "subjects": 1}


def test_accounts_add_up(ingest: Make) -> None:
    """Totals are sums over items; each item keeps its own line."""
    second = {**ACCOUNT, "item": "two", "rows_in": 7, "rows_kept": 4, "rows_repaired": 3}
    second["repairs"] = {"mended": 3}
    facts = facts_of(ingest(made_up(), accounts=[ACCOUNT, second]))
    assert facts["totals"]["rows_in"] == 107
    assert facts["totals"]["rows_repaired"] == 3
    assert facts["repairs"] == {"mended": 3}
    assert [item["item"] for item in facts["items"]] == ["one", "two"]


def test_quarantine_examples(ingest: Make) -> None:
    """A reason has its count and the first three rows with file and line."""
    account = {**ACCOUNT, "rows_quarantined": 5, "reasons": {"not 8 fields": 5}}
    folder = ingest(made_up(), accounts=[account])
    rows = [("a.csv", line, "not 8 fields", f"x{line}") for line in range(1, 6)]
    write_quarantine(folder, "one", rows)
    (found,) = facts_of(folder)["quarantine"].items()
    assert found[0] == "not 8 fields"
    assert found[1]["rows"] == 5
    assert [e["line"] for e in found[1]["examples"]] == [1, 2, 3]
    assert found[1]["examples"][0] == {"file": "a.csv", "line": 1, "content": "x1"}


def test_warnings_by_kind(ingest: Make) -> None:
    """Warnings are counted by kind, the commonest first."""
    warnings = [
        {"recording": "lab-01-a", "kind": kind, "detail": "so"} for kind in ("gravity", "jitter")
    ]
    account = {**ACCOUNT, "warnings": [*warnings, warnings[1]]}
    found = facts_of(ingest(made_up(), accounts=[account]))["warnings"]
    assert list(found) == ["jitter", "gravity"]
    assert (found["jitter"]["times"], found["jitter"]["recordings"]) == (2, 1)


def test_copies_say_what_was_kept(ingest: Make) -> None:
    """A copy that was set aside is told from one that is still there."""
    copies = [{"recording": name, "same_as": "x", "share": 1.0} for name in ("gone", "here")]
    account = {**ACCOUNT, "rejected": {"gone": "the same samples as x"}}
    found = facts_of(ingest(made_up(), accounts=[account], copies=copies))["copies"]
    assert [copy["kept"] for copy in found] == [False, True]

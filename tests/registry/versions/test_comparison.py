"""Two versions side by side: the numbers are those of the files, whatever the two are."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Setup, files_of, opened, promote, registry_command

from har.config import Recipe
from har.errors import UsageError, VerificationError
from har.lineage.difference import difference, rows, sentence, words
from har.lineage.record import Record
from har.measured import MEASURED
from har.registry.decision.page import write_page
from har.registry.versions.candidate import Candidate
from har.registry.versions.comparison import Comparison, Pair, compare, outcome
from har.registry.versions.lineage import build_record
from har.registry.versions.lookup import find
from har.registry.versions.registration import register
from har.registry.versions.version import Version

# Of 30 windows per subject, 10 per class, the champion takes one SITTING for LAYING and one
# LAYING for WALKING; its rival errs nowhere.
F1 = {"WALKING": 20 / 21, "SITTING": 18 / 19, "LAYING": 18 / 20}
CHAMPION_F1 = sum(F1.values()) / 3


def compare_in(settings: Setup, a: Version, b: Version) -> Comparison:
    """Compare two versions with the intervals of some settings."""
    return compare(opened(settings), a, b, intervals=settings.intervals)


def compared(settings: Setup, a: str, b: str) -> Comparison:
    return compare_in(settings, find(opened(settings), a), find(opened(settings), b))


def without_laying(candidate: Candidate) -> Candidate:
    """Let a candidate know two classes only."""
    metrics = candidate.metrics
    per_class = {name: score for name, score in metrics.per_class.items() if name != "LAYING"}
    known = {"classes": tuple(per_class), "per_class": per_class}
    metrics.model_copy(update=known).write(candidate.evaluation)
    return candidate


def test_same_windows(rivals: Setup) -> None:
    """On the same windows there is a difference of every score, by class and by subject."""
    found = compared(rivals, "2", "champion")
    who = [(side.number, side.candidate) for side in (found.a, found.b)]
    assert who == [(2, "encoder-small"), (1, "svm")]
    accuracy = found.scores["accuracy"]
    assert vars(accuracy) == pytest.approx({"a": 1, "b": 28 / 30, "difference": 1 / 15})
    assert found.scores["macro_f1"].b == pytest.approx(CHAMPION_F1)
    assert found.scores["macro_f1"].difference is None  # but person by person
    assert found.scores["worst_subject"].b == pytest.approx(CHAMPION_F1)
    # Every answer is 80 % sure: the distance is that to the share of right ones.
    assert found.scores["ece"].difference == pytest.approx(0.2 - (28 / 30 - 0.8))
    for name, f1 in F1.items():
        expected = {"a": 1, "b": f1, "difference": 1 - f1}
        assert vars(found.class_f1[name]) == pytest.approx(expected)
    paired = found.paired
    assert paired
    assert sorted(paired.per_subject) == [f"s{n:02d}" for n in range(7, 13)]
    assert paired.mean_difference_interval == pytest.approx([1 - CHAMPION_F1] * 2)
    assert paired.verdict == "better"
    assert np.array(found.confusion) == pytest.approx(
        np.array([[0, 0, 0], [0, 0.1, -0.1], [-0.1, 0, 0.1]])
    )
    assert outcome(found).startswith(
        "encoder-small (version 2) is better than svm (version 1): on 6 test subjects "
        "macro-F1 is +0.067 person by person (95% interval +0.067 to +0.067, Wilcoxon p = "
    )
    assert outcome(found).endswith("Better on 6 (s07, s08, s09, s10, s11, s12).")


def test_builds(local: Setup, make_candidate) -> None:
    """Every build is listed, with why it does not serve; a version needs no report."""
    register(opened(local), replace(make_candidate(), report=None))
    register(opened(local), make_candidate("svm", failures=("too slow", "too large")))
    found = compared(local, "1", "2")
    verdicts = [(b["name"], b["verdict"]) for side in (found.a, found.b) for b in side.builds]
    assert verdicts == [
        ("fp32", "passed"),
        ("int8-dynamic", "serves"),
        ("fp32", "too slow; too large"),
    ]


def test_builds_registered_before_latencies_had_a_file(local: Setup, make_candidate) -> None:
    """They are compared and judged as they were, with the verdicts of their day."""
    candidate = make_candidate()
    old = candidate.builds.to_dict()
    old["builds"][1] |= {"passed": False, "failures": ["latency / fp32 1.5 > 1.2"]}
    for build in old["builds"]:
        del build["verdict"]
    (candidate.export / "builds.json").write_text(json.dumps({**old, "serving": "fp32"}))
    (candidate.export / MEASURED).unlink()
    version = register(opened(local), replace(candidate, report=None))
    register(opened(local), make_candidate("svm"))
    builds = compared(local, "1", "2").a.builds
    assert [b["verdict"] for b in builds] == ["serves", "latency / fp32 1.5 > 1.2"]
    assert [b["latency_ms"] for b in builds] == [0.2, 0.1]
    assert version.tags["har.serving"] == "fp32"
    assert promote(version, local, reason="as before", dry_run=True).passed


def test_other_windows(local: Setup, make_candidate, tmp_path: Path) -> None:
    """Scores from other windows or other classes stand side by side, without a difference."""
    register(opened(local), make_candidate())
    other = make_candidate("svm", errors=0, digest_of_test="another")
    register(opened(local), without_laying(other))
    found = compared(local, "1", "2")
    assert (found.paired, found.confusion) == (None, None)
    assert {pair.difference for pair in found.scores.values()} == {None}
    assert found.class_f1["LAYING"] == Pair(pytest.approx(F1["LAYING"]), None, None)
    assert "were measured on different test windows" in outcome(found)
    write_page(opened(local), found, tmp_path / "page.html")
    for shown in (
        (tmp_path / "page.html").read_text(),
        registry_command(local, "compare", "1", "2").output,
    ):
        assert "not in its class set" in shown
        assert "difference</th>" not in shown
        assert "Person by person" not in shown


def test_other_classes(local: Setup, make_candidate) -> None:
    """The same windows under other classes are no common ground either."""
    register(opened(local), make_candidate())
    register(opened(local), without_laying(make_candidate("svm")))
    found = compared(local, "2", "1")
    assert found.paired is None
    assert "were measured on different classes" in outcome(found)
    assert list(found.class_f1) == ["WALKING", "SITTING", "LAYING"]


def test_same_origin(local: Setup, make_candidate) -> None:
    """Two records of one candidate do not differ in what is compared."""
    a, b = (build_record(make_candidate(), run_id=run, texts={}) for run in ("1", "2"))
    found = difference(a, b)
    assert set(found) >= {"raw data", "people", "code", "settings", "libraries", "steps"}
    assert not any(found.values())
    assert rows(found) == []
    assert sentence(found) == "Same data, code and settings."
    assert words(found, since="version 1") == []


def test_other_origin(local: Setup, make_candidate) -> None:
    """Exactly what was changed between two records is found, part by part."""
    a = build_record(make_candidate(recipe=Recipe(window={"hop_s": 0.64})), run_id="1", texts={})
    b = build_record(make_candidate(), run_id="2", texts={}).to_dict()
    definition = b["predicate"]["buildDefinition"]
    raw, *_ = definition["resolvedDependencies"]
    raw["digest"] = {"sha256": "cd" * 32}
    definition["resolvedDependencies"].pop()  # the base checkpoint
    b["predicate"]["runDetails"]["builder"]["version"]["numpy"] = "1.0"
    del b["predicate"]["har_people"]["pretrain"]
    b["predicate"]["har_people"]["train"] = ["s01", "s99"]
    b["predicate"]["har_steps"]["ingest"]["key"] = "ef" * 32
    found = difference(a, Record.from_dict(b, "b"))
    key = a.predicate.steps["ingest"].key
    numpy = a.predicate.details.builder.version["numpy"]
    weights = found["base checkpoint"]["weights"]["a"]
    assert rows(found) == [
        ("raw data", "tiny.parquet", "abababababab", "cdcdcdcdcdcd"),
        ("people", "train", "s02, s03, s04", "s99"),
        ("people", "pretrain", "s01", "none"),
        ("settings", "window.hop_s", "0.64", "1.28"),
        ("base checkpoint", "weights", weights[:12], "none"),
        ("libraries", "numpy", numpy, "1.0"),
        ("steps", "ingest", f"key {key[:12]}", "key efefefefefef"),
    ]
    assert sentence(found) == (
        "Different: raw data (1), people (2), settings (1), base checkpoint (1), libraries (1), "
        "steps (1). The same: code, seed."
    )
    assert words(found, since="version 1") == [
        "Raw data: 1 changed (tiny.parquet).",
        "People: 3 more for training (s02, s03, s04); 1 fewer for training (s99); "
        "1 more for pretraining (s01).",
        "Settings: window.hop_s is 0.64, in version 1 1.28.",
        "Base checkpoint: some, and none in version 1.",
        f"Libraries: numpy is {numpy}, in version 1 1.0.",
    ]


def test_other_code(local: Setup, make_candidate) -> None:
    """A clean checkout differs from one with changes, and from code in no checkout."""

    def record(*states: dict[str, Any]) -> Record:
        built = build_record(make_candidate(), run_id="1", texts={}).to_dict()
        code = built["predicate"]["buildDefinition"]["resolvedDependencies"]
        code[:] = [item for item in code if item["annotations"]["role"] != "source code"]
        code.extend(
            {"name": "commit", "digest": {"gitCommit": "3" * 40}, "annotations": state}
            for state in states
        )
        return Record.from_dict(built, "built")

    clean = record({"role": "source code", "dirty": False, "changes_sha256": None})
    dirty = record({"role": "source code", "dirty": True, "changes_sha256": "12" * 32})
    assert rows(difference(dirty, clean)) == [
        ("code", "uncommitted changes", "121212121212", "none")
    ]
    assert rows(difference(record(), clean)) == [("code", "commit", "none", "333333333333")]


def test_refused(local: Setup, make_candidate) -> None:
    """A version is not compared with itself, nor from files that are not the registered ones."""
    version = register(opened(local), make_candidate())
    with pytest.raises(UsageError, match="version 1 compared with itself"):
        compare_in(local, version, version)
    other = register(opened(local), make_candidate("svm"))
    path = files_of(other, local) / "evaluation" / "predictions.parquet"
    path.write_bytes(b"changed")
    with pytest.raises(VerificationError, match=r"evaluation/predictions\.parquet changed"):
        compare_in(local, version, other)


def test_command(rivals: Setup) -> None:
    """The tables fit a terminal, the champion is the default, and --json has everything."""
    shown = registry_command(rivals, "compare", "2").output
    assert max(map(len, shown.splitlines())) <= 80
    for row in (
        r"accuracy +1\.0000 +0\.9333$",
        r"LAYING +1\.0000 +0\.9000 +\+0\.1000",
        r"s07 +1\.0000 +0\.9332 +\+0\.0668",
        r"mean +\+0\.0668",
        r"2 +int8-dynamic .* serves",
        r"- Base checkpoint: some, and none in version 1\.",
    ):
        assert re.search(row, shown, re.MULTILINE), row
    printed = json.loads(registry_command(rivals, "compare", "2", "1", "--json").output)
    found = compared(rivals, "2", "1")
    assert set(printed) == {*vars(found), "outcome", "people", "changes"}
    assert printed["scores"] == {name: vars(pair) for name, pair in found.scores.items()}
    assert found.paired
    pooled = found.paired.macro_f1_difference
    assert printed["paired"]["mean_difference"] == found.paired.mean_difference
    assert printed["paired"]["pooled_macro_f1_difference"] == pooled
    assert printed["people"]["better"] == ["s07", "s08", "s09", "s10", "s11", "s12"]


def test_page(rivals: Setup, tmp_path: Path) -> None:
    """The page needs nothing but itself and shows the numbers, differences and pictures."""
    path = tmp_path / "pages" / "page.html"
    done = registry_command(rivals, "compare", "2", "champion", "--html", str(path))
    assert done.exit_code == 0, done.output
    page = path.read_text()
    loaded = re.findall(r"(?:src|href)=\"([^\"]*)\"|url\(([^)]*)\)|@import", page)
    outside = [address[:21] for address, _ in loaded if not address.startswith("#")]
    assert outside == ["data:image/png;base64"] * 2
    assert "<script" not in page
    text = re.sub(r"<[^>]*>|\s+", " ", page)
    for shown in (
        "encoder-small (version 2) is better than svm (version 1)",
        "LAYING 1.000 0.900 +0.100",
        "int8-dynamic",
        "base checkpoint: weights",
    ):
        assert shown in re.sub(" +", " ", text), shown

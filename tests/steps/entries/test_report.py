"""The report says what the numbers say, and needs nothing but itself."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from records import pretraining
from scores import metrics, paired, robustness

from har.data.assignment import Assignment, Proof, Shared
from har.data.cleaning import Changes, Cleaning, CleanReport
from har.data.windows import Windows
from har.evaluation.results.continuous import (
    Answers,
    ContinuousScores,
    Delay,
    Example,
    Grid,
    Outcomes,
)
from har.evaluation.results.scores import Metrics
from har.evaluation.sentences import sentence, sentences
from har.export.artifact import Build, Builds, Latency, MeasuredBounds
from har.steps.entries.report import report

PIXEL = b"\x89PNG\r\n\x1a\n"  # enough for a page that only inlines it


def build(name: str, *failures: str) -> Build:
    return Build(
        name=name,
        file=f"model-{name}.onnx",
        bytes=1_234_567,
        sha256="0" * 64,
        max_probability_gap=0.0123,
        agreement=0.9987,
        macro_f1=0.9,
        macro_f1_change=-0.0012,
        mismatches=failures,
        latency=Latency(0.4321, 0.5678),
    )


def write_builds(folder: Path, name: str, *builds: Build) -> Path:
    folder.mkdir()
    Builds.judge(name, builds, MeasuredBounds()).write(folder)
    return folder


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path.parent


def write_cleaning(folder: Path) -> Path:
    """Write what was changed in two recordings: every count is 1000, and 2456."""
    folder.mkdir()
    reports = (
        CleanReport(recording_id=f"r{n}", **dict.fromkeys(Changes.model_fields, n))
        for n in (1000, 2456)
    )
    Cleaning(recordings=tuple(reports)).write(folder)
    return folder


def write_split(folder: Path) -> Path:
    """Write who is in which split, and that they share nothing."""
    folder.mkdir()
    Assignment(train=("s4",), validation=(), test=("s1", "s2", "s3")).write(folder)
    Proof(
        subjects={"train": 1, "validation": 0, "test": 3},
        recordings={"train": 1, "validation": 0, "test": 3},
        shared={"train and test": Shared()},
        sample_digests={},
    ).write(folder)
    return folder


def write_continuous(folder: Path) -> Path:
    """Write two models' answers on continuous recordings; the encoder's never come right."""
    answers = Answers(
        **{"accuracy": 0.9, "macro_f1": 0.8642, "unanswered": 0.0},
        **{"macro_f1_interval": (0.85, 0.88), "changes_per_minute": 7.3},
        **{"macro_f1_gain": 0.0, "macro_f1_gain_interval": (0.0, 0.0)},
        events=Outcomes(n=10, fragmented=11, merged=12, deleted=13, inserted=14, spilling=15),
        delay=Delay(median_s=1.44, p90_s=2.5, never=0.0),
        per_class={},
        per_subject={},
    )
    never = answers.model_copy(update={"delay": Delay(median_s=None, p90_s=None, never=1.0)})
    for name, kind in (("svm", answers), ("encoder-small", never)):
        (folder / name).mkdir(parents=True)
        ContinuousScores(
            **{"classes": (), "n_recordings": 2, "n_subjects": 2, "confidence": 0.95},
            **{"labelled_s": 600.0, "unlabelled_s": 300.0, "outside_classes_s": 0.0},
            window=Grid(rate_hz=50.0, length_s=2.56, hop_s=1.28),
            smoothing={"n_average": 3},
            answers=dict.fromkeys(("raw", "average", "hmm"), kind),
            example=Example(recording_id="a", start_s=0.0, stop_s=1.0, runs={}),
        ).write(folder / name)
        (folder / name / "timeline.png").write_bytes(PIXEL)
    return folder


def write_robustness(folder: Path) -> dict[str, Path]:
    """Write what a report draws of two models under other sensors."""
    folders = {name: folder / name for name in ("svm", "encoder-small")}
    for each in folders.values():
        each.mkdir(parents=True)
        robustness({"gain +5 %": -0.05}).write(each)
    return folders


@pytest.fixture(scope="module")
def inputs(
    evaluation: Path, windows: Windows, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Write every folder that a report reads."""
    root = tmp_path_factory.mktemp("inputs")
    (root / "windows").mkdir()
    windows.save(root / "windows")
    (root / "pretrain").mkdir()
    pretraining().write(root / "pretrain")
    refused = build("int8-static", "probability gap 0.3 > 0.15")
    exports = {
        "svm": write_builds(root / "x2", "svm", build("fp32", "slow")),
        "encoder-small": write_builds(root / "x1", "encoder-small", build("fp32"), refused),
    }
    return {
        "cleaned": write_cleaning(root / "clean"),
        "split": write_split(root / "split"),
        "windows": root / "windows",
        "evaluation": evaluation,
        "continuous": write_continuous(root / "continuous"),
        "robustness": write_robustness(root / "robustness"),
        "exports": exports,
        "checkpoints": {"encoder-small": root / "pretrain"},
        "dataset": "hapt",
        "settings": {"window.hop_s": 1.28, "finetune.learning_rate": 0.001},
        "versions": {"python": "3.11.7", "har": "0.1.0"},
    }


@pytest.fixture(scope="module")
def page(inputs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the report and return its text."""
    out = tmp_path_factory.mktemp("report")
    report(out, **inputs)
    return (out / "report.html").read_text()


def test_report_holds_the_numbers_of_the_evaluation(page: str, evaluation: Path) -> None:
    """Macro-F1, its interval, the seeds and every subject are on the page."""
    for name in ("encoder-small", "svm"):
        metrics = Metrics.read(evaluation / name)
        low, high = metrics.macro_f1_interval
        assert f"<b>{metrics.macro_f1:.3f}</b>" in page
        assert f"{low:.3f} to {high:.3f}" in page
        for of_class in metrics.per_class.values():
            assert f"<td>{of_class.precision:.3f}</td>" in page
        for who, of_subject in metrics.per_subject.items():
            assert who in page
            assert f"<td>{of_subject.macro_f1:.3f}</td>" in page


def test_report_scores_placements_apart(page: str, evaluation: Path) -> None:
    """One of the three wears it elsewhere; what is the same for all has no table."""
    assert "<h3>By placement</h3>" in page
    assert "<h3>By device</h3>" not in page
    groups = Metrics.read(evaluation / "svm").groups
    assert set(groups["placement"]) == {"waist", "wrist"}
    for part in groups["placement"].values():
        row = f"<td>{part.n_subjects}</td><td>{part.n_windows}</td>"
        assert re.search(rf"{row}\s*<td>{part.macro_f1:.3f}</td>", page)


def test_report_holds_data_split_and_settings(page: str) -> None:
    """Counts are sums over recordings; nobody is shared; settings are printed."""
    assert "<th>samples read</th><td>3\u202f456</td>" in page
    row = page[page.index("<th>train and test</th>") :].partition("</tr>")[0]
    assert re.findall(r"<td>(\w+)", row) == ["none"] * 3
    assert "finetune.learning_rate" in page
    assert "HAR_" not in page


def test_report_says_which_build_serves_and_why_others_do_not(page: str) -> None:
    """Size in kB, parity, latency, and the bound that was broken."""
    assert "1\u202f235" in page
    assert "99.87%" in page
    assert "−0.001" in page
    assert "0.43 ms" in page
    assert ">serves<" in page
    assert "int8-static of encoder-small: probability gap 0.3 &gt; 0.15." in page
    assert "no build meets its bounds" in page


def test_report_tells_how_streams_and_other_sensors_do(page: str) -> None:
    """Answers of every kind with their errors, and the pictures."""
    assert "10 min with a label" in page
    assert page.count("<td>0.864</td>") == 6
    assert page.count("<td>1.44</td>") == page.count("<td>never</td>") == 3
    for heading in ("Confidence", "Continuous recordings", "Other sensors"):
        assert f"<h2>{heading}</h2>" in page


def test_report_asks_the_network_for_nothing(page: str) -> None:
    """Images are data URIs; there is no script, link or import."""
    sources = re.findall(r'src="(.{22})', page)
    assert sources == ["data:image/png;base64,"] * 9
    assert not re.search(r"<(script|link)|https?://|@import|url\(", page)


def test_the_same_inputs_give_the_same_page(
    page: str, inputs: dict[str, Any], tmp_path: Path
) -> None:
    """Nothing of the clock or the machine's folders is on the page."""
    report(tmp_path, **inputs)
    assert (tmp_path / "report.html").read_text() == page


@pytest.mark.parametrize(
    ("pooled", "start"),
    [
        ((0.001, 0.02), "encoder-small is better than svm: on 9 test subjects"),
        ((-0.02, -0.001), "encoder-small is worse than svm: on 9 test subjects"),
        (
            (-0.001, 0.02),
            "No difference beyond noise between encoder-small and svm: on 9 test subjects",
        ),
    ],
)
def test_sentence_follows_the_verdict(pooled: tuple[float, float], start: str) -> None:
    """The sentence is computed from the comparison."""
    difference = paired(pooled, pooled, wilcoxon_p=0.25)
    found = sentence(("encoder-small", 0.9623), ("svm", 0.95), difference)
    assert found.startswith(start)
    low, middle, high = (
        f"{value:+.3f}".replace("-", "−") for value in (pooled[0], sum(pooled) / 2, pooled[1])
    )
    assert f"macro-F1 0.962 and 0.950, a difference of {middle} " in found
    assert f"(95% interval {low} to {high}, Wilcoxon p = 0.25)" in found


def test_a_model_alone_is_compared_with_nothing() -> None:
    """Its score is told."""
    alone = metrics(class_f1={"A": 0.9}, subject_f1={"s0": 0.9, "s1": 0.8}, macro_f1=0.95)
    assert sentences({"svm": alone}, "svm", {}) == ["On 2 test subjects svm has macro-F1 0.950."]

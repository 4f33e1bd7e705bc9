"""Every command does its work, on a finished run of made people."""

import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from people import write_people
from rich.cells import cell_len
from support import Project, commands, small_files

from har.cli.output import out

# Beside the models of the finished run, one that is made in a second.
LOGISTIC = "--set models.logistic.copies=0 --set models.logistic.c_grid=[0.01]"


@dataclass(frozen=True)
class Run:
    """A command line, and what is true of what it prints.

    Attributes
    ----------
    command : str
        As the app names it.
    words : str
        What follows.
    says : tuple of str
        Parts of what it prints.
    code : int
        How it ends.
    """

    command: str
    words: str
    says: tuple[str, ...]
    code: int = 0


RUNS = [
    Run(
        "benchmark checkpoint",
        "",
        ("error: bert starts from no checkpoint", "--set models.bert.checkpoint=FOLDER"),
        code=2,
    ),
    Run(
        "benchmark runtimes",
        "--model svm",
        ("there is no Node with onnxruntime-web here", "to do: `npm install onnxruntime-web`"),
        code=6,
    ),
    Run(
        "benchmark onnx",
        "--model svm --rounds 10 --day 64 --to o.md",
        ("ONNX builds, ms", "scikit-learn", "A day of one person", "Written: o.md"),
    ),
    Run(
        "benchmark serve",
        "--server har --seconds 0.1 --to s.md",
        ("har serve --workers 1", "requests/s", "Written: s.md"),
    ),
    Run("benchmark unlike", "--to u.md", ("nothing: their own recordings", "Written: u.md")),
    Run("benchmark sensors", "--to s.md", ("acceleration: posture", "Written: s.md")),
    Run("config", "--set window.hop_s=0.64", ("window.hop_s 0.64",)),
    Run("run", "", ("14 of 14 steps found in the store", "Registry", "report.html")),
    Run("train", "", ("train-svm", "train-encoder-small", "reused", "validation macro-F1")),
    Run(
        "pretrain",
        "--model encoder-nano --set pretrain.epochs=1",
        ("pretrain-encoder-nano", "making"),
    ),
    Run(
        "pretrain",
        "--model svm",
        ("error: svm is not pretrained", "encoder-small"),
        2,
    ),
    Run("export", "--model svm", ("ONNX builds", "svm", "fp32", "serves")),
    Run("predict", "walk.csv", ("har version", "Activities in", "walk", "lying")),
    Run("predict", "walk.csv --csv --windows", ("recording,start_s,end_s,activity,", "sha256")),
    Run("app", "--model none.onnx", ("error: none.onnx: no such file",), 6),
    Run("serve", "--host 0.0.0.0", ("no key protects the service", "openssl rand -hex 32"), 2),
    Run(
        "edge",
        "site --runtime none",
        ("none: no WebAssembly build of ONNX Runtime", "npm install onnxruntime-web"),
        code=6,
    ),
    Run("data list", "", ("people", "ingested", "hapt", "bundled", "tables of your own")),
    Run("data show", "pamap2", ("CC BY 4.0", "chest", "Known faults", "what is done")),
    Run(
        "data download",
        "pamap2",
        ("error: the licence of pamap2 is not accepted", "--accept-licence"),
        2,
    ),
    Run("data ingest", "people raw --yes", ("subjects", "8", "0 read now, 8 found")),
    Run("data report", "people -o report", ("report.html", "croissant.json")),
    Run("data quarantine", "people", ("Quarantine of people", "All rows:")),
    Run("data recordings", "", ("people-2-s2-day", "people-2", "test", "7680", "153.6")),
    Run("data export", "people-4-s4-day -o one/walk.parquet", ("wrote", "7680 samples")),
    Run("data validate", "walk.csv", ("walk: 7,680 rows read", "fit for")),
    Run("lineage show", "champion", ("har 1 (Production)", "s2/day.csv", "people-7")),
    Run("lineage verify", "champion", ("things that were looked for are whole",)),
    Run("lineage runs", "", ("Runs", "finished", "made", "har run")),
    Run("lineage impact", "--subject people-2", ("in test", "champion")),
    Run("lineage impact", "", ("error: which one?", "--checkpoint"), 2),
    Run("lineage keygen", "ana.pem", ("Private key: ana.pem", "ana.pem.pub, SHA-256")),
    Run("lineage bundle", "champion -o har-1.zip", ("Written: har-1.zip", "Head of the history")),
    Run("registry list", "", ("Versions", "svm", "Production", "champion")),
    Run("registry show", "champion", ("Gate: version 1 passed", "macro_f1", "holds")),
    Run("registry compare", "2 champion --html c.html", ("F1 by class", "Page: c.html")),
    Run(
        "registry promote",
        "1 --reason again --dry-run",
        ("error: version 1 is the champion",),
        2,
    ),
    Run("registry approve", "2 --reason seen", ("error:", "version 2"), 2),
    Run("registry reject", "2 --reason seen", ("error:", "version 2"), 2),
    Run("registry rollback", "2 --reason odd --dry-run", ("error:", "version 2"), 2),
    Run("registry history", "", ("promotion 1", "1: Staging → Production", "har run")),
    Run("registry policy", "", ("Policy of the gate", "approval", "har run")),
    Run("registry reconcile", "", ("Registry and history agree.",)),
    Run(
        "registry shadow",
        "2 walk.csv --reason look --dry-run",
        ("In the champion's shadow", "119 windows of 1 recording", "Nothing was recorded."),
    ),
    Run("registry adopt", "--reason none --dry-run", ("Would be adopted",)),
    Run("registry notify", "", ("Notices sent",)),
    Run("registry prune", "--reason tidy --dry-run", ("Versions", "stays")),
]


@pytest.fixture
def finished(people: Project, summary: Any) -> Project:
    """Return the project of made people after its main job, with a recording to predict."""
    exported = people.har("data", "export", "people-2-s2-day", "-o", "walk.csv")
    assert exported.returncode == 0, exported.stderr
    return people


def test_every_command_is_run() -> None:
    """A new command needs a run above, or a test below that is named after it."""
    tests = [name.removeprefix("test_").replace("_", " ") for name in globals()]
    ran = {run.command for run in RUNS}
    assert [c for c in commands() if c not in ran and not any(t.startswith(c) for t in tests)] == []
    assert ran <= set(commands())


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.command} {run.words}".strip())
def test_it_does_what_it_says(finished: Project, run: Run) -> None:
    """The exit code, and parts of what is printed."""
    done = finished.har(*run.command.split(), *run.words.split())
    assert done.returncode == run.code, done.stderr
    told = words(done.stdout + done.stderr)
    assert [part for part in run.says if part not in told] == [], told


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("data export people-2-s2-day -o full/walk.csv", "full/walk.csv"),
        ("data export people-2-s2-day -o full/walk.parquet", "full/walk.parquet"),
        ("data report people -o full/report", "full/report/report.html"),
    ],
)
def test_no_file_is_left_cut_off(finished: Project, words: str, file: str) -> None:
    """On a full disk a command ends with 6, says what to do, and its file is as it was."""
    path = finished.folder / file
    finished.har("data", "report", "people")  # what is copied is there already
    for before in (None, "what was there"):
        if before:
            path.write_text(before)
        with small_files(20_000):
            done = finished.har(*words.split())
        assert (done.returncode, done.stdout) == (6, ""), done.stderr
        assert path.name in done.stderr
        assert "to do:" in done.stderr
        assert (path.read_text() if before else None) == before
        assert path.exists() == bool(before)
        assert not list(path.parent.glob(".har-*"))


TABLES = [
    *("config", "data list", "data show pamap2", "data report people", "data quarantine people"),
    *("data recordings", "data ingest people raw --yes", "export --model svm", "train", "run"),
    *("evaluate", "evaluate --continuous", "evaluate --robustness", "predict walk.csv"),
    *("registry list", "registry show champion", "registry compare 2 champion"),
    *("registry history", "registry history --at 2100-01-01", "lineage show champion"),
    *("lineage verify champion --all", "lineage runs", "lineage impact --subject people-2"),
    *("registry shadow 2 walk.csv --reason look --dry-run", "registry prune --reason t --dry-run"),
]


@pytest.mark.parametrize("command", TABLES)
def test_narrow_terminals_lose_nothing(
    finished: Project, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a wide terminal shows is there at 80, 60 and 40 columns, wrapped or row by row."""
    timed = "shadow" in command  # its latencies are measured anew each time
    monkeypatch.setattr(out, "_width", 400)
    wide = finished.har(*command.split()).stdout
    for width in (80, 60, 40):
        monkeypatch.setattr(out, "_width", width)
        narrow = finished.har(*command.split()).stdout
        assert [line for line in narrow.splitlines() if cell_len(line) > width] == []
        if not timed:
            assert not letters(wide) - letters(narrow)


def letters(printed: str) -> Counter[str]:
    """Count the characters that were printed, and not what is between them."""
    return Counter("".join(printed.split()))


def words(printed: str) -> str:
    """Return what was printed, whatever the width of its columns."""
    return " ".join(printed.split())


def both(project: Project, line: str) -> tuple[Any, str]:
    """Return what a command prints as JSON, and its words as tables."""
    found = project.json(*line.split())
    done = project.har(*line.split())
    assert done.returncode == 0, done.stderr
    return found, words(done.stdout)


def test_evaluate_on_the_test_subjects(finished: Project) -> None:
    """The table has every model's score with its interval."""
    found, printed = both(finished, "evaluate")
    assert printed.startswith("Test subjects model macro-F1")
    for name, m in found.items():
        low, high = m["macro_f1_interval"]
        assert f"{name} {m['macro_f1']:.4f} {low:.3f}–{high:.3f}" in printed
    assert found["svm"]["macro_f1"] > found["encoder-small"]["macro_f1"] > 0.9


def test_evaluate_on_another_data_set(finished: Project) -> None:
    """Models of some people are scored on all of others."""
    raw = finished.folder / "others"
    if not raw.exists():
        write_people(raw, [11, 12])
    ingested = finished.har("data", "ingest", "others", str(raw), "--yes", "--jobs", "1")
    assert ingested.returncode == 0, ingested.stderr
    line = "evaluate --model svm --trained-on people --dataset others --placement unknown"
    found, printed = both(finished, line)
    assert printed.startswith("Trained on people, scored on others")
    assert set(found["svm"]["per_subject"]) == {"others-11", "others-12"}
    assert f"svm {found['svm']['macro_f1']:.4f}" in printed


def test_evaluate_by_a_protocol(finished: Project) -> None:
    """Everybody is tested once; scores, comparison and page say the same."""
    line = "evaluate --protocol groups --jobs 1 --model logistic --model extra-trees"
    trees = "--set models.extra_trees.n_estimators=10 --set models.extra_trees.copies=0"
    found, printed = both(finished, f"{line} {LOGISTIC} {trees} --set evaluate.groups=3")
    windows = found["models"]["logistic"]["n_windows"]
    assert f"Protocol groups: 3 folds, 8 subjects tested, {windows} windows" in printed
    for name, m in found["models"].items():
        assert f"{name} {m['macro_f1']:.4f}" in printed
        assert f"{m['subjects']['worst']:.3f} {m['ece']:.3f}" in printed
    versus = found["comparisons"]["extra-trees"]
    assert "Compared with logistic" in printed
    assert f"extra-trees {versus['macro_f1_difference']:+.4f}" in printed
    assert versus["verdict"] in printed
    page = finished.folder / printed.rpartition("Page: ")[2]
    assert f"{found['models']['logistic']['macro_f1']:.3f}" in page.read_text()


def test_evaluate_on_continuous_recordings(finished: Project) -> None:
    """Every kind of answer has its score, its delay and its events."""
    found, printed = both(finished, "evaluate --continuous")
    first = found["svm"]
    assert f"Continuous recordings: {first['labelled_s'] / 60:.0f} min labelled" in printed
    assert len(first["answers"]) > 1
    for name, result in found.items():
        for kind, a in result["answers"].items():
            assert f"{name} {kind} {a['macro_f1']:.4f}" in printed
            assert f"{a['changes_per_minute']:.1f} {a['delay']['median_s']:.2f}" in printed
            events = a["events"]
            assert f"{name} {kind} {events['n']} {events['fragmented']}" in printed


def test_evaluate_with_other_sensors(finished: Project) -> None:
    """Every change has each model's score, and what it lost."""
    found, printed = both(finished, "evaluate --robustness")
    assert f"Macro-F1 on {found['svm']['n_windows']} test windows" in printed
    assert " ".join(found) in printed
    recorded = " ".join(f"{result['clean']['macro_f1']:.3f}" for result in found.values())
    assert f"as recorded {recorded}" in printed
    for changes in zip(*(result["perturbations"] for result in found.values()), strict=True):
        cells = " ".join(f"{c['macro_f1']:.3f} ({c['difference']:+.3f})" for c in changes)
        assert f"{changes[0]['name']} {cells}" in printed


def test_benchmark_run(finished: Project) -> None:
    """The parts of each run add up to it; the second makes nothing."""
    words = ["candidates=['logistic']", "data.datasets=['hapt']"]
    words += ["data.subjects=['hapt-01', 'hapt-02', 'hapt-03', 'hapt-07']"]
    words += ["split.test_subjects=['hapt-02']", "split.validation_subjects=['hapt-07']"]
    words += ["models.logistic.c_grid=[0.01]", "models.logistic.copies=0"]
    sets = [word for change in words for word in ("--set", change)]
    found = finished.json("benchmark", "run", *sets)
    for name in ("first", "second"):
        *parts, everything = [part for part in found if part["run"] == name]
        total = sum(part["cpu_seconds"] for part in parts)
        assert (everything["part"], total) == ("all", pytest.approx(everything["cpu_seconds"]))
    made = [part["part"] for part in found if part["run"] == "first"]
    assert {"windows", "train-logistic", "evaluate", "report"} <= set(made)
    assert [part["part"] for part in found if part["run"] == "second"] == ["orchestration", "all"]


def test_benchmark_ingest(finished: Project) -> None:
    """Bundled and synthetic data, plain read and ingestion, each with a ratio to the read."""
    line = "benchmark ingest --rows 20000 --rows-per-file 8000 --kind parquet --jobs 1"
    entries = finished.json(*line.split())
    assert [entry["baseline"] for entry in entries] == ["read_parquet"] * 4
    assert [entry["rows"] for entry in entries] == [1_122_772, 1_122_772, 20_000, 20_000]
    assert [entry["files"] for entry in entries] == [1, 1, 3, 3]
    for entry in entries:
        assert entry["rows_per_s"] == pytest.approx(entry["rows"] / entry["seconds"], rel=0.5)
        assert entry["peak_mb"] > 10


def test_benchmark_features(finished: Project) -> None:
    """HAR first, then the installed libraries, with the number of features that each gives."""
    found = finished.json("benchmark", "features", "--windows", "64")
    entries = {entry["library"]: entry for entry in found}
    assert next(iter(entries)) == "har"
    assert (entries["har"]["features"], entries["har"]["ratio"]) == (494, 1)
    assert entries["pycatch22"]["features"] == 6 * 24
    assert entries["tsfel"]["features"] > 900
    assert entries["tsfel"]["ratio"] > 1


def test_benchmark_models(finished: Project) -> None:
    """Scores of one protocol and costs, printed and on the page."""
    line = "benchmark models --model logistic --protocol canonical --classes 6 --seeds 1 --jobs 1"
    found, printed = both(finished, f"{line} {LOGISTIC} --to models.md")
    (scores,) = found["scores"].values()
    f1 = f"{scores['models']['logistic']['macro_f1']:.4f}"
    assert list(found["scores"]) == ["canonical, 6 classes"]
    assert f"logistic {f1}" in printed
    assert printed.endswith("Written: models.md")
    assert found["costs"]["logistic"]["serving"] == "fp32"
    assert f"| logistic | {f1} |" in (finished.folder / "models.md").read_text()


def test_benchmark_labels(finished: Project) -> None:
    """An encoder, pretrained and from random weights, and a baseline with half of the labels."""
    line = "benchmark labels --encoder encoder-nano --baseline logistic --share 0.5"
    found, printed = both(finished, f"{line} --seeds 1 --jobs 1 {LOGISTIC} --to labels.md")
    ((share, by_name),) = found.items()
    assert share == "0.5"
    assert "model 50% of labels" in printed
    names = ["logistic", "encoder-nano, from random weights", "encoder-nano, pretrained"]
    assert list(by_name) == names
    for name, m in by_name.items():
        assert f"{name} {m['macro_f1']:.4f}" in printed
    assert "| model | 50% of labels |" in (finished.folder / "labels.md").read_text()


def test_registry_score(finished: Project, tmp_path: Path) -> None:
    """Served builds on labelled files: whom they have seen is named, and where they disagree."""
    mine = write_people(tmp_path / "mine", [1, 31])
    assert "activity" in finished.har("registry", "score", str(mine)).stderr  # nobody confirmed
    found = finished.json("registry", "score", str(mine), "--yes")
    champion, challenger = (one["scores"] for one in found["versions"])
    assert [one["version"] for one in found["versions"]] == [1, 2]
    assert (champion["overall"]["windows"], champion["overall"]["people"]) == (216, 2)
    assert champion["seen"] == {"1": "trained on"}
    assert challenger["seen"] == {"1": "trained on and pretrained on"}
    assert champion["unseen"] == champion["by_person"]["31"]
    (against,) = found["against"]
    assert list(against["difference"]["per_subject"]) == ["31"]
    assert against["disagreements"]
    assert all(a != b for a, b in (one["answers"] for one in against["disagreements"]))
    # As `har predict` answers: the same windows, each right or wrong by its label.
    done = finished.har("predict", str(mine / "s31"), "--windows", "--csv")
    answers = pd.read_csv(io.StringIO(done.stdout))["activity"].to_numpy()
    labels = pd.read_csv(mine / "s31" / "day.csv")["activity"].to_numpy()
    pure = {i: labels[64 * i] for i in range(len(answers)) if len({*labels[64 * i :][:128]}) == 1}
    right = np.mean([answers[i] == label for i, label in pure.items()])
    assert champion["by_person"]["31"]["accuracy"] == pytest.approx(right)
    shown = finished.har("registry", "score", str(mine), "--yes", "--version", "2").stdout
    assert "encoder-small (version 2) has seen, by their ids or files: 1 (trained on" in shown
    assert "By person" in shown
    unlabelled = pd.read_csv(mine / "s31" / "day.csv").drop(columns="activity")
    unlabelled.to_csv(tmp_path / "bare.csv", index=False)
    bare = finished.har("registry", "score", str(tmp_path / "bare.csv"), "--yes")
    assert (bare.returncode, "no window has a label that" in bare.stderr) == (3, True)

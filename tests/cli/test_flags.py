"""No flag is ignored: what a command would not read is refused with what to do."""

import json
import re

import pytest
from support import Project

# What is typed, and what the one error says of it.
REFUSED = {
    "evaluate --robustness --dataset pamap2 --placement nose": "--dataset and --robustness",
    "evaluate --continuous --robustness": "--continuous and --robustness",
    "evaluate --streaming --robustness": "--continuous and --robustness",  # as it was once called
    "evaluate --protocol groups --continuous": "--protocol and --continuous",
    "evaluate --protocol loso --dataset lab": "--dataset and --protocol",
    "evaluate --protocol loso --continuous --robustness": (
        "--protocol and --continuous and --robustness"
    ),
    "evaluate --jobs 2": "--jobs without --protocol",
    "evaluate --continuous --jobs 0": "--jobs without --protocol",
    "evaluate --placement waist": "--placement without --dataset",
    "evaluate --dataset people --placement waist": "--placement with --dataset people, which",
    "evaluate --model svm --set candidates=['logistic']": "--set candidates and --model",
    "evaluate --trained-on hapt --set data.datasets=['lab']": (
        "--set data.datasets and --trained-on"
    ),
    "run --classes 6 --set window.classes=12": "--set window.classes and --classes",
    "train --dataset hapt --set data={datasets=['lab']}": "--set data and --dataset",
    "train --classes 0": "setting window.classes",
    "data report people --set data.datasets=['hapt']": ("--set data.datasets and the name people"),
    "data ingest lab raw --map time=t --mapping columns.toml": "--mapping and --map",
    "data ingest lab raw --placement wrist": "--placement with tables of your own",
    "predict walk.csv --csv --json": "--csv and --json",
    "registry reconcile --adopt --revert --reason both": "--adopt and --revert",
    "registry reconcile --reason none": "--reason without --adopt or --revert",
    "benchmark models --set seeds=[1]": "--set seeds and --seeds",
    "benchmark models --set candidates=['svm']": "--set candidates and --model",
    "benchmark models --set window.classes=6": "--set window.classes and --classes",
    "benchmark labels --set labels.share=0.5": "--set labels.share and --share",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_would_be_ignored_is_refused(people: Project, line: str) -> None:
    """Exit code 2 and one error that names both and says what to do; nothing is printed."""
    done = people.har(*line.split())
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    first, *rest = done.stderr.splitlines()
    assert first.startswith(f"error: {REFUSED[line]}"), done.stderr
    assert any(re.match("  (to do|expected):", told) for told in rest), done.stderr


def test_a_placement_must_be_one_of_the_data_set(people: Project) -> None:
    """The error names the placements that there are."""
    line = "evaluate --trained-on hapt --dataset people --placement nose --placement unknown"
    done = people.har(*line.split())
    assert done.returncode == 2
    assert "--placement nose: not in people" in done.stderr
    assert "expected: unknown" in done.stderr


def test_flags_that_go_together_stay(people: Project) -> None:
    """Settings of other names are changed beside a flag, also of the same section."""
    changed = "--set window.hop_s=0.64 --set finetune.epochs=2"
    settings = people.json("config", *changed.split())
    assert settings["window"]["hop_s"] == 0.64
    listed = people.har("data", "recordings", "--dataset", "people", *changed.split(), "--json")
    assert len(json.loads(listed.stdout)) == 8

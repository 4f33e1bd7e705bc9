"""A run makes what its recipe asks for, each step once, on the data that it is pinned to."""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from runs import MAPPING, TINY, MakeRun, write_lab

from har.config import Environment, Recipe, load
from har.data.activities import BASIC
from har.data.ingest.dataset import Request, ingest
from har.data.left_out import LeftOutClasses
from har.data.windows import Windows
from har.errors import UsageError, VerificationError
from har.steps.pins import describe
from har.steps.release import candidate
from har.steps.run import Run, start
from har.steps.transfer import transfer
from har.store import Artifact, Store


def test_asking_for_windows_makes_all_that_they_need(run: MakeRun) -> None:
    """One call makes every step before; the next run makes none."""
    made = run()["windows"]
    windows = Windows.load(made.path)
    assert set(windows.index["split"]) == {"train", "validation", "test"}
    assert set(windows.select("test").subjects) == {"hapt-02"}
    assert not made.reused
    again = run()
    again["windows"]
    assert {name: artifact.reused for name, artifact in again.told.items()} == {
        "ingest": True,
        "clean": True,
        "split": True,
        "windows": True,
    }


def test_several_data_sets_share_their_classes(run: MakeRun, lab: str) -> None:
    """Windows of both, with the activities that both have; subjects of both in each split."""
    both = run(
        "data.subjects=['hapt-01', 'hapt-02', 'hapt-07', 'lab-05', 'lab-06']",
        "split.test_subjects=['hapt-02', 'lab-05']",
        "split.validation_subjects=['hapt-07', 'lab-06']",
        f"data.datasets=['hapt', '{lab}']",
    )
    windows = Windows.load(both["windows"].path)
    assert set(windows.index["dataset"]) == {"hapt", "lab"}
    assert set(windows.select("test").index["dataset"]) == {"hapt", "lab"}
    assert windows.classes[:6] == BASIC


def test_own_activities_are_joined_on_their_parents(
    run: MakeRun, store: Store, tmp_path: Path
) -> None:
    """What one data set calls march is walking beside HAPT's; what nobody shares is left out."""
    write_lab(tmp_path / "raw", "hapt-05", "hapt-06", "hapt-08")
    for path in (tmp_path / "raw").rglob("*.csv"):
        text = path.read_text().replace(",walking", ",Quick_March").replace(",lying", ",on the mat")
        path.write_text(text)
    own = MAPPING.model_copy(update={"activities": {"quick-march": "walking"}})
    ingest(store, Request("own", tmp_path / "raw", mapping=own))
    words = {
        "data.subjects": ["hapt-01", "hapt-02", "hapt-07", "own-05", "own-06", "own-08"],
        "split.test_subjects": ["hapt-02", "own-05"],
        "split.validation_subjects": ["hapt-07", "own-06"],
    }
    both = run(
        *(f"{name}={value}" for name, value in words.items()), "data.datasets=['hapt','own']"
    )
    windows = Windows.load(both["windows"].path)
    assert windows.classes[0] == "walking"
    assert "lying" not in windows.classes
    march = (windows.index["activity"] == "quick-march").to_numpy() & (windows.index["purity"] == 1)
    assert march.sum() > 20
    assert set(windows.y[march]) == {0}
    left_out = LeftOutClasses.beside(both["windows"].path)
    assert {"lying", "on-the-mat"} <= set(left_out.classes)


def test_models_are_scored_on_another_data_set(run: MakeRun, lab: str) -> None:
    """Trained on two of HAPT's people, both models are scored on two others, all in the test."""
    scored = transfer(run(*TINY), lab)
    metrics = json.loads((scored.path / "logistic" / "metrics.json").read_text())
    assert metrics["datasets"] == ["lab"]
    assert set(metrics["per_subject"]) == {"lab-05", "lab-06", "lab-08"}
    assert tuple(metrics["classes"]) == (*BASIC, "other")
    assert metrics["macro_f1"] > 0.6  # the same phone at the same place


@pytest.mark.parametrize("dataset", ["hapt", "uci-har"])
def test_models_are_not_scored_on_people_they_know(dataset: str, tmp_path: Path) -> None:
    """Neither on the data set of their training nor on another one of the same people."""
    run = Run(Recipe(), {}, Store(tmp_path / "store"))
    with pytest.raises(UsageError, match=f"the models have seen people of {dataset}") as caught:
        transfer(run, dataset)
    assert caught.value.message.endswith("trained on hapt")
    assert not (tmp_path / "store").exists()


def test_one_setting_makes_only_what_depends_on_it(run: MakeRun) -> None:
    """Another hop cuts windows anew and leaves cleaning and splits alone."""
    run()["windows"]
    changed = run("window.hop_s=2.56")
    assert not changed["windows"].reused
    assert changed["split"].reused


def test_equal_result_stops_the_change(run: MakeRun) -> None:
    """Another bound on gaps cleans anew, finds no gap either way, and changes no window."""
    run()["windows"]
    changed = run("clean.max_gap_s=0.2")
    assert changed["windows"].reused
    assert not changed["clean"].reused


def test_manifest_names_what_made_it(run: MakeRun) -> None:
    """The record of a step has its inputs, settings, code, libraries and files."""
    own = run()
    manifest = own["windows"].manifest
    assert manifest.inputs["cleaned"] == own["clean"].content
    assert manifest.params["settings"]["hop_s"] == 1.28
    assert "har/data/windows.py" in manifest.code
    assert "har/data/sources/hapt.py" not in manifest.code
    assert manifest.libraries.keys() >= {"numpy", "pandas", "pyarrow"}
    written = {"X.npy", "y.npy", "index.parquet", "classes.txt", "channels.json"}
    assert set(manifest.files) == written


def test_what_is_ingested_during_a_run_is_not_seen_by_it(
    lab: str, store: Store, tmp_path: Path
) -> None:
    """Every step sees the ingestion that the run began with; the next run sees the new one."""
    settings = load([f"data.datasets=['{lab}']", f"store={store.root}"])
    before = start(*settings)
    before["clean"]
    write_lab(tmp_path / "raw", "hapt-10")
    newer = ingest(store, Request("lab", tmp_path / "raw", mapping=MAPPING)).artifact
    before["windows"]
    assert people(before) == {"lab-05", "lab-06", "lab-08"}
    after = start(*settings)
    after["windows"]
    assert people(after) == {"lab-05", "lab-06", "lab-08", "lab-10"}
    pins = [describe(each.pins)[0] for each in (before, after)]
    assert pins[0]["content"] != pins[1]["content"] == newer.content


def people(run: Run) -> set[str]:
    """Return the subjects of a run's windows."""
    return set(Windows.load(run["windows"].path).subjects)


def test_changed_recordings_of_a_data_set_are_not_used(lab: str, store: Store) -> None:
    """Its raw files may be gone, so it cannot be made anew: the error says what to do."""
    settings = load([f"data.datasets=['{lab}']", f"store={store.root}"])
    damage(next(start(*settings)["ingest"].path.glob("*.parquet")))
    with pytest.raises(VerificationError, match="har data ingest lab"):
        start(*settings)


def test_a_damaged_output_is_named_and_made_anew(
    run: MakeRun, caplog: pytest.LogCaptureFixture
) -> None:
    """Bytes that changed at equal size and time are not read into what comes after."""
    first = run()
    content = first["windows"].content
    damage(first["windows"].path / "X.npy")
    again = run()
    assert (again["windows"].reused, again["windows"].content) == (False, content)
    assert "X.npy" in caplog.text


def damage(path: Path) -> None:
    """Change one byte of a file, and neither its size nor its time."""
    stat = path.stat()
    with path.open("r+b") as file:
        file.seek(stat.st_size // 2)
        byte = file.read(1)
        file.seek(stat.st_size // 2)
        file.write(bytes([byte[0] ^ 1]))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_every_step_is_looked_up_once(whole: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished run reads each manifest once, however many steps are given its folder."""
    read = Counter[str]()
    find = Store.find

    def counted(store: Store, step: str, key: str, *, quick: bool = False) -> Artifact | None:
        read[f"{step}/{key}"] += 1
        return find(store, step, key, quick=quick)

    monkeypatch.setattr(Store, "find", counted)
    again = Run(whole.recipe, whole.pins, whole.store)
    assert again.look_up(again.outputs)
    for name in whole.recipe.candidates:
        candidate(again, name)
    assert set(read.values()) == {1}


def test_the_same_by_digest_with_workers_and_without(whole: Run, tmp_path: Path) -> None:
    """Two processes, another store: the content of every step is the same, bit by bit."""
    other = start(whole.recipe, Environment(store=tmp_path / "other"))
    other.make(other.outputs, jobs=2)
    assert contents(other) == contents(whole)


def contents(run: Run) -> dict[str, str]:
    """Return the content of every step but the report, which prints measured times."""
    return {name: a.content for name, a in run.known.items() if name != "report"}


def test_a_lost_output_is_made_alone(whole: Run, tmp_path: Path) -> None:
    """As its content is the same again, nothing behind it is made anew."""
    store = Store(tmp_path / "copy")
    shutil.copytree(whole.store.root, store.root)
    shutil.rmtree(store.root / "train-encoder-nano")
    again = Run(whole.recipe, whole.pins, store)
    again.make(again.outputs)
    made = {name for name, artifact in again.known.items() if not artifact.reused}
    assert made - {"data-hapt", "ingest"} == {
        "train-encoder-nano-0",
        "train-encoder-nano-1",
    }

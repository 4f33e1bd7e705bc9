"""Steps depend on what they read, and on nothing else."""

import json
import shutil
from pathlib import Path

import pytest

from har import steps
from har.config import Settings, load
from har.data.activities import BASIC
from har.data.ingest.dataset import Request, ingest
from har.data.ingest.mapping import ColumnMapping
from har.data.recording import GYRO, Recording
from har.data.windows import Windows
from har.errors import MissingError
from har.models import catalogue
from har.store import Store

SLICE = [
    "data.subjects=['hapt-01', 'hapt-02', 'hapt-07']",
    "split.test_subjects=['hapt-02']",
    "split.validation_subjects=['hapt-07']",
]


@pytest.fixture
def store(tmp_path: Path, hapt_store: Path) -> Path:
    """Copy the store in which the bundled data set is ingested."""
    return Path(shutil.copytree(hapt_store, tmp_path / "store"))


@pytest.fixture
def settings(store: Path) -> Settings:
    """Three subjects, one in each split."""
    return load([*SLICE, f"store={store}"])


def test_asking_for_windows_makes_all_that_they_need(tmp_path: Path) -> None:
    """One call makes every step before; the next call makes none."""
    settings = load([*SLICE, f"store={tmp_path / 'empty'}"])
    made = steps.windows(settings)
    windows = Windows.load(made.path)
    assert set(windows.index["split"]) == {"train", "validation", "test"}
    assert set(windows.select("test").subjects) == {"hapt-02"}
    assert not made.reused
    for step in (steps.ingest, steps.clean, steps.split, steps.windows):
        assert step(settings).reused


@pytest.fixture
def lab(settings: Settings, tmp_path: Path, recordings: list[Recording]) -> str:
    """Two other people's recordings as CSV files in g, ingested as ``lab``."""
    for who in ("hapt-05", "hapt-06"):
        table = next(r for r in recordings if r.meta.subject_id == who).table
        acc = {axis: table[f"acc_{axis}"] / 9.80665 for axis in "xyz"}
        path = tmp_path / "raw" / who.replace("hapt-", "s") / "walk.csv"
        path.parent.mkdir(parents=True)
        table.assign(**acc)[["time_s", *"xyz", *GYRO, "activity"]].to_csv(path, index=False)
    mapping = ColumnMapping(
        time="time_s", acc=("x", "y", "z"), acc_unit="g", gyro=GYRO, activity="activity"
    )
    ingest(Store(settings.store), Request("lab", tmp_path / "raw", mapping=mapping))
    return "lab"


def test_several_data_sets_share_their_classes(settings: Settings, lab: str) -> None:
    """Windows of both, with the activities that both have; subjects of both in each split."""
    both = load(
        [
            *SLICE[:1],
            "data.subjects=['hapt-01', 'hapt-02', 'hapt-07', 'lab-5', 'lab-6']",
            "split.test_subjects=['hapt-02', 'lab-5']",
            "split.validation_subjects=['hapt-07', 'lab-6']",
            f"store={settings.store}",
            f"data.datasets=['hapt', '{lab}']",
        ]
    )
    windows = Windows.load(steps.windows(both).path)
    assert set(windows.index["dataset"]) == {"hapt", "lab"}
    assert set(windows.select("test").index["dataset"]) == {"hapt", "lab"}
    assert windows.classes[:6] == BASIC


def test_models_are_scored_on_another_data_set(settings: Settings, lab: str) -> None:
    """Trained on two of HAPT's people, both models are scored on two others, all in the test."""
    quick = [
        "models.svm.c_grid=[10]",
        "models.svm.gamma_scale=[1]",
        "models.svm.copies=0",
        "pretrain.epochs=1",
        "finetune.epochs=1",
        "finetune.min_steps=20",
        "finetune.freeze_steps=5",
        "seeds=[0]",
        "evaluate.bootstrap=50",
    ]
    people = "data.subjects=['hapt-01', 'hapt-02', 'hapt-03', 'hapt-07']"
    scored = steps.transfer(load([*SLICE, people, *quick, f"store={settings.store}"]), lab)
    metrics = json.loads((scored.path / "svm" / "metrics.json").read_text())
    assert metrics["datasets"] == ["lab"]
    assert set(metrics["per_subject"]) == {"lab-5", "lab-6"}
    assert tuple(metrics["classes"]) == (*BASIC, "other")
    assert metrics["macro_f1"] > 0.6  # the same phone at the same place


def test_one_setting_makes_only_what_depends_on_it(settings: Settings) -> None:
    """Another hop cuts windows anew and leaves cleaning and splits alone."""
    steps.windows(settings)
    changed = settings.model_copy(
        update={"window": settings.window.model_copy(update={"hop_s": 2.56})}
    )
    assert steps.split(changed).reused
    assert not steps.windows(changed).reused


def test_equal_result_stops_the_change(settings: Settings) -> None:
    """Another bound on gaps cleans anew, finds no gap either way, and changes no window."""
    steps.windows(settings)
    changed = settings.model_copy(
        update={"clean": settings.clean.model_copy(update={"max_gap_s": 0.2})}
    )
    assert not steps.clean(changed).reused
    assert steps.windows(changed).reused


def test_manifest_names_what_made_it(settings: Settings) -> None:
    """The record of a step has its inputs, parameters, code and files."""
    manifest = steps.windows(settings).manifest
    assert manifest["inputs"]["clean"] == steps.clean(settings).content
    assert manifest["params"]["hop_s"] == 1.28
    assert set(manifest["files"]) == {"X.npy", "y.npy", "index.parquet", "classes.txt"}


def test_the_bundled_encoder_is_taken_where_it_fits(settings: Settings) -> None:
    """It has seen none of whom this split holds out, and comes with the record of whom it saw."""
    found = steps.pretrain(settings, "encoder-small")
    assert found is not None
    seen = json.loads((found.path / "training.json").read_text())["subjects"]
    assert "hapt-01" in seen
    assert not {"hapt-02", "hapt-07"} & set(seen)
    bundled = catalogue.BUNDLED / "encoder-small" / "model.safetensors"
    assert (found.path / "model.safetensors").read_bytes() == bundled.read_bytes()
    assert bundled.stat().st_size < 2_000_000


@pytest.mark.parametrize(
    "change",
    [
        "split.validation_subjects=['hapt-01']",
        "window.length_s=5.12",
        "models.encoder_small.hidden_size=32",
    ],
)
def test_it_is_left_where_it_does_not_fit(store: Path, change: str) -> None:
    """Who is tested was seen in its pretraining, or the model has another size."""
    settings = load([*SLICE, change, f"store={store}"])
    assert steps.pretrain(settings, "encoder-small") is None


def test_a_checkpoint_is_taken_as_it_is_or_not_at_all(settings: Settings, tmp_path: Path) -> None:
    """None means random weights; a folder must hold the three files."""

    def with_checkpoint(value: str) -> Settings:
        pretrain = settings.pretrain.model_copy(update={"checkpoint": value})
        return settings.model_copy(update={"pretrain": pretrain})

    assert steps.pretrain(with_checkpoint("none"), "encoder-small") is None
    assert steps.pretrain(with_checkpoint("own"), "svm") is None
    with pytest.raises(MissingError, match=r"training\.json"):
        steps.pretrain(with_checkpoint(str(tmp_path / "nowhere")), "encoder-small")


def test_a_protocol_tests_everybody_once_and_is_found_again(store: Path) -> None:
    """Four people in four groups; with one more model only that one is trained."""
    people = ["hapt-01", "hapt-02", "hapt-03", "hapt-07"]
    base = [
        f"data.subjects={people}",
        "split.test_subjects=['hapt-02']",
        "split.validation_subjects=['hapt-07']",
        *("evaluate.groups=4", "evaluate.bootstrap=50", f"store={store}"),
        *("models.logistic.c_grid=[0.01]", "models.logistic.copies=0"),
        *("models.extra_trees.n_estimators=10", "models.extra_trees.copies=0"),
    ]
    settings = load([*base, "candidates=['logistic']"])
    made = steps.evaluate_protocol(settings, "groups")
    found = json.loads((made.path / "protocol.json").read_text())
    scores = found["models"]["logistic"]
    assert len(found["folds"]) == 4
    page = (made.path / "protocol.html").read_text()
    assert all(who in page for who in people)
    assert f"{scores['macro_f1']:.3f}" in page
    assert sorted(scores["per_subject"]) == people
    assert scores["macro_f1"] > 0.7
    assert steps.evaluate_protocol(settings, "groups").reused
    for record in store.glob("train-logistic/*/training.json"):
        known = json.loads(record.read_text())
        assert not set(known["subjects"]) & set(known["validation_subjects"])
    both = load([*base, "candidates=['logistic', 'extra-trees']", "seeds=[0]"])
    compared = json.loads(
        (steps.evaluate_protocol(both, "groups").path / "protocol.json").read_text()
    )
    assert len(list(store.glob("train-logistic/*"))) == 4
    assert compared["models"]["logistic"] == scores
    assert set(compared["comparisons"]) == {"extra-trees"}

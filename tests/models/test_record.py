"""What trainings record of themselves."""

import json
from pathlib import Path

import pytest
from records import fine_tuning, pretraining, training

from har.data.channels import channels_of
from har.errors import VerificationError
from har.lineage import digest
from har.models.catalogue import bundled
from har.models.record import (
    ClassicalRecord,
    NetworkRecord,
    PretrainingRecord,
    TrainingRecord,
    best_seed,
    pretraining_of,
)


def rewrite(folder: Path, **fields: object) -> None:
    path = folder / TrainingRecord.FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_what_a_network_adds_is_kept_by_who_reads_any_training(tmp_path: Path) -> None:
    """Evaluation reads classical models and networks as one type."""
    fine_tuning().write(tmp_path)
    read = TrainingRecord.read(tmp_path)
    assert read.parameters == 6
    assert [epoch.epoch for epoch in read.history] == [1, 2, 3]
    assert read.to_dict()["best_epoch"] == 3
    assert NetworkRecord.read(tmp_path) == fine_tuning()


def test_what_a_classical_model_chose_stands_by_its_name(tmp_path: Path) -> None:
    record = ClassicalRecord(
        **training().to_dict(),
        model="svm",
        c=3.0,
        grid=({"c": 3.0, "validation_macro_f1": 0.9},),
        n_features=494,
        calibration={"slope": 1.5},
    )
    record.write(tmp_path)
    assert ClassicalRecord.read(tmp_path) == record
    assert TrainingRecord.read(tmp_path).to_dict()["c"] == 3.0
    assert TrainingRecord.read(tmp_path).history == ()


@pytest.mark.parametrize("sensors", ["acc", "acc+gyro"])
def test_a_bundled_encoder_has_a_record_of_the_bytes_that_its_lineage_states(
    sensors: str,
) -> None:
    encoder = bundled("encoder-small", sensors)
    record = PretrainingRecord.read(encoder)
    assert len(record.subjects) == 17
    assert not {"hapt-02", "hapt-04", "hapt-07"} & set(record.subjects)
    assert (record.datasets, record.windows) == (("hapt",), 10067)
    assert record.history[0].loss > record.history[-1].loss
    stated = json.loads((encoder / "lineage.json").read_text())["step"]["files"]
    assert digest.of_file(encoder / record.FILE) == stated[record.FILE]["sha256"]
    weights = digest.of_file(encoder / "model.safetensors")
    assert f"weights SHA-256 `{weights}`" in (encoder / "README.md").read_text()
    config = json.loads((encoder / "config.json").read_text())
    assert tuple(config["channels"]) == channels_of(sensors)


def test_a_checkpoint_of_others_has_no_record(tmp_path: Path) -> None:
    assert pretraining_of(tmp_path) is None
    pretraining().write(tmp_path)
    assert pretraining_of(tmp_path) == pretraining()


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("seed", "0", "seed"),
        ("validation_macro_f1", None, "validation_macro_f1"),
        ("subjects", "s4", "subjects"),
        ("history", [{"epoch": 1.5}], r"history\.0\.epoch"),
    ],
)
def test_a_wrong_type_in_a_training_is_refused_by_name(
    tmp_path: Path, field: str, value: object, named: str
) -> None:
    fine_tuning().write(tmp_path)
    rewrite(tmp_path, **{field: value})
    with pytest.raises(VerificationError, match=rf"training\.json: {named}"):
        NetworkRecord.read(tmp_path)


def test_a_wrong_type_in_a_pretraining_is_refused_by_name(tmp_path: Path) -> None:
    pretraining().write(tmp_path)
    rewrite(tmp_path, datasets=["tiny", 1])
    with pytest.raises(VerificationError, match=r"training\.json: datasets\.1: "):
        PretrainingRecord.read(tmp_path)


def test_of_equal_seeds_the_first_is_best() -> None:
    scores = {0: 0.8, 1: 0.9, 2: 0.9}
    records = {s: training(s, validation_macro_f1=score) for s, score in scores.items()}
    assert best_seed(records) == 1

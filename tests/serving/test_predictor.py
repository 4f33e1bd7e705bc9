"""Windows, probabilities and segments of a tiny model with a known rule."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from graphs import write_rule
from reading import read_user
from scipy.spatial.transform import Rotation
from worn import tilted, walked

from har.config import WindowGrid, WindowSettings
from har.data.cutting import cut_all
from har.data.recording import GYRO
from har.data.windows import cut
from har.errors import DataError, MissingError, UsageError
from har.export.distance import add_distance
from har.models.out_of_distribution import MahalanobisDetector
from har.models.runtime import BATCH
from har.models.smoothing import HMM, Average, Smoothing
from har.serving.predictor import Predictor
from har.serving.recordings import Aim, open_user_files
from har.serving.timeline import timeline


@pytest.fixture
def predictor(model: Path) -> Predictor:
    """Load the tiny model."""
    return Predictor(model)


def parts_of(table: pd.DataFrame, folder: Path):
    path = folder / "walk.csv"
    table.to_csv(path, index=False)
    return read_user(path).parts


def test_reads_everything_it_needs_from_the_metadata(predictor: Predictor) -> None:
    """Classes, rate, window and channels come from the file."""
    assert predictor.classes == ("walking", "sitting")
    assert (predictor.rate_hz, predictor.n_samples, predictor.n_hop) == (50, 20, 10)
    assert predictor.needs_gyro
    assert predictor.units["gyro_x"] == "rad/s"
    assert (predictor.window.n_samples, predictor.window.n_hop) == (20, 10)


@pytest.mark.parametrize("kind", ["with gravity", "without gravity"])
def test_a_model_takes_acceleration_of_its_own_kind_alone(
    kind: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    """Linear acceleration for a linear model; a file that states no kind is of gravity."""
    facts = {"gravity": "false"} if kind == "without gravity" else {}
    predictor = Predictor(write_rule(tmp_path / "tiny.onnx", **facts))
    table.to_csv(tmp_path / "with gravity.csv", index=False)
    linear = table.assign(acc_x=0.1, acc_y=0.0, acc_z=0.0)
    linear.to_csv(tmp_path / "without gravity.csv", index=False)
    said = {"with gravity": {}, "without gravity": {"gravity": "none"}}
    for name, stated in said.items():
        files = open_user_files(tmp_path / f"{name}.csv", stated=stated)
        answered = files.each(lambda one: predictor.predict_parts(one.parts()), Aim.of(predictor))
        if name == kind:
            assert len(list(answered)) == 1
        else:
            with pytest.raises(DataError, match=f": acceleration {name}") as caught:
                list(answered)
            assert str(caught.value.expected).startswith(f"acceleration {kind}")


def test_default_window_survives_the_metadata(predictor: Predictor) -> None:
    """Samples to seconds and back gives the samples again."""
    grid = WindowGrid()
    facts = replace(predictor.metadata, n_samples=grid.n_samples, n_hop=grid.n_hop)
    assert facts.window == grid


@pytest.mark.parametrize("gyro", [True, False])
def test_a_model_of_acceleration_alone_answers_with_and_without_a_gyroscope(
    table: pd.DataFrame, tmp_path: Path, gyro: bool
) -> None:
    """It reads its three channels and no more, in the order that its file states."""
    turned = ("acc_z", "acc_x", "acc_y")
    predictor = Predictor(write_rule(tmp_path / "acc.onnx", channel="acc_x", channels=turned))
    assert not predictor.needs_gyro
    table["acc_x"] = table["gyro_x"]
    columns = table if gyro else table.drop(columns=list(GYRO))
    columns.to_csv(tmp_path / "walk.csv", index=False)
    (part,) = read_user(tmp_path / "walk.csv", channels=predictor.channels).parts
    assert predictor.windows(part).shape == (9, 20, 3)
    segments = timeline(predictor.predict_parts([part]), 50)
    assert segments["activity"].tolist() == ["walking", "sitting"]


def test_recordings_are_turned_upright_as_in_training(tmp_path: Path) -> None:
    """The windows of a tilted sensor are those that training cuts, and those of a straight one."""
    settings = WindowSettings(length_s=0.4, hop_s=0.2, upright="x", train_density=1)
    model = write_rule(tmp_path / "upright.onnx", upright=json.dumps(settings.upright))
    predictor = Predictor(model)
    straight = walked()
    worn = tilted(straight, Rotation.from_rotvec([0, 0.4, 0.3]))
    people = {"train": [worn.meta.subject_id]}
    trained = cut_all([worn], people, settings, ("walking", "lying")).X
    np.testing.assert_array_equal(predictor.windows(worn), trained)
    np.testing.assert_allclose(predictor.windows(straight), trained, atol=1e-4)
    answered = [predictor.predict(one)["probability"] for one in (worn, straight)]
    np.testing.assert_allclose(*answered, atol=1e-4)


def test_probabilities_are_the_models_in_batches(predictor: Predictor) -> None:
    """softmax([8 m, 4]) of the mean m of gyro_x, also for more than one batch."""
    X = np.zeros((BATCH + 3, 20, 6), np.float32)
    X[-1, :, 3] = 1
    found = predictor.answer(X).probabilities
    assert found.shape == (BATCH + 3, 2)
    np.testing.assert_allclose(found[0], [1 / (1 + np.exp(4)), 1 / (1 + np.exp(-4))], rtol=1e-5)
    np.testing.assert_allclose(found[-1], found[0][::-1], rtol=1e-5)
    assert predictor.answer(X[:0]).probabilities.shape == (0, 2)


def test_windows_of_another_shape_are_refused(predictor: Predictor) -> None:
    """The message has both shapes."""
    with pytest.raises(DataError, match=r"\(n_windows, 20, 6\)\n  found: shape \(2, 19, 6\)"):
        predictor.answer(np.zeros((2, 19, 6)))


def test_windows_lie_on_the_grid_of_the_training_windows(
    predictor: Predictor, table: pd.DataFrame, tmp_path: Path
) -> None:
    """Starts are those that `cut` gives; ends are one window later."""
    (part,) = parts_of(table, tmp_path)
    frame = predictor.predict(part)
    _, index = cut(part, predictor.window)
    assert list(frame.columns) == ["start_s", "end_s", "activity", "probability", "reason"]
    np.testing.assert_allclose(frame["start_s"], index["start_s"])
    np.testing.assert_allclose(frame["end_s"] - frame["start_s"], 0.4)
    # [0.8, 1.2) is half walking: 8 * 0.5 = 4, the tie of the rule, is left out
    clear = frame[frame["start_s"].round(2) != 0.8]
    assert clear["activity"].tolist() == ["walking"] * 4 + ["sitting"] * 4


def test_timeline_merges_and_meets_in_the_middle_of_the_overlap() -> None:
    """Segments do not overlap, and cover the whole recording."""
    frame = pd.DataFrame(
        {
            "start_s": [0.0, 0.2, 0.4, 0.6],
            "end_s": [0.4, 0.6, 0.8, 1.0],
            "activity": ["walking", "walking", "sitting", "walking"],
            "probability": [0.9, 0.7, 0.6, 0.8],
            "reason": "",
        }
    )
    found = timeline(frame, 50)
    expected = pd.DataFrame(
        {
            "start_s": [0.0, 0.5, 0.7],
            "end_s": [0.5, 0.7, 1.0],
            "activity": ["walking", "sitting", "walking"],
            "windows": [2, 1, 1],
            "probability": [0.8, 0.6, 0.8],
            "reason": ["", "", ""],
        }
    )
    pd.testing.assert_frame_equal(found, expected)


def test_nothing_is_predicted_across_a_gap(
    predictor: Predictor, table: pd.DataFrame, tmp_path: Path
) -> None:
    """A gap of 0.3 s ends a segment of the same activity; times stay on the file's clock."""
    table["gyro_x"] = 1.0
    table["time_s"] += 100
    table.loc[50:, "time_s"] += 0.3
    parts = parts_of(table, tmp_path)
    assert len(parts) == 2
    segments = timeline(predictor.predict_parts(parts), 50)
    assert segments["activity"].tolist() == ["walking", "walking"]
    np.testing.assert_allclose(segments["start_s"], [100, 101.3])
    np.testing.assert_allclose(segments["end_s"], [101, 102.3])


def test_a_recording_shorter_than_a_window_is_refused(
    predictor: Predictor, table: pd.DataFrame, tmp_path: Path
) -> None:
    """The message says how long it must be."""
    with pytest.raises(DataError, match="too short for one window") as caught:
        predictor.predict_parts(parts_of(table[:19], tmp_path))
    assert caught.value.expected == "at least 0.4 s without a gap"
    assert caught.value.found == "0.38 s"
    assert caught.value.exit_code == 3


def test_a_missing_model_is_a_missing_error(tmp_path: Path) -> None:
    """Exit code 6: not there."""
    with pytest.raises(MissingError, match="no such model"):
        Predictor(tmp_path / "none.onnx")


def test_a_foreign_onnx_file_is_refused(model: Path, tmp_path: Path) -> None:
    """The metadata that lacks is named."""
    proto = onnx.load(model)
    del proto.metadata_props[:]
    onnx.save(proto, tmp_path / "foreign.onnx")
    with pytest.raises(DataError, match=r"not a model of this project") as caught:
        Predictor(tmp_path / "foreign.onnx")
    assert caught.value.found == "no classes, rate_hz, n_samples, n_hop, channels, units"


def test_serving_imports_no_training_library() -> None:
    """A serving host needs neither torch nor scikit-learn nor prefect."""
    heavy = "{'torch', 'transformers', 'sklearn', 'scipy', 'prefect', 'matplotlib', 'mlflow'}"
    code = (
        "import sys, har.serving.predictor, har.serving.recordings\n"
        f"found = {heavy} & set(sys.modules)\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def detector(model: Path, table: pd.DataFrame, tmp_path: Path) -> MahalanobisDetector:
    """Fit a detector on windows like those of the small recording."""
    (part,) = parts_of(table, tmp_path)
    X = Predictor(model).windows(part)
    rng = np.random.default_rng(0)
    known = np.repeat(X, 50, axis=0) * rng.normal(1, 0.1, (50 * len(X), 1, 1))
    return MahalanobisDetector.fit(known[::2], known[1::2], refused=0)


def with_distance(proto: onnx.ModelProto, detector: MahalanobisDetector) -> None:
    """Let the graph compute the distance, as builds do."""
    add_distance(proto, detector)
    proto.metadata_props.add(key="distance_threshold", value=repr(detector.threshold))


def as_before(proto: onnx.ModelProto, detector: MahalanobisDetector) -> None:
    """Put the detector into the metadata, as builds did before the graph had a distance."""
    proto.metadata_props.add(key="unlikeness", value=json.dumps(detector.to_dict()))


@pytest.fixture(params=[with_distance, as_before])
def detecting(
    request: pytest.FixtureRequest, model: Path, detector: MahalanobisDetector, tmp_path: Path
) -> Predictor:
    """Load the tiny model with a detector, as files have it now and had it before."""
    proto, path = onnx.load(model), tmp_path / "detects.onnx"
    request.param(proto, detector)
    onnx.save(proto, path)
    return Predictor(path)


def test_windows_out_of_distribution_are_unknown(
    detecting: Predictor, predictor: Predictor, table: pd.DataFrame, tmp_path: Path
) -> None:
    """A wrong unit is unknown with probability 0; the windows fitted on are not."""
    (part,) = parts_of(table, tmp_path)
    assert "unknown" not in set(detecting.predict(part)["activity"])
    part.table[["gyro_x", "gyro_y", "gyro_z"]] *= 180 / np.pi
    frame = detecting.predict(part)
    assert set(frame["activity"]) == {"unknown"}
    assert (frame["probability"] == 0).all()
    assert "unknown" not in set(predictor.predict(part)["activity"])


def test_answers_have_the_distance_that_was_fitted(
    detecting: Predictor, detector: MahalanobisDetector, table: pd.DataFrame, tmp_path: Path
) -> None:
    """Old files and new ones answer the same; a missing value is unknown in both."""
    (part,) = parts_of(table, tmp_path)
    X = detecting.windows(part)
    X[0, :, 0] /= 9.80665
    X[1, 3, 4] = np.nan
    answers = detecting.answer(X)
    np.testing.assert_allclose(answers.distance, detector.score(X), rtol=1e-5)
    np.testing.assert_array_equal(answers.unknown, detector.is_unknown(X))
    assert answers.unknown[1]
    assert answers.activity[1] == "unknown"
    assert detecting.threshold == detector.threshold


def test_smoothing_is_that_of_the_file_and_ends_at_a_gap(
    model: Path, table: pd.DataFrame, tmp_path: Path
) -> None:
    """Averaged answers follow a change one window later, and start anew after a gap."""
    proto, path = onnx.load(model), tmp_path / "smooths.onnx"
    hmm = HMM(np.array([[0.9, 0.1], [0.1, 0.9]]), np.full(2, 0.5))
    smoothing = json.dumps(Smoothing(Average(4), hmm).to_dict())
    proto.metadata_props.add(key="smoothing", value=smoothing)
    onnx.save(proto, path)
    predictor = Predictor(path)
    parts = parts_of(table, tmp_path)
    raw, smooth = (
        predictor.predict_parts(parts, predictor.smoother(name)) for name in ("none", "average")
    )
    p = predictor.answer(predictor.windows(parts[0])).probabilities.astype(float)
    chosen = [p[max(i - 3, 0) : i + 1].mean(0).argmax() for i in range(len(p))]
    own = p[np.arange(len(p)), chosen]
    np.testing.assert_allclose(smooth["probability"], own)
    assert raw["activity"].tolist() != smooth["activity"].tolist()
    filtered = predictor.predict_parts(parts, predictor.smoother("hmm"))
    expected = hmm.smooth(predictor.answer(predictor.windows(parts[0])), np.zeros(len(p)))
    assert filtered["activity"].tolist() == expected.activity.tolist()
    table.loc[50:, "time_s"] += 0.3
    halves = parts_of(table, tmp_path)
    both = predictor.predict_parts(halves, predictor.smoother("average"))
    alone = predictor.predict_parts(halves[1:], predictor.smoother("average"))
    assert both["activity"].tolist()[-len(alone) :] == alone["activity"].tolist()


def test_a_file_without_smoothers_says_so(predictor: Predictor) -> None:
    """A model registered before smoothers were in the file predicts without them."""
    assert predictor.smoother("none") is None
    with pytest.raises(UsageError, match=r"tiny\.onnx: this model cannot smooth its answers"):
        predictor.smoother("hmm")


def test_samples_in_no_window_are_counted(
    predictor: Predictor, table: pd.DataFrame, tmp_path: Path
) -> None:
    """Windows of 20 every 10: of 95 samples 5 are behind the last, and 15 are no window."""
    (whole,) = parts_of(table, tmp_path)
    parts = [replace(whole, table=whole.table[:n]) for n in (100, 95, 15)]
    assert [predictor.unanswered([part]) for part in parts] == [0, 5, 15]
    assert predictor.unanswered(parts) == 20

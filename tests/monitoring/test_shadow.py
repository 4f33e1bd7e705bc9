"""Two models on the same recordings: where they agree, what is counted, what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from graphs import HOP, SIZE, walk_then_sit, write_rule

from har.errors import DataError, UsageError
from har.export.distance import add_distance
from har.lineage import digest
from har.models.out_of_distribution import MahalanobisDetector
from har.monitoring.shadow import Agreement, Rival, Scores, require_same_windows, score
from har.serving.predictor import Predictor

WINDOWS = (100 - SIZE) // HOP + 1


@pytest.fixture
def champion(tmp_path: Path) -> Rival:
    """Says walking where gyro_x is large."""
    return Rival(1, "svm", Predictor(write_rule(tmp_path / "one.onnx")))


@pytest.fixture
def challenger(tmp_path: Path) -> Rival:
    """Says walking where gyro_y is large, which it never is."""
    path = write_rule(tmp_path / "other.onnx", channel="gyro_y")
    return Rival(2, "encoder-small", Predictor(path))


def write(path: Path, *, subject: str | None = None, noise: int = 0) -> Path:
    """Write two seconds, the first one walking; noise makes the bytes differ."""
    table = walk_then_sit()
    table["acc_x"] += 0.001 * noise
    if subject:
        table["subject_id"] = subject
    table.to_csv(path, index=False)
    return path


def run(files: list[Path], champion: Rival, challenger: Rival) -> Scores:
    return score(files, champion, challenger, latency_repeats=10)


def test_agreement_worked_out_by_hand(champion: Rival, challenger: Rival, tmp_path: Path) -> None:
    """Of 9 windows the champion finds walking in 4 or, with a tie, 5; the other never."""
    files = [write(tmp_path / "a.csv", subject="s1"), write(tmp_path / "b.csv", noise=1)]
    scores = run(files, champion, challenger)
    walking = scores.by_activity["walking"].windows
    assert walking in (2 * 4, 2 * 5)
    assert scores.overall == Agreement(
        2 * WINDOWS, pytest.approx(1 - walking / (2 * WINDOWS)), "sitting"
    )
    assert list(scores.by_activity) == ["walking", "sitting"]  # lowest agreement first
    assert scores.by_activity["walking"] == Agreement(walking, 0, "sitting")
    assert scores.by_activity["sitting"] == Agreement(2 * WINDOWS - walking, 1, "")
    assert set(scores.by_subject) == {"s1", "b"}
    assert scores.recordings == {digest.of_file(path)[:16]: WINDOWS for path in files}
    for side, rival in ((scores.champion, champion), (scores.challenger, challenger)):
        assert (side.version, side.candidate) == (rival.version, rival.candidate)
        assert side.unknown == 0
        assert 0.5 <= side.probability <= 1
        assert 0 < side.latency_ms <= side.latency_p95_ms


def test_the_name_of_an_activity_counts_not_its_place(champion: Rival, tmp_path: Path) -> None:
    """The same rule with the classes exchanged disagrees everywhere."""
    path = write_rule(tmp_path / "turned.onnx", classes=json.dumps(["sitting", "walking"]))
    turned = Rival(2, "svm", Predictor(path))
    assert run([write(tmp_path / "a.csv")], champion, turned).overall.agreement == 0


def test_unknown_is_an_answer_of_its_own(champion: Rival, tmp_path: Path) -> None:
    """A challenger to which every window is foreign agrees nowhere."""
    path = write_rule(tmp_path / "wary.onnx", distance_threshold="0.0")
    model = onnx.load(path)
    add_distance(model, MahalanobisDetector(np.full(16, 100.0), np.eye(16), 0.0))
    onnx.save(model, path)
    scores = run([write(tmp_path / "a.csv")], champion, Rival(2, "svm", Predictor(path)))
    assert (scores.champion.unknown, scores.challenger.unknown) == (0, WINDOWS)
    assert (scores.overall.agreement, scores.overall.instead) == (0, "unknown")
    assert scores.challenger.probability == 0


def test_the_same_bytes_count_once(champion: Rival, challenger: Rival, tmp_path: Path) -> None:
    """Under another name, in a folder or named twice."""
    folder = tmp_path / "week"
    folder.mkdir()
    first, copy = write(folder / "a.csv"), write(folder / "z.csv")
    scores = run([folder, first], champion, challenger)
    assert scores.overall.windows == WINDOWS
    assert scores.repeated == (str(copy), str(first))


def test_a_file_that_cannot_be_trusted_is_named_and_the_others_are_scored(
    champion: Rival, challenger: Rival, tmp_path: Path
) -> None:
    """Each with its reason; if none is left, that is an error."""
    good, bad = write(tmp_path / "a.csv"), tmp_path / "b.csv"
    bad.write_text("time_s,acc_x\n0,1\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    scores = run([bad, good, empty, Path("gone.csv")], champion, challenger)
    assert scores.overall.windows == WINDOWS
    reasons = {Path(path).name: why.splitlines()[0] for path, why in scores.rejected.items()}
    assert reasons == {
        "b.csv": "no columns that look like acceleration",
        "empty": "no tables",
        "gone.csv": "no such file or folder",
    }
    with pytest.raises(DataError, match=r"none of 2 file\(s\)(.|\n)*b\.csv: no columns that look"):
        run([bad, empty], champion, challenger)


def test_models_of_other_windows_are_refused(champion: Rival, tmp_path: Path) -> None:
    """They cannot be held side by side."""
    other = Rival(2, "svm", Predictor(write_rule(tmp_path / "hop.onnx", n_hop="5")))
    require_same_windows(champion, champion)
    with pytest.raises(UsageError, match=r"different windows(.|\n)*every 10(.|\n)*every 5 at 50"):
        require_same_windows(champion, other)
    linear = Rival(2, "svm", Predictor(write_rule(tmp_path / "linear.onnx", gravity="false")))
    with pytest.raises(UsageError, match=r"with gravity(.|\n)*acceleration without gravity"):
        require_same_windows(champion, linear)


def test_watching_needs_neither_registry_nor_training_library() -> None:
    """A host that watches imports neither MLflow nor what models are trained with."""
    heavy = "{'torch', 'transformers', 'sklearn', 'prefect', 'matplotlib', 'mlflow'}"
    code = f"import sys, har.monitoring.shadow; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

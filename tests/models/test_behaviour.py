"""What every trained model must do whatever its kind: changes that matter, and that do not.

As invariance and directional tests of Ribeiro et al. (2020), Beyond accuracy: behavioral
testing of NLP models with CheckList, ACL. Windows are of a real person whom no model has seen.
"""

from importlib import import_module

import numpy as np
import pytest
from numpy.typing import NDArray

from har.arrays import Float32
from har.config import Recipe, load
from har.data.recording import ACC, CHANNELS, GYRO
from har.data.windows import Windows
from har.evaluation.robustness import Perturbation, gain, loss, noise, rotation, shift
from har.models.catalogue import MODELS
from har.models.interface import Model, load_model
from har.steps.plan import plan, trained

MOVING = ("walking", "stairs-up", "stairs-down")
N_ACC = len(ACC)


@pytest.fixture(scope="module")
def quick() -> Recipe:
    """Return settings that train every model in seconds."""
    return load(
        [
            "models.svm.c_grid=[3]",
            "models.logistic.c_grid=[0.03]",
            "models.minirocket.c_grid=[0.03]",
            "models.minirocket.convolutions=168",
            "models.extra_trees.n_estimators=30",
            "models.extra_trees.min_samples_leaf=[2]",
            "models.encoder_base.hidden_size=32",
            # These two need longer, or less dropout, to learn in seconds.
            "models.bert.finetune={epochs=40}",
            "models.patchtsmixer.dropout=0.1",
            "pretrain.checkpoint=none",
            "finetune.batch_size=16",
            "finetune.epochs=8",
        ]
    ).recipe


@pytest.fixture(scope="module", params=MODELS)
def model(
    request: pytest.FixtureRequest,
    small: Windows,
    quick: Recipe,
    tmp_path_factory: pytest.TempPathFactory,
) -> Model:
    """Train each kind of model on two people."""
    root, name = tmp_path_factory.mktemp(request.param), request.param
    (root / "windows").mkdir()
    small.save(root / "windows")
    (root / "model").mkdir()
    step = plan(quick.model_copy(update={"candidates": (name,)})).steps[trained(name, 0)]
    module, _, function = step.entry.partition(":")
    getattr(import_module(module), function)(
        root / "model", windows=root / "windows", **step.settings
    )
    return load_model(root / "model")


@pytest.fixture(scope="module")
def someone(small: Windows) -> Windows:
    """Windows of a person in the test split."""
    return small.select("test")


def answers(model: Model, X: Float32) -> NDArray[np.str_]:
    """Name the activity of each window."""
    return np.array(model.classes)[model.predict_proba(X).argmax(1)]


def almost_still(X: Float32) -> Float32:
    """Keep each window's gravity and a fiftieth of what moves around it."""
    rest = X.mean(1, keepdims=True)
    rest[..., N_ACC:] = 0
    still: Float32 = rest + np.float32(0.02) * (X - rest)
    return still


@pytest.mark.parametrize(
    "change",
    [rotation(1), gain(0.005), noise(0.005), shift(0.02)],
    ids=lambda change: change.name,
)
def test_what_no_wearer_would_notice_changes_almost_no_answer(
    model: Model, someone: Windows, change: Perturbation
) -> None:
    """A degree, half a percent, sensor noise, a sample: 19 answers of 20 stay at least."""
    before, after = (answers(model, X) for X in (someone.X, change(someone, seed=0)))
    assert np.mean(before == after) >= 0.95


def test_an_answer_does_not_depend_on_the_other_windows(model: Model, someone: Windows) -> None:
    """Alone, in any order, beside others: the same probabilities."""
    together = model.predict_proba(someone.X)
    backwards = model.predict_proba(np.ascontiguousarray(someone.X[::-1]))[::-1]
    np.testing.assert_allclose(backwards, together, atol=1e-5)
    np.testing.assert_allclose(model.predict_proba(someone.X[3:4]), together[3:4], atol=1e-5)


def test_who_stops_moving_is_not_walking(model: Model, someone: Windows) -> None:
    """The posture of walking windows without their motion is no locomotion."""
    walking = someone.X[np.isin(np.array(someone.classes)[someone.y], MOVING)]
    assert np.isin(answers(model, walking), MOVING).mean() > 0.9
    assert np.isin(answers(model, almost_still(walking)), MOVING).mean() < 0.1


def test_who_lies_and_is_turned_upright_is_not_lying(model: Model, someone: Windows) -> None:
    """Gravity tells postures apart: lying windows with a standing person's gravity stand or sit."""
    names = np.array(someone.classes)[someone.y]
    lying, standing = (someone.X[names == name] for name in ("lying", "standing"))
    upright = lying.copy()
    upright[..., :N_ACC] += (standing.mean((0, 1)) - lying.mean((0, 1)))[:N_ACC]
    assert np.mean(answers(model, lying) == "lying") > 0.9
    assert np.mean(answers(model, upright) == "lying") < 0.1


@pytest.mark.parametrize("lost", [CHANNELS, GYRO], ids=["both sensors", "gyroscope"])
def test_dead_sensors_still_give_probabilities(
    model: Model, someone: Windows, lost: tuple[str, ...]
) -> None:
    """Zeros from a sensor never become a missing number."""
    probabilities = model.predict_proba(loss(lost)(someone, seed=0))
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)

"""What every perturbation keeps, and scores under perturbation on real windows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from alone import WORN, acceleration_of, worn_twice
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from har.config import IntervalSettings, WindowSettings
from har.data.activities import BASIC
from har.data.cutting import cut_all
from har.data.recording import CHANNELS, Recording
from har.data.windows import Windows
from har.evaluation import score_plots
from har.evaluation.robustness import (
    Perturbation,
    catalogue,
    gain,
    loss,
    noise,
    robustness,
    rotation,
    sampling,
    shift,
)
from har.models.out_of_distribution import physical_quantities
from har.page.plots import png

SETTINGS = IntervalSettings(bootstrap=200)
ALL = catalogue()


def make(n: int = 6, n_samples: int = 40, seed: int = 0) -> Windows:
    """Return random windows of three subjects."""
    rng = np.random.default_rng(seed)
    X = rng.normal((0, 0, 9.8, 0, 0, 0), 1, (n, n_samples, 6)).astype(np.float32)
    subjects = [f"s{i % 3}" for i in range(n)]
    index = pd.DataFrame(
        {"subject_id": subjects, "recording_id": subjects, "start_s": np.arange(n) * 1.0}
    )
    return Windows(X, np.arange(n) % 2, index, ("walking", "sitting"))


def test_upright_windows_are_turned_about_the_vertical_alone() -> None:
    """Since a recording of a tilted sensor is turned back before it is cut."""
    windows = make()
    turned = replace(windows, choice=windows.choice.model_copy(update={"upright": "z"}))
    changed = rotation(30)(turned, seed=0)
    np.testing.assert_allclose(changed[..., 2], windows.X[..., 2], atol=1e-5)
    assert not np.allclose(changed[..., 0], windows.X[..., 0], atol=0.1)


@pytest.mark.parametrize("perturbation", ALL, ids=lambda p: p.name)
@pytest.mark.parametrize("n_samples", [40, 41])
def test_shape_dtype_and_the_given_windows_stay(perturbation: Perturbation, n_samples: int) -> None:
    """And the same seed gives the same windows, which differ from the given ones."""
    windows = make(n_samples=n_samples)
    before = windows.X.copy()
    changed, again = (perturbation(windows, seed=3) for _ in range(2))
    assert (changed.shape, changed.dtype) == (before.shape, before.dtype)
    assert (changed == again).all()
    np.testing.assert_array_equal(windows.X, before)
    assert not np.shares_memory(changed, windows.X)
    assert np.abs(changed - before).max() > 1e-4


def test_acceleration_alone_has_no_gyroscope_to_lose() -> None:
    """All other perturbations change it as they change the acceleration of both sensors."""
    windows = make()
    alone = acceleration_of(windows)
    own = catalogue(channels=alone.channels)
    assert {p.name for p in ALL} - {p.name for p in own} == {"no gyroscope"}
    for perturbation in own:
        changed = perturbation(alone, seed=3)
        assert changed.shape == alone.X.shape
        if perturbation.kind != "noise":  # which is drawn anew for each shape
            both = perturbation(windows, seed=3)
            np.testing.assert_allclose(changed, both[..., :3], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "perturbation",
    [rotation(0), rotation(0, per="window"), gain(0), noise(0), loss(()), sampling(50), shift(0)],
    ids=lambda p: p.name,
)
def test_severity_0_changes_nothing(perturbation: Perturbation) -> None:
    """Not a bit."""
    windows = make()
    assert (perturbation(windows, seed=0) == windows.X).all()


def test_names_are_unique() -> None:
    """They seed the draws and name the rows."""
    assert len({p.name for p in ALL}) == len(ALL)


@given(st.floats(1, 180), st.sampled_from(["subject", "window"]), st.integers(0, 99))
def test_a_rotation_keeps_norms_and_turns_by_its_angle_at_most(
    degrees: float, per: str, seed: int
) -> None:
    """Of both sensors, which are turned alike."""
    windows = make()
    X = windows.X.reshape(6, 40, 2, 3)
    X[:, :, 1] = X[:, :, 0]
    turned = rotation(degrees, per=per)(windows, seed=seed).reshape(X.shape)
    lengths, after = (np.linalg.norm(v, axis=-1) for v in (X, turned))
    np.testing.assert_allclose(after, lengths, rtol=1e-5)
    np.testing.assert_allclose(turned[:, :, 1], turned[:, :, 0], atol=1e-5)
    cosine = (X * turned).sum(-1) / lengths**2
    assert cosine.min() >= np.cos(np.deg2rad(degrees)) - 1e-5


@pytest.mark.parametrize(("per", "n_turns"), [("subject", 3), ("window", 6)])
def test_a_subject_is_turned_as_one(per: str, n_turns: int) -> None:
    """Six windows of three subjects are turned in three ways, or in six."""
    windows = make()
    windows.X[:] = windows.X[0]
    turned = rotation(90, per=per)(windows, seed=0)
    assert len(np.unique(turned.round(3), axis=0)) == n_turns


def test_gain_noise_and_loss_are_as_large_as_they_say() -> None:
    """5 % more, 0.5 m/s² and a tenth of it in rad/s, and nothing left."""
    windows = make(n=300)
    np.testing.assert_allclose(gain(0.05)(windows, seed=0), 1.05 * windows.X, rtol=1e-6)
    added = noise(0.5)(windows, seed=0) - windows.X
    np.testing.assert_allclose(added.std((0, 1)), [0.5] * 3 + [0.05] * 3, rtol=0.03)
    assert loss(CHANNELS[3:]).name == "no gyroscope"
    lost = loss(("acc_y",))(windows, seed=0)
    assert (lost[..., 1] == 0).all()
    assert (np.delete(lost, 1, axis=2) == np.delete(windows.X, 1, axis=2)).all()


@pytest.mark.parametrize(("hz", "kept"), [(2.0, 1.0), (20.0, 0.0)])
def test_slow_sampling_keeps_slow_motion_alone(hz: float, kept: float) -> None:
    """At 25 Hz, 2 Hz stays as it is; 20 Hz is filtered out and not folded down."""
    windows = make(n=1, n_samples=200)
    windows.X[:] = np.sin(2 * np.pi * hz * np.arange(200) / 50)[:, None]
    middle = slice(50, 150)
    slow = sampling(25)(windows, seed=0)[:, middle]
    np.testing.assert_allclose(slow, kept * windows.X[:, middle], atol=0.02)


def test_a_shift_is_mirrored_at_the_end_of_a_window() -> None:
    """Two samples later, of 0 1 2 3 4: 2 3 4 3 2."""
    windows = make(n=1, n_samples=5)
    windows.X[:] = np.arange(5)[:, None]
    assert shift(0.04)(windows, seed=0)[0, :, 0].tolist() == [2, 3, 4, 3, 2]


def test_a_shift_reads_on_in_the_recording(recording: Recording) -> None:
    """A window that starts 0.32 s later is the one that is cut there."""
    splits = {"test": ["lab-01"]}
    settings = WindowSettings(hop_s=0.32, purity=0.6)
    windows = cut_all([recording], splits, settings, BASIC)
    shifted = shift(0.32, recordings=[recording])(windows, seed=0)
    assert (shifted[:-1] == windows.X[1:]).all()
    assert (shifted[-1, :-16] == windows.X[-1, 16:]).all()


@pytest.fixture(scope="module")
def model(small: Windows):
    """Return a quick model on a few numbers of the windows and their means."""

    def numbers(X: np.ndarray) -> np.ndarray:
        return np.hstack([physical_quantities(X), X.mean(1)])

    train = small.select("train")
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    classifier.fit(numbers(train.X), train.y)
    return lambda X: classifier.predict_proba(numbers(X))


def of_two_subjects(small: Windows) -> Windows:
    """Return the validation windows as those of two subjects."""
    validation = small.select("validation")
    subjects = np.where(np.arange(len(validation.X)) % 2, "a", "b")
    return replace(validation, index=validation.index.assign(subject_id=subjects))


def test_scores_on_real_windows(small: Windows, model) -> None:
    """JSON-able, paired with the clean ones, repeatable, and drawn."""
    windows = of_two_subjects(small)
    chosen = [gain(0), rotation(15), rotation(90), loss(CHANNELS[:1])]
    options = {"settings": SETTINGS, "seed": 0}
    found = robustness(model, windows, perturbations=chosen, **options)
    assert (
        robustness(model, windows, perturbations=chosen[::-1], **options).perturbations
        == (found.perturbations[::-1])
    )
    clean, (same, mild, hard, dead) = found.clean, found.perturbations
    assert clean.macro_f1 > 0.7
    assert (same.difference, same.difference_interval) == (0, (0, 0))
    assert (same.macro_f1, same.macro_f1_interval) == (clean.macro_f1, clean.macro_f1_interval)
    assert mild.macro_f1 > hard.macro_f1
    assert hard.difference == pytest.approx(hard.macro_f1 - clean.macro_f1)
    assert max(hard.difference_interval) < 0
    assert dead.kind == "loss"
    assert png(score_plots.robustness({"encoder": found, "b": found})).startswith(b"\x89PNG")


def test_the_whole_catalogue_is_measured_by_default(small: Windows, model) -> None:
    """One row per perturbation, in its order."""
    found = robustness(model, of_two_subjects(small), settings=SETTINGS, seed=0)
    assert [row.name for row in found.perturbations] == [p.name for p in ALL]
    assert (found.n_subjects, found.seed) == (2, 0)


def test_placements_are_turned_and_lost_each_by_itself() -> None:
    """Norms stay, the two turn differently; what is lost at one reads on at the other."""
    alone = make()
    windows = worn_twice(alone)
    changes = {change.name: change for change in catalogue(channels=WORN)}
    assert {"nothing at wrist", "nothing at chest", "no gyroscope"} <= set(changes)
    assert not any(name.startswith("nothing at") for name in {change.name for change in ALL})
    turned = changes["turned 90°, each subject"](windows, seed=0)
    sensors = (slice(0, 3), slice(3, 6), slice(6, 9))
    for part in sensors:
        norms = [np.linalg.norm(X[..., part], axis=2) for X in (turned, windows.X)]
        np.testing.assert_allclose(*norms, rtol=1e-4)
    assert np.abs(turned[..., [8, 6, 7]] - turned[..., :3]).max() > 1
    lost = changes["nothing at chest"](windows, seed=0)
    assert (lost[..., 6:] == 0).all()
    np.testing.assert_array_equal(lost[..., :6], windows.X[..., :6])
    still = changes["no gyroscope"](windows, seed=0)
    assert [bool((still[..., part] == 0).all()) for part in sensors] == [False, True, False]
    noisy = changes["noise 1 m/s²"](windows, seed=0) - windows.X
    found = [noisy[..., part].std() for part in sensors]
    np.testing.assert_allclose(found, [1, 0.1, 1], rtol=0.15)

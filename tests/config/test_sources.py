"""Settings come from defaults, file, environment and flags, in that order."""

import json
from pathlib import Path

import pytest

from har.config import Environment, Recipe, current, load, using
from har.errors import UsageError


def test_flags_beat_environment_beats_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source overrides the one before, setting by setting."""
    (tmp_path / "har.toml").write_text("[window]\nhop_s = 0.5\nlength_s = 5.12\nrate_hz = 25\n")
    monkeypatch.setenv("HAR_WINDOW__HOP_S", "0.64")
    monkeypatch.setenv("HAR_WINDOW__LENGTH_S", "2.0")
    window = load(["window.hop_s=1.0"]).recipe.window
    assert (window.hop_s, window.length_s, window.rate_hz) == (1.0, 2.0, 25.0)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("window.hop_s", "expected: section.name=value"),
        ("window.hops=1", r"setting window\.hops: extra inputs are not permitted"),
        ("evaluate.hops=1", r"setting evaluate\.hops: extra inputs are not permitted"),
        ("gate=1", r"setting gate: input should be a valid dictionary"),
        ("window.classes=7", r"setting window\.classes: input should be 6 or 12"),
        ("seeds=many", r"setting seeds"),
    ],
)
def test_wrong_settings_are_named(pair: str, message: str) -> None:
    """An unknown name or an unfit value ends with exit code 2."""
    with pytest.raises(UsageError, match=message) as caught:
        load([pair])
    assert caught.value.exit_code == 2


def test_values_are_read_as_toml() -> None:
    """Lists, numbers and plain words all work on the command line."""
    recipe, environment = load(["seeds=[3, 4]", "registry.model=har12", "finetune.epochs=2"])
    assert recipe.seeds == (3, 4)
    assert environment.registry.model == "har12"


def test_a_network_changes_single_augmentations() -> None:
    """What its own section leaves out is as for all networks."""
    recipe = load(
        ["finetune.augment.gain=0.1", "models.encoder_small.finetune.augment.mixup=0.2"]
    ).recipe
    augment = recipe.finetune_of("encoder-small").augment
    assert (augment.gain, augment.mixup, augment.shift) == (0.1, 0.2, 8)
    assert recipe.finetune.augment.mixup == 0


def test_old_names_still_work_in_every_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was ``evaluate`` is two sections now; sources are ranked by setting all the same."""
    (tmp_path / "har.toml").write_text(
        "[evaluate]\ngroups = 3\nbootstrap = 30\nseed = 3\n[gate]\nmax_mended = 0.1\n"
    )
    monkeypatch.setenv("HAR_EVALUATE__BOOTSTRAP", "40")
    monkeypatch.setenv("HAR_PROTOCOLS__GROUPS", "4")
    recipe = load(["evaluate.validation_subjects=2"]).recipe
    assert (recipe.protocols.groups, recipe.protocols.n_validation_subjects) == (4, 2)
    assert (recipe.intervals.bootstrap, recipe.intervals.seed) == (40, 3)
    assert recipe.gate.max_repaired == 0.1
    monkeypatch.setenv("HAR_GATE__MAX_REPAIRED", "0.2")
    assert load().recipe.gate.max_repaired == 0.2
    monkeypatch.setenv("HAR_GATE__MAX_MENDED", "0.3")
    assert load(["gate.max_repaired=0.4"]).recipe.gate.max_repaired == 0.4
    assert load(["gate.max_mended=0.5"]).recipe.gate.max_repaired == 0.5


def test_a_recipe_survives_json_and_holds_no_secret() -> None:
    """What a deployment keeps as its parameters is what the run will read, and nothing private."""
    recipe, environment = load(
        ["registry.webhook_secret=c2VjcmV0", "models.svm.c_grid=[3]", "seeds=[1, 2]"]
    )
    text = recipe.model_dump_json()
    assert Recipe.model_validate_json(text) == recipe
    assert environment.registry.webhook_secret is not None
    assert environment.registry.webhook_secret.get_secret_value() == "c2VjcmV0"
    assert not {"store", "registry", "run"} & set(json.loads(text))


def test_an_environment_is_that_of_the_machine_unless_a_command_has_changed_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Code that runs elsewhere resolves it anew, from its own variables."""
    monkeypatch.setenv("HAR_STORE", "/there")
    assert current().store == Path("/there")
    with using(Environment(store=Path("/here"))):
        assert current().store == Path("/here")
    assert current().store == Path("/there")

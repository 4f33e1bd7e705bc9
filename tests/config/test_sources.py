"""Settings come from defaults, file, environment and flags, in that order."""

from pathlib import Path

import pytest

from har.config import load
from har.errors import UsageError


def test_flags_beat_environment_beats_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source overrides the one before, setting by setting."""
    (tmp_path / "har.toml").write_text("[window]\nhop_s = 0.5\nlength_s = 5.12\nrate_hz = 25\n")
    monkeypatch.setenv("HAR_WINDOW__HOP_S", "0.64")
    monkeypatch.setenv("HAR_WINDOW__LENGTH_S", "2.0")
    window = load(["window.hop_s=1.0"]).window
    assert (window.hop_s, window.length_s, window.rate_hz) == (1.0, 2.0, 25.0)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("window.hop_s", "expected: section.name=value"),
        ("window.hops=1", r"setting window\.hops: extra inputs are not permitted"),
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
    settings = load(["seeds=[3, 4]", "registry.model=har12", "finetune.epochs=2"])
    assert settings.seeds == (3, 4)
    assert settings.registry.model == "har12"


def test_a_network_changes_single_augmentations() -> None:
    """What its own section leaves out is as for all networks."""
    settings = load(
        ["finetune.augment.gain=0.1", "models.encoder_small.finetune.augment.mixup=0.2"]
    )
    augment = settings.finetune_of("encoder-small").augment
    assert (augment.gain, augment.mixup, augment.shift) == (0.1, 0.2, 8)
    assert settings.finetune.augment.mixup == 0

"""Stretches and spectra show what is there."""

import numpy as np

from har.data.recording import write_recording
from har.data.report.signals import FREQUENCIES, STRETCH_S, UNLABELLED, Signals

from .conftest import Make, made_up


def test_spectrum_finds_the_rate_of_steps() -> None:
    """A norm that swings twice a second has its peak at 2 Hz."""
    recording = made_up()
    time = recording.table["time_s"].to_numpy()
    recording.table[["acc_x", "acc_y", "acc_z"]] = 0.0
    recording.table["acc_x"] = (9.8 + np.sin(2 * np.pi * 2 * time)).astype(np.float32)
    signals = Signals()
    signals.add(recording)
    power = signals.spectra()["walking"]["wrist"]
    assert FREQUENCIES[power.argmax()] == 2.0


def test_spectrum_ends_at_half_the_rate() -> None:
    """At 20 Hz nothing is known above 10 Hz."""
    recording = made_up(time_s=np.arange(1000) / 20)
    slow = recording.meta.__class__(**{**vars(recording.meta), "rate_hz": 20.0})
    signals = Signals()
    signals.add(recording.__class__(recording.table, slow))
    power = signals.spectra()["walking"]["wrist"]
    assert (np.isfinite(power) == (FREQUENCIES <= 10)).all()


def test_one_stretch_an_activity(ingest: Make) -> None:
    """Each activity has one stretch of five seconds that holds some of it."""
    activity = ["walking"] * 850 + ["stand-to-sit"] * 100 + [None] * 50
    recording = made_up(activity=activity)
    signals = Signals()
    signals.add(recording)
    folder = ingest(recording)
    found = list(signals.stretches(folder))
    assert [stretch.activity for stretch, _ in found] == ["walking", "stand-to-sit"]
    for stretch, samples in found:
        assert samples["time_s"].max() - samples["time_s"].min() <= STRETCH_S
        low, high = stretch.bout_s
        assert samples["time_s"].between(low, high).any()


def test_without_labels(ingest: Make) -> None:
    """Data without a label have one stretch and one spectrum, of no activity."""
    recording = made_up(activity=[None] * 1000)
    signals = Signals()
    signals.add(recording)
    write_recording(recording, folder := ingest())
    assert [stretch.activity for stretch, _ in signals.stretches(folder)] == [UNLABELLED]
    assert list(signals.spectra()) == [UNLABELLED]

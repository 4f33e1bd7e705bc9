"""The bundled data set equals the published one."""

import hashlib
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from har.data.activities import BASIC, TRANSITIONS
from har.data.recording import CHANNELS, Recording
from har.data.schema import validate
from har.data.sources import hapt

PROOF = json.loads(hapt.BUNDLED.with_suffix(".sha256.json").read_text())


def test_every_column_has_the_published_digest(recordings: list[Recording]) -> None:
    """Decoded SI values are the published ones, as float32, bit for bit."""
    label_of = {name: number for number, name in enumerate(BASIC + TRANSITIONS, start=1)}
    for recording, proof in zip(recordings, PROOF, strict=True):
        table = recording.table
        values = {c: table[c].to_numpy("<f4") for c in CHANNELS}
        values["label"] = np.array([label_of.get(a, -1) for a in table["activity"]], "<i1")
        found = {name: hashlib.sha256(v.tobytes()).hexdigest() for name, v in values.items()}
        assert found == proof["sha256"], recording.meta.recording_id


def test_counts_subjects_and_labels(recordings: list[Recording]) -> None:
    """30 subjects, 61 recordings, 1,122,772 samples, about 27 % of them unlabelled."""
    samples = sum(len(r.table) for r in recordings)
    unlabelled = sum(r.table["activity"].isna().sum() for r in recordings)
    assert len(recordings) == 61
    assert len({r.meta.subject_id for r in recordings}) == 30
    assert samples == 1_122_772
    assert unlabelled / samples == pytest.approx(0.27, abs=0.01)


def test_scale_is_the_phones(recordings: list[Recording]) -> None:
    """One count is g/720 and 17.5 mdps; a value by hand: 661 counts is 9.003 m/s²."""
    scale = json.loads(pq.read_schema(hapt.BUNDLED).metadata[b"scale"])
    assert scale["acc_x"] == pytest.approx(9.80665 / 720)
    assert scale["gyro_x"] == pytest.approx(np.deg2rad(0.0175))
    assert recordings[0].table["acc_x"].iloc[0] == pytest.approx(661 * 9.80665 / 720, rel=1e-6)


def test_extremes_did_not_wrap(recordings: list[Recording]) -> None:
    """The gyroscope reaches its full scale of ±500 deg/s without a change of sign."""
    gyro = np.concatenate([r.table["gyro_y"].to_numpy() for r in recordings])
    assert gyro.min() == pytest.approx(-32768 * np.deg2rad(0.0175), rel=1e-6)
    assert gyro.max() == pytest.approx(32704 * np.deg2rad(0.0175), rel=1e-6)


def test_every_recording_fits_the_schema(recordings: list[Recording]) -> None:
    """Ranges, units, time and labels of the real data hold."""
    for recording in recordings:
        validate(recording)

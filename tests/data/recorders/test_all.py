"""What holds for every recorder: one claims a file, none guesses, and damage is never silent."""

import random

import numpy as np
import pandas as pd
import pytest
from recorded import all_recorded, recorded, write
from recorder_files import ACC, FIELD, RAD, SAMPLES, SI, N, recorder_of

from har.data import recorders
from har.data.ingest.files import open_files
from har.data.recorders.base import ALWAYS
from har.data.recorders.parts.heads import Head, heads
from har.data.recording import CHANNELS, MAG
from har.errors import DataError

ENTRIES = {"time_unit", "rate_hz", "acc_unit", "gyro_unit", "acc_sign", "gravity", "date_order"}
# The first lines of data sets that are known, and of tables of one's own.
OTHERS = [
    "33,Jumping,49105962326000,-0.6946377,12.680544,0.50395286;",
    "1600,A,252207666810782,-0.36476135,8.793503,1.0550842;",
    ",attitude.roll,attitude.pitch,attitude.yaw,gravity.x,gravity.y,gravity.z,rotationRate.x,"
    "rotationRate.y,rotationRate.z,userAcceleration.x,userAcceleration.y,userAcceleration.z",
    "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt",
    "timestamp,back_x,back_y,back_z,thigh_x,thigh_y,thigh_z,label",
    "8.38 0 104 30 2.37223 8.60074 3.51048 2.43954 8.76165 3.35465 -0.092217 0.056812",
    "7.9707,1.1083,1.0917,0.0,-0.59,0.67,-18.8,0.69,-0.65,9.63",
    "9.180556e-001 -1.124999e-001 5.097222e-001",
    "recording_id,subject_id,time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,activity",
    "time,ax,ay,az,gx,gy,gz,activity",
    "time,acc_x,acc_y,acc_z",
    "Date;Timestamp;DeviceOrientation;AccelerationX;AccelerationY;AccelerationZ;Label",
    "Timestamp (ms),Accel X (g),Accel Y (g),Accel Z (g),Gyro X (deg/s),Gyro Y (deg/s)",
    '{"name": "any", "payload": 3}',
    "[[0.1, 0.2, 9.8], [0.1, 0.2, 9.8]]",
    "",
]


def test_there_is_a_sample_of_every_recorder():
    """Whoever adds one adds its layout to these tests."""
    assert {recorder_of(name) for name in SAMPLES} == set(recorders.names())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_is_one_recorders(name, tmp_path):
    """No other recorder recognises it."""
    files = open_files(write(tmp_path, SAMPLES[name].files))
    for head in heads(files):
        claims = [r for r in recorders.names() if recorders.get(r).recognises(head)]
        assert claims == [recorder_of(name)], head.name


@pytest.mark.parametrize("line", OTHERS)
def test_other_files_are_nobodys(line):
    """Neither known data sets nor tables of one's own."""
    for text in (line, f"{line}\n{line}\n{line}\n{line}\n"):
        head = Head("a.csv", text.encode())
        assert not [r for r in recorders.names() if recorders.get(r).recognises(head)]


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_in_doubt_is_what_the_recorder_heeds(name, tmp_path):
    """A question can be answered; without the answer nothing is read."""
    sample = SAMPLES[name]
    found = recorded(tmp_path, sample.files)
    assert set(found.asked) == set(sample.stated)
    assert set(found.asked) <= set(found.recorder.entries) <= ENTRIES - set(ALWAYS)
    if found.asked:
        with pytest.raises(DataError, match=f"--map {found.asked[0]}="):
            _ = found.raws


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_second_is_read_alike_from_all(name, tmp_path):
    """Acceleration within 1/128 g, angular velocity, 100 Hz, and an account that adds up."""
    sample = SAMPLES[name]
    found = recorded(tmp_path, sample.files, **sample.stated)
    (recording,) = found.recordings()
    table = recording.table
    assert len(table) == N
    assert recording.meta.rate_hz == pytest.approx(100)
    limit = 9.81 / 128 if recorder_of(name) == "empatica" else 2e-4
    acc = table[["acc_x", "acc_y", "acc_z"]].to_numpy()
    assert np.abs(acc - np.array(SI)).max() < limit
    if sample.has_gyro:
        gyro = table[["gyro_x", "gyro_y", "gyro_z"]].to_numpy()
        assert np.abs(gyro - np.array(RAD)).max() < 2e-5
    else:
        assert table["gyro_x"].isna().all()
    assert recording.meta.recorder == found.recorder.title
    assert found.understood.facts.get("rate", "100 Hz").startswith("100 Hz")


@pytest.mark.parametrize("name", [name for name in SAMPLES if SAMPLES[name].has_mag])
def test_a_magnetometer_is_read_and_changes_nothing_else(name, tmp_path):
    """In µT; damage to its file is no loss of acceleration, and every row is accounted for."""
    sample, rng = SAMPLES[name], random.Random(7)
    (whole,) = recorded(tmp_path, sample.files, **sample.stated).recordings()
    assert np.abs(whole.table[list(MAG)].to_numpy() - np.array(FIELD)).max() < 1
    rest = whole.table.drop(columns=list(MAG))
    for victim in (file for file in sample.files if "Magnetometer" in file):
        for i, data in enumerate(_damaged(name, sample.files[victim], rng)):
            files = sample.files | {victim: data}
            read = [
                recording
                for found in all_recorded(tmp_path / f"{i}", files, **sample.stated)
                if any("cc" in file for file in found.item.files)
                for recording in found.recordings()
            ]
            (table,) = (
                recording.table.drop(columns=list(MAG), errors="ignore") for recording in read
            )
            np.testing.assert_array_equal(table[list(CHANNELS)], rest[list(CHANNELS)])


@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_person_states_is_heeded_by_all(name, tmp_path):
    """Subject, activity and placement."""
    sample = SAMPLES[name]
    said = {"subject": "anna", "activity": "standing", "placement": "hip"}
    found = recorded(tmp_path, sample.files, **sample.stated, **said)
    for raw, tables in found.raws:
        assert (raw.subject, raw.placement) == ("anna", "hip")
        assert set(tables[0]["label"]) == {"standing"}
    assert found.understood.facts["subject"] == "anna"


def _damaged(name, content, rng):
    """Yield the content cut, emptied, overwritten, and with lines lost or doubled."""
    data = content.encode()
    for share in (0.0, 0.1, 0.5, 0.97):
        yield data[: int(share * len(data))]
    for _ in range(4):
        broken = bytearray(data)
        for _ in range(rng.randrange(1, 30)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        yield bytes(broken)
    rows = data.split(b"\n")
    yield b"\n".join(row for row in rows if rng.random() > 0.1)
    yield b"\n".join(row + b",;\t" if rng.random() < 0.1 else row for row in rows)
    yield b"\n".join(rows[:12] + [b""] * 3)


@pytest.mark.parametrize("name", SAMPLES)
def test_damage_is_an_error_or_in_quarantine(name, tmp_path):
    """Never a traceback, never a row that is not accounted for, never a value from nowhere."""
    sample, rng = SAMPLES[name], random.Random(7)
    for victim in sample.files:
        for i, data in enumerate(_damaged(name, sample.files[victim], rng)):
            folder = tmp_path / f"{victim}-{i}"
            for found in all_recorded(folder, sample.files | {victim: data}, **sample.stated):
                try:
                    _ = found.understood
                    found.recordings()
                except DataError:
                    continue
                ledger = found.ledger
                assert ledger.rows_in == (
                    ledger.rows_kept
                    + ledger.rows_repaired
                    + ledger.rows_quarantined
                    + ledger.rows_left_out
                )


def test_a_folder_of_many_recorders_gives_each_its_own(tmp_path):
    """Items do not share files, and none is lost."""
    files = {
        f"{name}/{file}": text for name, s in SAMPLES.items() for file, text in s.files.items()
    }
    found = all_recorded(tmp_path, files)
    assert len(found) == len(SAMPLES)
    taken = [file for one in found for file in one.item.files]
    assert sorted(taken) == sorted(files)


def test_the_beginning_of_each_file_is_read_once(tmp_path, monkeypatch):
    """A folder of thousands of other files stays fast."""
    names = [f"{i}.csv" for i in range(50)]
    files = open_files(write(tmp_path, dict.fromkeys(names, "time,ax,ay,az\n0,0,0,9.8\n")))
    read = []
    head = type(files).head
    monkeypatch.setattr(
        type(files), "head", lambda self, name, size=0: read.append(name) or head(self, name, size)
    )
    assert not list(recorders.recognise(files))
    assert sorted(read) == sorted(names)


def test_the_samples_differ_from_rest():
    """Or else a sign or an axis could be wrong unseen."""
    assert (pd.DataFrame(ACC).std() > 0).sum() == 2

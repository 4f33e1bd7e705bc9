"""Sound inputs in the layout of every data set and recorder, and of users' tables."""

import gzip
import io

import binary_files
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from recorder_files import SAMPLES

from fuzz.target import Seeds

N, RATE_HZ = 260, 50  # rows of a seed
TICKS = np.arange(N)
MS, NS = 1657544418323 + 20 * TICKS, 90_000_000_000 + 50_000_000 * TICKS
_RANDOM = np.random.default_rng(0)
ACC = _RANDOM.normal((0, 0, 9.81), 0.4, (N, 3))
GYRO = _RANDOM.normal(0, 0.4, (N, 3))
G = ACC / 9.80665
HHAR = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"


def _rows(*columns: object, sep: str = ",", end: str = "", head: str = "") -> bytes:
    """Return columns, matrices and constants as lines of text."""
    arrays = [np.broadcast_to(np.asarray(c), (N,)) if np.ndim(c) < 2 else c for c in columns]
    flat = [column for a in arrays for column in (a.T if np.ndim(a) == 2 else [a])]
    words = (
        sep.join(f"{v:.5f}" if isinstance(v, float) else str(v) for v in row) + end
        for row in zip(*(c.tolist() for c in flat), strict=True)
    )
    return ("\n".join([*([head] if head else []), *words]) + "\n").encode()


def own() -> Seeds:
    """Return tables of one's own: text in two spellings, Parquet with and without checksums."""
    time, columns = TICKS / RATE_HZ, "time_s,ax,ay,az,gx,gy,gz,activity"
    lab = _rows(time, ACC, GYRO, "walking", head=columns)
    other = lab.replace(b",", b";").replace(b".", b",")
    values = np.column_stack([time, ACC, GYRO]).round(5)
    frame = pd.DataFrame(values, columns=columns.split(",")[:-1]).assign(activity="walking")
    return {
        "lab": {"s1/walk.csv": lab, "s2/walk.csv": other},
        "lab-gz": {"s1/walk.csv.gz": gzip.compress(lab, mtime=0)},
        "lab-parquet": {"s1/walk.parquet": _parquet(frame, checksums=True)},
        "lab-pandas": {"s1/walk.parquet": _parquet(frame, checksums=False)},
    }


def _parquet(frame: pd.DataFrame, *, checksums: bool) -> bytes:
    buffer = io.BytesIO()
    table = pa.Table.from_pandas(frame)
    pq.write_table(table, buffer, write_page_checksum=checksums, compression="none")
    return buffer.getvalue()


def recorded() -> Seeds:
    """Return recordings of every recorder."""
    standing = [[(0.5, -0.25, 0.8)] * 100] * 3
    texts = {
        name: {file: text.encode() for file, text in sample.files.items()}
        for name, sample in SAMPLES.items()
    }
    return texts | {
        "gt3x": {"a.gt3x": binary_files.gt3x(standing)},
        "cwa": {"a.cwa": binary_files.cwa([page[:80] for page in standing])},
        "bin": {"a.bin": binary_files.geneactiv([page * 3 for page in standing])},
    }


def published() -> Seeds:
    """Return files in the layout of every published data set."""
    return {**_phones(), **_motion(), **_worn()}


def _phones() -> Seeds:
    return {
        "hapt": {
            "RawData/acc_exp01_user01.txt": _rows(G, sep=" "),
            "RawData/gyro_exp01_user01.txt": _rows(GYRO, sep=" "),
            "RawData/labels.txt": b"1 1 5 20 120\n1 1 4 130 250\n",
        },
        "uci-har": {
            f"test/Inertial Signals/{kind}_{axis}_test.txt": "".join(
                "  " + "  ".join(f"{v:.7e}" for v in values[i : i + 128, k]) + "\n"
                for i in range(0, N - 128, 64)
            ).encode()
            for kind, values in (("total_acc", G), ("body_gyro", GYRO))
            for k, axis in enumerate("xyz")
        }
        | {"test/subject_test.txt": b"2\n2\n2\n", "test/y_test.txt": b"1\n1\n4\n"},
        "wisdm": {"WISDM_ar_v1.1_raw.txt": _rows(33, "Jogging", NS, ACC, end=";")},
        "wisdm-2019": {
            "raw/phone/accel/data_1600_accel_phone.txt": _rows(1600, "A", NS, ACC, end=";"),
            "raw/phone/gyro/data_1600_gyro_phone.txt": _rows(1600, "A", NS + 7, GYRO, end=";"),
        },
        "hhar": {
            "Phones_accelerometer.csv": _rows(
                TICKS, MS, NS, ACC, "a", "nexus4", "nexus4_1", "walk", head=HHAR
            ),
            "Phones_gyroscope.csv": _rows(
                TICKS, MS, NS + 9, GYRO, "a", "nexus4", "nexus4_1", "walk", head=HHAR
            ),
        },
    }


def _motion() -> Seeds:
    return {
        "motionsense": {
            "A_DeviceMotion_data/wlk_7/sub_1.csv": _rows(
                TICKS,
                GYRO,
                G * [0, 0, -1],
                GYRO,
                G - [0, 0, 1],
                head=",attitude.roll,attitude.pitch,attitude.yaw,gravity.x,gravity.y,gravity.z,"
                "rotationRate.x,rotationRate.y,rotationRate.z,"
                "userAcceleration.x,userAcceleration.y,userAcceleration.z",
            )
        },
        "sp-sw-har": {
            "DATA/s01/s01_01_sp.csv": _rows(
                ACC,
                GYRO,
                MS,
                "WALKING",
                head="x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label",
            )
        },
    }


def _worn() -> Seeds:
    return {
        "pamap2": {
            "Protocol/subject101.dat": _rows(
                TICKS / 100, 4, 100, *([30.0, ACC, ACC, GYRO, GYRO, np.zeros((N, 4))] * 3), sep=" "
            )
        },
        "mhealth": {
            "mHealth_subject1.log": _rows(
                ACC, np.zeros((N, 2)), *([ACC, GYRO * 57, GYRO] * 2), 4, sep="\t"
            )
        },
        "dsads": {
            f"data/a09/p1/s{part:02d}.txt": _rows(*([ACC, GYRO, GYRO] * 5))[: 125 * 400]
            for part in (1, 2)
        },
        "harth": {
            "harth/S006.csv": b"timestamp,back_x,back_y,back_z,thigh_x,thigh_y,thigh_z,label\n"
            + b"".join(
                f"2019-01-12 00:00:{i // 50:02d}.{i % 50 * 20:03d},".encode() + line + b"\n"
                for i, line in enumerate(_rows(G, G, 1).splitlines())
            )
        },
    }

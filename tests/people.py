"""Made people: recordings of nobody, whose activities differ as those of real people do.

A phone at the waist, x up. Each person wears it a little differently and walks at a pace
of their own; the signals follow from the person's number alone.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.data.gravity import STANDARD_GRAVITY
from har.data.recording import ACC, GYRO, MAG

RATE_HZ = 50.0
MAPPING = {
    "time": "time_s",
    "time_unit": "s",
    "acc": ",".join(ACC),
    "acc_unit": "m/s2",
    "gyro": ",".join(GYRO),
    "gyro_unit": "rad/s",
    "activity": "activity",
}
"""What `har data ingest --map` must be told of the tables."""

# Which axes of the waist point where those of other placements do, and the sign of gravity.
WORN = {"chest": ("xyz", 1), "ankle": ("zxy", 1), "wrist": ("yxz", -1)}
# Of DSADS's torso, arms and legs: units at the left are worn the other way round.
_TURNED = np.array([1, -1, -1])
DSADS_SIDES = (1, 1, _TURNED, 1, _TURNED)
Motions = Mapping[str, tuple[float, float, float, float]]
# Tilt of the phone, degrees; step rate, Hz; sway of the trunk, m/s²; ringing of a step, m/s².
_MOTIONS: Motions = {
    "walking": (0.0, 1.9, 2.2, 0.6),
    "stairs-up": (8.0, 1.5, 1.4, 0.3),
    "stairs-down": (-6.0, 2.3, 3.2, 1.5),
    "sitting": (20.0, 0.0, 0.0, 0.0),
    "standing": (0.0, 0.0, 0.0, 0.0),
    "lying": (85.0, 0.0, 0.0, 0.0),
}
# Without gravity, nobody can tell how a person who keeps still is held.
MOVING = {name: motion for name, motion in _MOTIONS.items() if name not in ("sitting", "lying")}
_OF_WISDM = {name: motion for name, motion in _MOTIONS.items() if name != "lying"}
_OF_WISDM |= {"jogging": (5.0, 2.8, 6.0, 2.5)}


# Ten exercises that no taxonomy has, which differ in posture, pace and strength.
EXERCISES = {
    f"{name} ({side})": (tilt, pace, sway, 0.3)
    for side, tilt in (("left", 0.0), ("right", 70.0))
    for name, pace, sway in (
        ("Pendulum", 0.7, 1.5),
        ("Abduction", 1.3, 2.5),
        ("Biceps_Curl", 1.9, 3.5),
        ("Quick row", 2.6, 5.0),
        ("Hold still", 0.0, 0.0),
    )
}


def write_people(
    folder: Path,
    numbers: Iterable[int],
    *,
    seconds: float = 12.8,
    motions: Motions = _MOTIONS,
    gyro: bool = True,
    gravity: bool = True,
) -> Path:
    """Write a table for each person: every activity for so long, all of it twice.

    Parameters
    ----------
    folder : Path
        Gets ``s1/day.csv`` and so on; made if it is not there.
    numbers : iterable of int
        The people.
    seconds : float
        Of an activity at a time.
    motions : mapping
        What they do: tilt, pace, sway and ringing, by activity.
    gyro : bool, default=True
        Whether the sensor has a gyroscope.
    gravity : bool, default=True
        Whether acceleration holds gravity.

    Returns
    -------
    Path
        The folder.
    """
    for number in numbers:
        path = folder / f"s{number}" / "day.csv"
        path.parent.mkdir(parents=True)
        table = _day(number, seconds, motions, level=STANDARD_GRAVITY if gravity else 0.0)
        table = table if gyro else table.drop(columns=list(GYRO))
        table.to_csv(path, index=False, float_format="%.4f")
    return folder


def write_wisdm(folder: Path, numbers: Iterable[int]) -> Path:
    """Write made people as WISDM v1.1 has its own: one file, 20 Hz, m/s², no gyroscope.

    They jog, and do not lie.
    """
    words = {"stairs-up": "Upstairs", "stairs-down": "Downstairs"}
    lines = []
    for number in numbers:
        day = _day(number, 12.8, _OF_WISDM)
        slow = day.iloc[np.arange(0, len(day), RATE_HZ / 20).astype(int)]
        for i, row in enumerate(slow.itertuples()):
            word = words.get(row.activity, str(row.activity).capitalize())
            time = 10**9 + 50_000_000 * i
            lines.append(f"{number},{word},{time},{row.acc_x:.4f},{row.acc_y:.4f},{row.acc_z:.4f};")
    path = folder / "WISDM_ar_v1.1" / "WISDM_ar_v1.1_raw.txt"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_harth(folder: Path, numbers: Iterable[int]) -> Path:
    """Write made people as HARTH has its own: a file each, two accelerometers in g, 50 Hz."""
    labels = {"walking": 1, "stairs-up": 4, "stairs-down": 5, "standing": 6, "sitting": 7}
    labels["lying"] = 8
    path = folder / "harth"
    path.mkdir(parents=True)
    for number in numbers:
        day = _day(number, 12.8)
        times = pd.Timestamp("2019-01-12") + pd.to_timedelta(day["time_s"], unit="s")
        table = pd.DataFrame({"timestamp": times.dt.strftime("%Y-%m-%d %H:%M:%S.%f")})
        for sensor, axes in (("back", "xyz"), ("thigh", "zxy")):
            for axis, own in zip("xyz", axes, strict=True):
                table[f"{sensor}_{axis}"] = day[f"acc_{own}"] / STANDARD_GRAVITY
        table["label"] = day["activity"].map(labels)
        table.to_csv(path / f"S{number:03d}.csv", index=False, float_format="%.6f")
    return folder


def write_mhealth(folder: Path, numbers: Iterable[int]) -> Path:
    """Write made people as MHEALTH has its own: a file each, chest, ankle and wrist, 50 Hz.

    The chest has no gyroscope, and angular velocity is in deg/s.
    """
    labels = {"standing": 1, "sitting": 2, "lying": 3, "walking": 4, "stairs-up": 5}
    labels["stairs-down"] = 0
    path = folder / "MHEALTHDATASET"
    path.mkdir(parents=True)
    for number in numbers:
        day = _day(number, 12.8)
        turned = day[[*GYRO]] * 180 / np.pi
        other = pd.DataFrame(np.zeros((len(day), 3)))
        worn = {placement: _worn(day, placement) for placement in WORN}
        parts = [worn["chest"], other[[0, 1]]]
        parts += [part for name in ("ankle", "wrist") for part in (worn[name], turned, other)]
        table = pd.concat([*parts, day["activity"].map(labels)], axis=1)
        name = f"mHealth_subject{number}.log"
        table.to_csv(path / name, sep="\t", header=False, index=False, float_format="%.4f")
    return folder


def write_pamap2(folder: Path, numbers: Iterable[int], *, without: str = "") -> Path:
    """Write made people as PAMAP2 has its own: a session each, wrist, chest and ankle, 50 Hz.

    Its units have a magnetometer each. One of them may have lost its radio for good.
    """
    labels = {"lying": 1, "sitting": 2, "standing": 3, "walking": 4}
    labels |= {"stairs-up": 12, "stairs-down": 13}
    path = folder / "PAMAP2_Dataset" / "Protocol"
    path.mkdir(parents=True)
    for number in numbers:
        day = _day(number, 12.8)
        parts = [day["time_s"], day["activity"].map(labels), day["time_s"] * np.nan]
        for placement in ("wrist", "chest", "ankle"):
            acc = _worn(day, placement)
            unit = [acc, acc, day[[*GYRO]], _field(acc), acc * np.nan, acc[["acc_x"]] * np.nan]
            unit = [day["time_s"] * 0 + 30, *unit]
            parts += [part * np.nan for part in unit] if placement == without else unit
        table = pd.concat(parts, axis=1)
        name = f"subject1{number:02d}.dat"
        table.to_csv(
            path / name, sep=" ", header=False, index=False, float_format="%.4f", na_rep="NaN"
        )
    return folder


def write_dsads(folder: Path, numbers: Iterable[int], *, units: int = 5) -> Path:
    """Write made people as DSADS has its own: segments of 5 s, five units in a line, 25 Hz."""
    codes = {"sitting": 1, "standing": 2, "lying": 3, "stairs-up": 5, "stairs-down": 6}
    codes["walking"] = 9
    for number in numbers:
        day = _day(number, 15.0)
        for activity, code in codes.items():
            own = day[day["activity"] == activity].iloc[::2]
            path = folder / "data" / f"a{code:02d}" / f"p{number}"
            path.mkdir(parents=True)
            places = ("chest", "wrist", "wrist", "ankle", "ankle")
            worn = [_worn(own, at) * side for at, side in zip(places, DSADS_SIDES, strict=True)]
            parts = [part for acc in worn for part in (acc, own[[*GYRO]], _field(acc) / 50)]
            table = pd.concat(parts[: 3 * units], axis=1)
            for segment in range(len(own) // 125):
                rows = table.iloc[125 * segment : 125 * (segment + 1)]
                name = path / f"s{segment + 1:02d}.txt"
                rows.to_csv(name, header=False, index=False, float_format="%.4f")
    return folder


def write_worn(path: Path, number: int) -> Path:
    """Write what a made person wears at chest, ankle and wrist as one long table, unlabelled."""
    day = _day(number, 12.8)
    parts = [
        day.assign(**dict(zip(ACC, _worn(day, placement).to_numpy().T, strict=True)), at=placement)
        for placement in WORN
    ]
    table = pd.concat(parts).sort_values("time_s", kind="stable").drop(columns="activity")
    table.to_csv(path, index=False, float_format="%.4f")
    return path


def _worn(day: pd.DataFrame, placement: str) -> pd.DataFrame:
    """Return acceleration as another placement has it."""
    axes, sign = WORN[placement]
    return sign * day[[f"acc_{axis}" for axis in axes]]


def _field(acc: pd.DataFrame) -> pd.DataFrame:
    """Return what a magnetometer reads where the field has 48 µT, most of it down."""
    up = acc.to_numpy() / np.linalg.norm(acc, axis=1, keepdims=True)
    north = np.cross(up, [0.0, 0.0, 1.0])
    return pd.DataFrame(-42.0 * up + 23.0 * north, acc.index, list(MAG))


def _day(
    number: int,
    seconds: float,
    motions: Motions = _MOTIONS,
    *,
    level: float = STANDARD_GRAVITY,
) -> pd.DataFrame:
    rng = np.random.default_rng(number)
    worn, pace = rng.normal(0, 2, 2), rng.normal(1, 0.05)
    parts = [
        (name, _motion(rng, *motion, worn=worn, pace=pace, level=level, n=round(seconds * RATE_HZ)))
        for _ in range(2)
        for name, motion in motions.items()
    ]
    values = np.concatenate([part for _, part in parts])
    table = pd.DataFrame(values, columns=[*ACC, *GYRO])
    table.insert(0, "time_s", np.arange(len(table)) / RATE_HZ)
    table["activity"] = np.repeat([name for name, _ in parts], len(parts[0][1]))
    return table


def _motion(
    rng: np.random.Generator,
    tilt_deg: float,
    step_hz: float,
    sway: float,
    ringing: float,
    *,
    worn: npt.NDArray[np.float64],
    pace: float,
    level: float,
    n: int,
) -> npt.NDArray[np.float64]:
    """Return acceleration and angular velocity of shape (n, 6), m/s² and rad/s."""
    t = np.arange(n) / RATE_HZ
    forward, sideways = np.deg2rad(tilt_deg + worn[0] + rng.normal(0, 1.5)), np.deg2rad(worn[1])
    gravity = level * np.array(
        [np.cos(forward) * np.cos(sideways), np.sin(sideways), np.sin(forward)]
    )
    phase = 2 * np.pi * step_hz * pace * t + rng.uniform(0, 2 * np.pi)
    step = np.sin(phase)
    strike = np.maximum(step, 0) ** 8 * np.sin(2 * np.pi * 16 * t)
    acc = gravity + sway * np.stack([step, 0.4 * np.sin(phase / 2), 0.5 * np.cos(phase)], axis=1)
    acc += ringing * strike[:, None] * np.array([1.0, 0.3, 0.6])
    turn = 0.3 * sway * np.stack([0.3 * step, np.cos(phase), np.sin(phase / 2)], axis=1)
    noise = rng.normal(size=(n, 6)) * np.repeat([0.15, 0.03], 3)
    return np.concatenate([acc, turn], axis=1) + noise

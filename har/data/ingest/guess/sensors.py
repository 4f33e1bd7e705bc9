"""Which columns are acceleration, gravity, angular velocity and magnetic field."""

import re
from collections.abc import Sequence

from har.data.ingest.columns import MAG_UNITS, Triad
from har.data.ingest.guess.made import Made
from har.data.recording import MAG
from har.errors import DataError

_IN_FILES = (
    ("gyro", r"gyr[a-z]*|rotation[ _-]?rate|angular[ _-]?velocity"),
    ("linear", r"lin(?:ear)?[ _-]?acc[a-z]*|user[ _-]?acc[a-z]*"),
    ("gravity", r"(?<![a-z])gravity"),
    ("acc", r"(?:total)?accel[a-z]*|(?<![a-z])acc"),
    ("other", r"(?<![a-z])(?:mag|ori|gps|baro)[a-z]*|attitude|quatern[a-z]*|euler[a-z]*"),
)


def sensor_in_name(name: str) -> str:
    """Return the sensor that a file's name says: acc, linear, gravity, gyro, other or none.

    >>> sensor_in_name("a/Gyroscope.csv"), sensor_in_name("acc_s1.csv"), sensor_in_name("s1.csv")
    ('gyro', 'acc', '')
    """
    stem = name.rpartition("/")[2].lower()
    return next((sensor for sensor, pattern in _IN_FILES if re.search(pattern, stem)), "")


def word_in_name(name: str) -> str:
    """Return the word by which a file's name says its sensor, in lower case.

    >>> word_in_name("a/Walk_Gyroscope_25Hz.csv")
    'gyroscope'
    """
    stem = name.rpartition("/")[2].lower()
    found = (re.search(pattern, stem) for _, pattern in _IN_FILES)
    return next((match[0] for match in found if match), "")


def add_sensors(
    made: Made, found: Sequence[Triad], header: Sequence[str], where: str, sensor: str
) -> None:
    """Add the columns of acceleration, of gravity and of angular velocity."""
    named = [Triad(t.axes, t.sensor or sensor, t.unit, t.words) for t in found]
    for what in ("acc", "gyro", "mag"):
        if stated := getattr(made.stated, what):
            _check_axes(what, stated, header, where)
    if not made.stated.acc:
        _add_acc(made, named, header, where)
    if not made.stated.gyro and not made.stated.sensors:
        gyro = [t for t in named if t.sensor == "gyro"]
        if gyro and not set(gyro[0].axes) & set(made.get("acc") or ()):
            made.add("gyro", gyro[0].axes, said=bool(gyro[0].unit))
    _add_mag(made, named)


def _add_mag(made: Made, named: Sequence[Triad]) -> None:
    """Add the magnetic field, where names say its unit: nobody is asked for what few models read.

    Our own names say µT.
    """
    mag = [t for t in named if t.sensor == "mag" and (t.unit in MAG_UNITS or t.axes == MAG)]
    if mag and not made.stated.mag and not made.stated.sensors:
        made.add("mag", mag[0].axes, said=True)
        made.add("mag_unit", mag[0].unit or "uT", said=True)


def _add_acc(made: Made, named: Sequence[Triad], header: Sequence[str], where: str) -> None:
    of = {s: [t for t in named if t.sensor == s] for s in ("acc", "linear", "gravity", "")}
    candidates = of["acc"] or of["linear"] or of[""]
    if not candidates:
        raise DataError(
            f"{where}: no columns that look like acceleration",
            expected="names such as acc_x, ax or x",
            found=", ".join(name for name in header[:12] if name),
            hint="name them with --map acc=X,Y,Z",
        )
    if len(candidates) > 1 and not _is_gravity_in(candidates):
        choices = [",".join(t.axes) for t in candidates]
        made.doubt("acc", f"{where} has several accelerations; which one?", *choices)
        return
    acc = candidates[0]
    made.add("acc", acc.axes, said=bool(acc.unit))
    if acc.sensor == "linear":
        if of["gravity"] and of["gravity"][0].unit == acc.unit:
            made.add("gravity", of["gravity"][0].axes, said=True)
        else:
            made.add("gravity", "none", said=True)


def _is_gravity_in(candidates: Sequence[Triad]) -> bool:
    """Tell whether the first is in g-force, which has gravity where others have not."""
    return candidates[0].words == ("g", "f")


def _check_axes(what: str, axes: Sequence[str], header: Sequence[str], where: str) -> None:
    if len(axes) != len(set(axes) & set(header)) or len(axes) != 3:
        raise DataError(
            f"{where}: {what} = {','.join(axes)}",
            expected="three columns of the file, as X,Y,Z",
            found=", ".join(name for name in header[:12] if name),
        )

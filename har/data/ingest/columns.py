"""What names of columns say: the sensor, the axis and the unit.

>>> column("ACCELEROMETER X (m/s²)")
Column(name='ACCELEROMETER X (m/s²)', words=('accelerometer',), axis='x', unit='m/s2')
>>> column("gFx").words, column("gyr_z_dps").unit, column("Time since start in ms ").unit
(('g', 'f'), 'deg/s', 'ms')
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

Axes = tuple[str, str, str]
UNITS = {
    "m/s2": ("m/s2", "m/s^2", "m/s²", "m/(s^2)", "m/(s2)", "m/s/s", "m/s**2", "ms-2", "ms^-2"),
    "g": ("g", "gs", "g0", "gee"),
    "mg": ("mg", "milli-g", "millig"),
    "rad/s": ("rad/s", "rads", "rads-1", "radians/s", "rad/sec", "rps", "radpersec"),
    "deg/s": ("deg/s", "dps", "°/s", "º/s", "degrees/s", "deg/sec", "degs-1", "degpersec"),
    "mdeg/s": ("mdps", "mdeg/s"),
    "uT": ("ut", "µt", "μt", "microtesla"),
    "mT": ("mt", "millitesla"),
    "nT": ("nt", "nanotesla"),
    "gauss": ("gauss",),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "ms": ("ms", "msec", "millis", "millisec", "milliseconds", "millisecond"),
    "us": ("us", "µs", "μs", "usec", "micros", "microseconds", "microsecond"),
    "ns": ("ns", "nsec", "nanos", "nanoseconds", "nanosecond"),
}
_OF_WORD = {word: unit for unit, words in UNITS.items() for word in words}
# Units of what is no motion: in a line of units they are units too.
_OTHERS = {
    *("hz", "%", "v", "mv", "kohms", "ohm", "lux", "lx", "hpa", "kpa", "pa", "°c", "degc", "c"),
    *("uv", "local_flux", "db", "m", "deg", "°", "bpm", "no_units", "n/a"),
    *("yyyy/mm/dd hh:mm:ss.sss", "unitless", "counts", "lsb", "bool", "string", "rad", "kbps"),
}
TIME_UNITS = ("s", "ms", "us", "ns")
MAG_UNITS = ("uT", "mT", "nT", "gauss")
# What stands behind a word without brackets: only where it cannot be a part of a name.
_SUFFIXES = {"ms", "us", "ns", "sec", "seconds", "millis", "dps", "mg", "mps2", "nanos", "mdps"}
_BEHIND_SENSOR = {"g", "s", "ms2", "rads", "rps"}
LONGEST_UNIT = 100  # characters
_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|µ|°")
_LINEAR = re.compile(r"lin(ear)?|user|free|body|lacc?|lin(ear)?acc\w*|user(acc\w*)?|freeacc\w*")
_ACC = re.compile(
    r"a|acc|accel\w*|accl|acceleration|accelerometer|acceleratio\w*|gf|adxl\w*|mma\w*"
)
_GYRO = re.compile(r"gyr\w*|gyro\w*|rot|rotation\w*|angular\w*|ang|angvel|w|omega|itg\w*")
_GRAVITY = re.compile(r"grav\w*")
_OTHER = re.compile(
    r"euler|quat\w*|orient\w*|attitude|pressure|baro\w*|"
    r"loc\w*|gps|light|temp\w*|heart\w*|bvp|eda|hr|ibi|eul\w*|vel\w*|pos\w*|dq|dv"
)


_MAG = re.compile(r"m|mag\w*|magn\w*|compass")
_SENSORS = (
    ("gravity", _GRAVITY),
    ("gyro", _GYRO),
    ("acc", _ACC),
    ("mag", _MAG),
    ("other", _OTHER),
)


@dataclass(frozen=True)
class Column:
    """What a column's name says.

    Attributes
    ----------
    name : str
        As the file has it.
    words : tuple of str
        In lower case, without axis and unit.
    axis : {"x", "y", "z", ""}
    unit : str
        One of `UNITS`, or empty.
    """

    name: str
    words: tuple[str, ...]
    axis: str
    unit: str


@dataclass(frozen=True)
class Triad:
    """Three columns that differ in the axis alone.

    Attributes
    ----------
    axes : tuple of str
        The names of the columns x, y and z.
    sensor : {"acc", "linear", "gravity", "gyro", "mag", "other", ""}
        Which sensor the name says; "linear" is acceleration without gravity; empty: none.
    unit : str
        One of `UNITS`, or empty.
    words : tuple of str
        What the name says beside axis and unit.
    """

    axes: Axes
    sensor: str
    unit: str
    words: tuple[str, ...]


def unit_of(text: str) -> str:
    """Return the unit that a text is, or an empty text.

    >>> unit_of("(m/s^2)"), unit_of("DPS"), unit_of("kg")
    ('m/s2', 'deg/s', '')
    """
    word = re.sub(r"\s", "", text.strip().strip("[]").lower())
    if word.startswith("(") and word.endswith(")") and word.count("(") == 1:
        word = word[1:-1]
    return _OF_WORD.get(word, "")


def is_unit(text: str) -> bool:
    """Tell whether a text is a unit of anything."""
    word = text.strip().strip("[]()").lower()
    return bool(unit_of(text)) or word in _OTHERS


def column(name: str, unit: str = "") -> Column:
    """Return what a name says; a unit beside it, in a line of units, counts first."""
    text, found = _cut_unit(name)
    axis, words = _cut_axis([word.lower() for word in _SPLIT.findall(text)])
    if not found and (suffix := _suffix(words, axis)):
        found, words = suffix, words[:-1]
    if words == ["g", "f"]:  # g-force
        found = "g"
    return Column(name, tuple(words), axis, unit_of(unit) or found)


def triads(names: Sequence[str], units: Sequence[str] = ()) -> list[Triad]:
    """Return the columns that come in x, y and z, in the order of the file.

    >>> [(t.axes, t.sensor, t.unit) for t in triads(["t", "gx", "ax", "gy", "ay", "az", "gz"])]
    [(('gx', 'gy', 'gz'), 'gyro', ''), (('ax', 'ay', 'az'), 'acc', '')]
    >>> [(t.axes, t.sensor) for t in triads(["ax", "ay", "gx", "gy", "gz"])]
    [(('gx', 'gy', 'gz'), 'gyro')]
    """
    columns = [column(n, u) for n, u in zip(names, [*units] or [""] * len(names), strict=True)]
    alike: dict[tuple[tuple[str, ...], str], dict[str, str]] = {}
    for found in columns:
        if found.axis:
            axes = alike.setdefault((found.words, found.unit), {})
            axes.setdefault(found.axis, found.name)
    whole = {key: axes for key, axes in alike.items() if len(axes) == 3}
    # An axis alone, as of a table that is damaged, tells as much: then these are not in g.
    has_acc = any(sensor_of(words, unit) in ("acc", "linear") for words, unit in alike)
    return [
        Triad(
            (axes["x"], axes["y"], axes["z"]),
            "gyro" if has_acc and words == ("g",) else sensor_of(words, unit),
            unit,
            words,
        )
        for (words, unit), axes in whole.items()
    ]


def sensor_of(words: Sequence[str], unit: str = "") -> str:
    """Return which sensor words name, or else the unit; empty: none."""
    parts = (*words, "".join(w for w in words if not w.isdigit()))
    is_linear = any(map(_LINEAR.fullmatch, parts))
    for sensor, pattern in _SENSORS:
        if any(map(pattern.fullmatch, parts)):
            return "linear" if sensor == "acc" and is_linear else sensor
    if unit in ("rad/s", "deg/s", "mdeg/s"):
        return "gyro"
    if unit in MAG_UNITS:
        return "mag"
    if unit in ("m/s2", "g", "mg"):
        return "linear" if is_linear else "acc"
    return "linear" if is_linear else ""


def _cut_unit(name: str) -> tuple[str, str]:
    """Return a name without the unit in its brackets, and the unit."""
    for match in reversed(
        list(re.finditer(r"\(([^()]*+(?:\([^()]*+\))?[^()]*+)\)|\[([^\[\]]*+)\]", name))
    ):
        if unit := unit_of(match[1] or match[2] or ""):
            return name[: match.start()] + name[match.end() :], unit
    before = max(0, len(name) - LONGEST_UNIT)
    behind = re.search(r"[\s_,]((?:rad|deg|°|m)/\S+)\s*$", name[before:])
    unit = unit_of(behind[1]) if behind else ""
    return (name[: before + behind.start()], unit) if behind and unit else (name, "")


def _cut_axis(words: list[str]) -> tuple[str, list[str]]:
    """Return the axis that words name, and the others."""
    alone = [i for i, word in enumerate(words) if word in ("x", "y", "z")]
    if len(alone) == 1:
        return words[alone[0]], words[: alone[0]] + words[alone[0] + 1 :]
    for i, word in enumerate(words):
        if len(word) > 1 and word[-1] in "xyz" and not alone and _is_stem(word[:-1]):
            return word[-1], [*words[:i], word[:-1], *words[i + 1 :]]
    return "", words


def _is_stem(word: str) -> bool:
    """Tell whether a letter behind a word is an axis: not that of "accuracy"."""
    return len(word) <= 2 or any(
        p.fullmatch(word) for p in (_ACC, _GYRO, _GRAVITY, _MAG, _OTHER, _LINEAR)
    )


def _suffix(words: Sequence[str], axis: str) -> str:
    """Return the unit that the last word is, where it can be nothing else."""
    if len(words) < 2:
        return ""
    last = words[-1]
    if last in _SUFFIXES:
        return {"mps2": "m/s2"}.get(last, unit_of(last))
    if last in _BEHIND_SENSOR and axis and sensor_of(words[:-1]):
        return {"ms2": "m/s2"}.get(last, unit_of(last))
    return "s" if last == "s" and not axis else ""

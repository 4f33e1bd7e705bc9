"""Which sensors windows are cut from, and what each channel reads.

A set of sensors is written as in ``window.channels``: ``acc`` or ``acc+gyro``. Its channels
are columns of recordings, in the order of `har.data.recording.CHANNELS`.

Where several placements are one window (`har.data.fuse`), a channel carries the name of its
placement, as ``chest.acc_x``, and each placement has the sensors that it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd
from pydantic import StrictBool, StrictInt, StrictStr

from har.data.gravity import KINDS
from har.data.recording import ACC, CHANNELS, GYRO, MAG, UNITS, Recording
from har.errors import DataError
from har.lineage.typed import TypedFile

# A further sensor is an entry here, columns of recordings and signals of `har.features.signals`.
SENSORS = {"acc": ACC, "gyro": GYRO, "mag": MAG}
ACCELERATION, BOTH = "acc", "acc+gyro"
# What people read, by set of sensors.
NAMES = {
    ACCELERATION: "acceleration alone",
    BOTH: "acceleration and angular velocity",
    "acc+mag": "acceleration and magnetic field",
    "acc+gyro+mag": "acceleration, angular velocity and magnetic field",
}
# Of a sensor that recordings lack: what it is called, and what it measures.
_DEVICES = {"gyro": ("gyroscope", "angular velocity"), "mag": ("magnetometer", "magnetic field")}
# Axes of a sensor.
AXES = 3
# Of a window: ten placements with every sensor, and some more.
MAX_CHANNELS = 120


@dataclass(frozen=True)
class SensorLayout:
    """What each three channels of windows are the axes of.

    Attributes
    ----------
    places : tuple of int
        Of each sensor, the number of the placement at which it is worn.
    sensors : tuple of str
        Of each, its name in `SENSORS`.
    """

    places: tuple[int, ...]
    sensors: tuple[str, ...]

    @property
    def n_places(self) -> int:
        """Number of placements."""
        return max(self.places) + 1

    @classmethod
    def of(cls, channels: Sequence[str]) -> "SensorLayout":
        """Return the layout of some channels.

        >>> SensorLayout.of(placed("chest", ACC) + placed("wrist", CHANNELS)).places
        (0, 1, 1)
        """
        first = channels[::AXES]
        names = list(dict.fromkeys(placement_of(channel) for channel in first))
        return cls(
            tuple(names.index(placement_of(channel)) for channel in first),
            tuple(_sensors([bare(channel)]) for channel in first),
        )


def placed(placement: str, channels: Sequence[str]) -> tuple[str, ...]:
    """Return channels with the name of the placement that they are of; without one as they are.

    >>> placed("chest", ("acc_x", "acc_y"))
    ('chest.acc_x', 'chest.acc_y')
    """
    return tuple(f"{placement}.{channel}" if placement else channel for channel in channels)


def bare(channel: str) -> str:
    """Return a channel without the name of its placement.

    >>> bare("chest.acc_x"), bare("acc_x")
    ('acc_x', 'acc_x')
    """
    return channel.rpartition(".")[2]


def placement_of(channel: str) -> str:
    """Return the placement that a channel names; empty where windows have but one.

    >>> placement_of("chest.acc_x"), placement_of("acc_x")
    ('chest', '')
    """
    return channel.rpartition(".")[0]


def by_placement(channels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the bare channels of each placement, in their order; "" names the only one.

    >>> by_placement(("back.acc_x", "back.acc_y", "thigh.acc_x"))
    {'back': ('acc_x', 'acc_y'), 'thigh': ('acc_x',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for channel in channels:
        placement = placement_of(channel)
        found[placement] = (*found.get(placement, ()), bare(channel))
    return found


def placements_of(channels: Sequence[str]) -> tuple[str, ...]:
    """Return the placements that channels name; none where windows have but one."""
    return tuple(name for name in by_placement(channels) if name)


def channels_of(sensors: str) -> tuple[str, ...]:
    """Return the channels of a set of sensors, as `sensors_of` writes it.

    >>> channels_of("acc")
    ('acc_x', 'acc_y', 'acc_z')
    >>> channels_of("back: acc, thigh: acc")[2:4]
    ('back.acc_z', 'thigh.acc_x')
    """
    parts = [part.rpartition(": ") for part in sensors.split(", ")]
    return tuple(
        channel
        for placement, _, own in parts
        for sensor in own.split("+")
        for channel in placed(placement, SENSORS[sensor])
    )


def sensors_of(channels: Sequence[str]) -> str:
    """Return the set of sensors that channels are of, each placement's after its name.

    >>> sensors_of(("acc_x", "acc_y", "acc_z"))
    'acc'
    >>> sensors_of(placed("back", ACC) + placed("thigh", CHANNELS))
    'back: acc, thigh: acc+gyro'
    """
    return ", ".join(
        f"{placement}: {_sensors(own)}" if placement else _sensors(own)
        for placement, own in by_placement(channels).items()
    )


def name_of(channels: Sequence[str]) -> str:
    """Return what people read of channels.

    >>> name_of(placed("back", ACC) + placed("thigh", ACC))
    'acceleration alone at back and thigh'
    """
    groups: dict[str, list[str]] = {}
    for placement, own in by_placement(channels).items():
        groups.setdefault(NAMES[_sensors(own)], []).append(placement)
    return "; ".join(f"{what}{_at(where)}" for what, where in groups.items())


def has_gyro(channels: Sequence[str]) -> bool:
    """Tell whether angular velocity is among some channels."""
    return any(bare(channel) in GYRO for channel in channels)


def has_mag(channels: Sequence[str]) -> bool:
    """Tell whether the magnetic field is among some channels."""
    return any(bare(channel) in MAG for channel in channels)


def lacking(needed: Sequence[str], there: Sequence[str]) -> tuple[str, str] | None:
    """Return the sensor of which channels are missing and what it measures; None: all are there.

    >>> lacking(("acc_x", "gyro_x"), ("acc_x",))
    ('gyroscope', 'angular velocity')
    """
    missing = [bare(channel) for channel in needed if channel not in there]
    return next((_DEVICES[s] for s in _DEVICES if set(SENSORS[s]) & set(missing)), None)


def units_of(channels: Sequence[str]) -> dict[str, str]:
    """Return the unit of each channel."""
    return {channel: UNITS[bare(channel)] for channel in channels}


def require_channels(channels: Sequence[str], where: str) -> None:
    """Refuse channels that are not the axes of sensors that are known, each once.

    Raises
    ------
    DataError
        If one is not known or stands there twice, or a sensor lacks an axis.
    """
    threes = [channels[first : first + AXES] for first in range(0, len(channels), AXES)]
    whole = bool(channels) and all(
        set(map(bare, three)) in map(set, SENSORS.values())
        and len(set(map(placement_of, three))) == 1
        for three in threes
    )
    if not whole or len(set(channels)) < len(channels) or len(channels) > MAX_CHANNELS:
        raise DataError(
            f"{where}: not the channels of windows",
            expected="the three axes of each sensor, each once, of " + ", ".join(UNITS),
            found=", ".join(map(repr, channels))[:200] or "none",
        )


def described(channels: Sequence[str], *, gravity: bool = True, upright: str | None = None) -> str:
    """Say what windows of some channels hold, in which units.

    >>> described(("acc_x", "acc_y", "acc_z"))
    'three channels: acceleration in m/s² with gravity'
    """
    number = {3: "three", 6: "six", 9: "nine"}.get(len(channels), str(len(channels)))
    parts = [f"acceleration in m/s² {KINDS[gravity]}"]
    parts += ["angular velocity in rad/s"] if has_gyro(channels) else []
    parts += ["magnetic field in µT"] if has_mag(channels) else []
    units = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    if upright:
        units += f", turned so that gravity is along {upright} while the person moves"
    if len(by_placement(channels)) > 1:
        return f"{number} channels ({', '.join(channels)}): {units}"
    return f"{number} channels: {units}"


def columns_of(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns of a recording's table that are channels, with values or without."""
    return tuple(name for name in table.columns if bare(str(name)) in UNITS)


def measured(recording: Recording) -> tuple[str, ...]:
    """Return the channels that a recording has values of."""
    columns = columns_of(recording.table)
    axes = [columns[first : first + AXES] for first in range(0, len(columns), AXES)]
    there = [three for three in axes if not recording.table[list(three)].isna().any(axis=None)]
    return tuple(channel for three in there for channel in three)


def _sensors(bare_channels: Sequence[str]) -> str:
    return "+".join(name for name, axes in SENSORS.items() if set(axes) & set(bare_channels))


def _at(placements: Sequence[str]) -> str:
    *first, last = placements
    return f" at {', '.join(first)}{' and ' if first else ''}{last}" if last else ""


class ChannelChoice(TypedFile):
    """What the windows of a run are cut from, and why.

    Attributes
    ----------
    channels : tuple of str
        Columns of the recordings, in the order of the windows' last axis.
    asked : bool
        Whether ``window.channels`` named them; otherwise they are what all recordings have.
    recordings, with_gyro : int
        Of the run, and how many of them have angular velocity; 0 where nobody counted.
    gravity : bool, default=True
        Whether acceleration holds gravity; it does in files from before this was a field.
    upright : str, optional
        Along which axis gravity is while a person moves (`har.data.upright`); None: recordings
        are as they were worn.
    """

    FILE: ClassVar[str] = "channels.json"

    channels: tuple[StrictStr, ...]
    asked: StrictBool
    recordings: StrictInt
    with_gyro: StrictInt
    gravity: StrictBool = True
    upright: StrictStr | None = None

    @classmethod
    def of(
        cls,
        asked: str | None,
        found: Sequence[tuple[str, tuple[str, ...]]],
        *,
        gravity: bool = True,
        upright: str | None = None,
    ) -> "ChannelChoice":
        """Choose the channels of a run.

        Parameters
        ----------
        asked : str or None
            A set of sensors; None: what all recordings have.
        found : sequence of (str, tuple of str)
            Each recording's id and channels.
        gravity : bool, default=True
            Whether their acceleration holds gravity.
        upright : str, optional
            Along which axis gravity is to be.

        Raises
        ------
        DataError
            If a recording lacks what was asked for.
        """
        if upright and not gravity:
            raise DataError(
                "acceleration without gravity cannot be turned upright",
                expected=f"gravity along {upright}: window.upright is {upright}",
                hint="leave window.upright out, or record the accelerometer itself",
            )
        chosen = _chosen(asked, [channels for _, channels in found])
        without = [name for name, channels in found if not set(chosen) <= set(channels)]
        if without:
            there = dict(found)[without[0]]
            device, quantity = lacking(chosen, there) or ("accelerometer", "acceleration")
            raise DataError(
                f"{without[0]} has no {device}{_where(chosen, there)}",
                expected=f"{quantity} in every recording: window.channels is {asked}",
                found=f"{len(without)} of {len(found)} recordings without it",
                hint="--set window.channels=acc trains on acceleration alone; or choose placements "
                f"that have a {device}, as --set 'data.placements=[\"wrist\"]'",
            )
        return cls(
            channels=chosen,
            asked=asked is not None,
            recordings=len(found),
            with_gyro=sum(_has_gyro_everywhere(channels) for _, channels in found),
            gravity=gravity,
            upright=upright,
        )

    @classmethod
    def beside(cls, windows: Path) -> "ChannelChoice":
        """Read the choice of stored windows; those from before there was one have all channels."""
        return cls.read(windows) if (windows / cls.FILE).exists() else NO_CHOICE

    @property
    def what(self) -> str:
        """What the models read."""
        gravity = "" if self.gravity else f", {KINDS[False]}"
        upright = f", upright along {self.upright}" if self.upright else ""
        return name_of(self.channels) + gravity + upright

    @property
    def sentence(self) -> str:
        """What the models read, and why."""
        what = self.what
        if not self.recordings:
            return what
        if self.asked:
            return f"{what}, as window.channels says"
        if self.with_gyro == self.recordings or placements_of(self.channels):
            return f"{what}, which all {self.recordings} recordings have"
        without = self.recordings - self.with_gyro
        return f"{what}: {without} of {self.recordings} recordings have no gyroscope"


def _chosen(asked: str | None, found: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the channels asked for at every placement, else those that all recordings have.

    The magnetic field is for those who ask: it tells a room and a heading as well as a motion.
    """
    every = list(found) or [CHANNELS]
    common = [channel for channel in every[0] if all(channel in other for other in every)]
    if asked is None:
        return tuple(channel for channel in common if bare(channel) in CHANNELS)
    wanted = channels_of(asked)
    if placements_of(wanted):
        return wanted
    return tuple(channel for place in by_placement(common) for channel in placed(place, wanted))


def _has_gyro_everywhere(channels: Sequence[str]) -> bool:
    return all(set(GYRO) <= set(own) for own in by_placement(channels).values())


def _where(chosen: Sequence[str], there: Sequence[str]) -> str:
    """Say at which placement channels are missing, if they name one."""
    missing = next(channel for channel in chosen if channel not in there)
    return _at([placement_of(missing)])


NO_CHOICE = ChannelChoice(channels=CHANNELS, asked=False, recordings=0, with_gyro=0)
"""Of windows that were made before there was one: all channels."""

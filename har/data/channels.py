"""Which sensors windows are cut from, and what each channel reads.

A set of sensors is written as in ``window.channels``: ``acc`` or ``acc+gyro``. Its channels
are columns of recordings, in the order of `har.data.recording.CHANNELS`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import StrictBool, StrictInt, StrictStr

from har.data.gravity import KINDS
from har.data.recording import ACC, CHANNELS, GYRO, UNITS, Recording
from har.errors import DataError
from har.lineage.typed import TypedFile

# A further sensor is an entry here, columns of recordings and signals of `har.features.signals`.
SENSORS = {"acc": ACC, "gyro": GYRO}
ACCELERATION, BOTH = "acc", "acc+gyro"
# What people read, by set of sensors.
NAMES = {
    ACCELERATION: "acceleration alone",
    BOTH: "acceleration and angular velocity",
}
# Axes of a sensor.
AXES = 3


def channels_of(sensors: str) -> tuple[str, ...]:
    """Return the channels of a set of sensors.

    >>> channels_of("acc")
    ('acc_x', 'acc_y', 'acc_z')
    """
    return tuple(channel for sensor in sensors.split("+") for channel in SENSORS[sensor])


def sensors_of(channels: Sequence[str]) -> str:
    """Return the set of sensors that channels are of.

    >>> sensors_of(("acc_x", "acc_y", "acc_z"))
    'acc'
    """
    return "+".join(name for name, axes in SENSORS.items() if set(axes) & set(channels))


def has_gyro(channels: Sequence[str]) -> bool:
    """Tell whether angular velocity is among some channels."""
    return not set(GYRO).isdisjoint(channels)


def units_of(channels: Sequence[str]) -> dict[str, str]:
    """Return the unit of each channel."""
    return {channel: UNITS[channel] for channel in channels}


def described(channels: Sequence[str], *, gravity: bool = True) -> str:
    """Say what windows of some channels hold, in which units.

    >>> described(("acc_x", "acc_y", "acc_z"))
    'three channels: acceleration in m/s² with gravity'
    """
    number = {3: "three", 6: "six"}[len(channels)]
    gyro = " and angular velocity in rad/s" if has_gyro(channels) else ""
    return f"{number} channels: acceleration in m/s² {KINDS[gravity]}{gyro}"


def measured(recording: Recording) -> tuple[str, ...]:
    """Return the channels that a recording has values of."""
    missing = recording.table[list(GYRO)].isna().any(axis=None)
    return ACC if missing else CHANNELS


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
    """

    FILE: ClassVar[str] = "channels.json"

    channels: tuple[StrictStr, ...]
    asked: StrictBool
    recordings: StrictInt
    with_gyro: StrictInt
    gravity: StrictBool = True

    @classmethod
    def of(
        cls,
        asked: str | None,
        found: Sequence[tuple[str, tuple[str, ...]]],
        *,
        gravity: bool = True,
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

        Raises
        ------
        DataError
            If a recording lacks what was asked for.
        """
        without = [name for name, channels in found if not has_gyro(channels)]
        chosen = channels_of(asked or (ACCELERATION if without else BOTH))
        if without and has_gyro(chosen):
            raise DataError(
                f"{without[0]} has no gyroscope",
                expected=f"angular velocity in every recording: window.channels is {asked}",
                found=f"{len(without)} of {len(found)} recordings without it",
                hint="--set window.channels=acc trains on acceleration alone; or choose placements "
                "that have a gyroscope, as --set 'data.placements=[\"wrist\"]'",
            )
        return cls(
            channels=chosen,
            asked=asked is not None,
            recordings=len(found),
            with_gyro=len(found) - len(without),
            gravity=gravity,
        )

    @classmethod
    def beside(cls, windows: Path) -> "ChannelChoice":
        """Read the choice of stored windows; those from before there was one have all channels."""
        return cls.read(windows) if (windows / cls.FILE).exists() else NO_CHOICE

    @property
    def what(self) -> str:
        """What the models read."""
        return NAMES[sensors_of(self.channels)] + ("" if self.gravity else f", {KINDS[False]}")

    @property
    def sentence(self) -> str:
        """What the models read, and why."""
        what = self.what
        if not self.recordings:
            return what
        if self.asked:
            return f"{what}, as window.channels says"
        if self.with_gyro == self.recordings:
            return f"{what}, which all {self.recordings} recordings have"
        without = self.recordings - self.with_gyro
        return f"{what}: {without} of {self.recordings} recordings have no gyroscope"


NO_CHOICE = ChannelChoice(channels=CHANNELS, asked=False, recordings=0, with_gyro=0)
"""Of windows that were made before there was one: all channels."""

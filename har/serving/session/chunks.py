"""Samples of one sensor as they arrive: checked, in SI units."""

from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from har.arrays import Float64
from har.data.ingest.harmonise import FACTORS
from har.data.schema import MAX_ACC, MAX_GYRO, MAX_TIME
from har.errors import DataError

Sensor = Literal["acc", "linear", "gravity", "gyro"]
SENSORS: tuple[Sensor, ...] = get_args(Sensor)
ACC_UNITS, GYRO_UNITS = ("m/s2", "g"), ("rad/s", "deg/s")


class SampleError(DataError):
    """Samples that are no measurements; none of what came with them was taken.

    Attributes
    ----------
    field : str
        Which part is at fault, as ``acc.values[3][2]``.
    """

    def __init__(self, field: str, wrong: str, *, expected: str, found: str) -> None:
        self.field = field
        super().__init__(f"{field}: {wrong}", expected=expected, found=found)


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some samples of one sensor, in any order.

    Attributes
    ----------
    sensor : {"acc", "linear", "gravity", "gyro"}
        Acceleration as the model takes it; acceleration without gravity, and gravity, which
        are added up; angular velocity.
    time_s : ndarray of shape (n_samples,)
        On the clock of the device, s.
    values : ndarray of shape (n_samples, 3)
        Of its axes, m/s² or rad/s.
    """

    sensor: Sensor
    time_s: Float64
    values: Float64

    def __len__(self) -> int:
        return len(self.time_s)

    @classmethod
    def of(
        cls, sensor: Sensor, time_s: npt.ArrayLike, values: npt.ArrayLike, *, unit: str = ""
    ) -> Self:
        """Return checked samples.

        Parameters
        ----------
        sensor : {"acc", "linear", "gravity", "gyro"}
            What was measured.
        time_s : array-like of shape (n_samples,)
            s.
        values : array-like of shape (n_samples, 3)
            Of its axes.
        unit : {"", "m/s2", "g", "rad/s", "deg/s"}
            Of the values; empty: m/s², of ``gyro`` rad/s.

        Raises
        ------
        SampleError
            If they are not finite numbers of that shape within what sensors can measure.
        """
        units = GYRO_UNITS if sensor == "gyro" else ACC_UNITS
        if unit and unit not in units:
            raise SampleError(
                f"{sensor}.unit", "no unit of this sensor", expected=" or ".join(units), found=unit
            )
        time = _numbers(time_s, f"{sensor}.time_s", "(n,)")
        axes = _numbers(values, f"{sensor}.values", "(n, 3)")
        if time.ndim != 1 or axes.shape != (len(time), 3):
            raise SampleError(
                f"{sensor}.values",
                "not three values for each time",
                expected=f"shape ({time.size}, 3)",
                found=f"shape {axes.shape}",
            )
        axes = axes * FACTORS[unit or units[0]]
        _check_within(time[:, None], MAX_TIME, f"{sensor}.time_s", "s")
        limit, si = (MAX_GYRO, "rad/s") if sensor == "gyro" else (MAX_ACC, "m/s²")
        _check_within(axes, limit, f"{sensor}.values", si)
        return cls(sensor, time, axes)


def _numbers(values: npt.ArrayLike, field: str, shape: str) -> Float64:
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = np.asarray("")
    if array.dtype.kind not in "iuf" and array.size:
        expected = f"an array of shape {shape}"
        raise SampleError(field, "not numbers", expected=expected, found=_shortly(values))
    found = array.astype(np.float64)
    # Where there are no samples, nobody says how many axes they would have.
    return found.reshape(0, 3) if not found.size and shape != "(n,)" else found


def _check_within(values: Float64, limit: float, field: str, unit: str) -> None:
    # Not `>`: what is no number is beyond every limit.
    beyond = ~(np.abs(values) <= limit)
    if not beyond.any():
        return
    row, axis = np.argwhere(beyond)[0]
    value = float(values[row, axis])
    place = f"{field}[{row}]" + (f"[{axis}]" if field.endswith("values") else "")
    if np.isfinite(value):
        raise SampleError(
            place,
            "beyond what a sensor measures",
            expected=f"within ±{limit:.4g} {unit}",
            found=f"{value:.4g}",
        )
    raise SampleError(place, "not a finite number", expected="a finite number", found=str(value))


def _shortly(values: Any) -> str:
    return f"{type(values).__name__} {str(values)[:60]}"

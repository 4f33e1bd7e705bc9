"""Windows of a request, checked before a model sees them: shape, numbers, channels, units."""

import functools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, FailFast, Field

from har.arrays import Float32
from har.data.channels import AXES, SensorLayout
from har.data.gravity import LEAST_WITH, MOST_WITH, Stretches, check_level
from har.errors import DataError
from har.serving.http.errors import HttpError, refused
from har.serving.predictor import Predictor

# The most that the usual sensors can read is 2000 deg/s, which is 35 rad/s.
FASTEST_RAD_S = 50.0
# Of so few windows, a hand that turns may cancel the mean vector.
FEW = 10

Number = Annotated[float, Field(allow_inf_nan=False)]
# The first fault ends the reading: a body may have millions.
Sample = Annotated[list[Number], FailFast()]
Window = Annotated[list[Sample], FailFast()]
Windows = Annotated[list[Window], FailFast()]


class WindowsRequest(BaseModel):
    """Raw windows, as the model's metadata describe them (`GET /version`)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    windows: Windows = Field(
        description="(n_windows, n_samples, n_channels), in the units of the model",
        min_length=1,
    )
    channels: list[str] | None = Field(
        None, description="what the columns are, if not in the model's order"
    )
    units: dict[str, str] | None = Field(
        None, description="of the channels, by name; other units than the model's are refused"
    )


def windows_of(asked: WindowsRequest, predictor: Predictor) -> Float32:
    """Return the windows of a request in the order of a model's channels.

    Raises
    ------
    HttpError
        422, naming the field at fault.
    """
    _check_units(asked.units, predictor)
    channels = predictor.channels if asked.channels is None else tuple(asked.channels)
    if set(channels) != set(predictor.channels) or len(channels) != len(predictor.channels):
        raise refused(
            DataError(
                "channels: not those of the model",
                expected=", ".join(predictor.channels),
                found=", ".join(channels)[:200],
            ),
            "channels",
        )
    if channels == predictor.channels:
        return checked(asked.windows, predictor, "windows")
    order = [channels.index(channel) for channel in predictor.channels]
    return checked(asked.windows, predictor, "windows", order)


def checked(
    values: Sequence[Any] | npt.NDArray[Any],
    predictor: Predictor,
    field: str,
    order: Sequence[int] | None = None,
) -> Float32:
    """Return values as windows that a model can answer.

    Parameters
    ----------
    values : nested sequence or ndarray
        Numbers.
    predictor : Predictor
        Whose shape and units they are to have.
    field : str
        The part of the request that holds them.
    order : sequence of int, optional
        Of the model's channels, which column each is.

    Raises
    ------
    HttpError
        422, naming the field at fault.
    """
    if predictor.upright:
        raise refused(
            DataError(
                f"{field}: this model does not answer windows",
                expected="recordings, which it turns upright by their seconds of movement",
                hint="send the recording to /v1/recordings",
            ),
            field,
        )
    shape = (predictor.n_samples, len(predictor.channels))
    windows = _array(values, shape, field)
    if windows.ndim != 3 or windows.shape[1:] != shape or not len(windows):
        raise _misshapen(field, shape, f"shape {windows.shape}")
    if not np.isfinite(windows).all():
        where = "".join(f"[{i}]" for i in np.argwhere(~np.isfinite(windows))[0])
        raise refused(
            DataError(
                f"{field}{where}: not a finite number",
                expected="finite numbers of at most 3.4e38",
                hint="fill gaps, or send the recording to /v1/recordings, which does",
            ),
            f"{field}{where}",
        )
    if order is not None:
        windows = np.ascontiguousarray(windows[:, :, order])
    _check_level(windows, predictor, field)
    return windows


def _array(values: Sequence[Any] | npt.NDArray[Any], shape: tuple[int, int], field: str) -> Float32:
    try:
        # What is too large for float32 becomes infinite, and is refused as that.
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(values, np.float32)
    except (ValueError, TypeError, OverflowError):
        pass
    for i, window in enumerate(values):
        if not isinstance(window, Sequence) or len(window) != shape[0]:
            found = f"{len(window)} samples" if isinstance(window, Sequence) else "no window"
            raise _misshapen(f"{field}[{i}]", shape, found)
        for j, sample in enumerate(window):
            if not isinstance(sample, Sequence) or len(sample) != shape[1]:
                raise _misshapen(f"{field}[{i}][{j}]", shape, "another number of channels")
    raise _misshapen(field, shape, "no numbers")


def _misshapen(field: str, shape: tuple[int, int], found: str) -> HttpError:
    error = DataError(
        f"{field}: windows do not fit the model",
        expected=f"shape (n_windows, {shape[0]}, {shape[1]}), at least one window",
        found=found,
        hint="GET /version tells samples, channels, rate and units",
    )
    return refused(error, field)


def _check_units(units: Mapping[str, str] | None, predictor: Predictor) -> None:
    for name, unit in (units or {}).items():
        expected = predictor.units.get(name)
        if expected is None or _plain(unit) != _plain(expected):
            raise refused(
                DataError(
                    f"units.{name}: not the model's",
                    expected=f"{expected}" if expected else ", ".join(predictor.units),
                    found=unit[:80],
                    hint="convert the values, or send the recording to /v1/recordings",
                ),
                f"units.{name}",
            )


def _plain(unit: str) -> str:
    return unit.replace("²", "2").replace("^", "").replace(" ", "").casefold()


def _check_level(windows: Float32, predictor: Predictor, field: str) -> None:
    """Refuse what cannot be m/s² with (or without) gravity, or rad/s."""
    for number, sensor in enumerate(_sensors(predictor.channels)):
        values = windows[:, :, number * AXES : (number + 1) * AXES]
        if sensor == "acc":
            _check_acceleration(values, predictor, field)
        elif sensor == "gyro" and (fastest := float(np.abs(values).max())) > FASTEST_RAD_S:
            raise refused(
                DataError(
                    f"{field}: angular velocity is not in rad/s",
                    expected=f"at most {FASTEST_RAD_S:g} rad/s",
                    found=f"{fastest:.4g}, which looks like deg/s",
                    hint="multiply it by pi / 180",
                ),
                field,
            )


@functools.cache
def _sensors(channels: tuple[str, ...]) -> tuple[str, ...]:
    """Return which sensor every three channels are of."""
    return SensorLayout.of(channels).sensors


def _check_acceleration(values: Float32, predictor: Predictor, field: str) -> None:
    levels = np.linalg.norm(values.mean(1, dtype=np.float64), axis=1)
    if predictor.gravity and levels.min() >= LEAST_WITH and levels.max() <= MOST_WITH:
        return
    norms = np.linalg.norm(values.astype(np.float64), axis=2).mean(1)
    found = Stretches(levels, norms)
    if predictor.gravity and len(values) < FEW and _may_turn(found):
        return
    try:
        check_level(found, field, gravity=predictor.gravity)
    except DataError as error:
        raise refused(error, field) from None


def _may_turn(found: Stretches) -> bool:
    """Tell whether samples are as long as gravity, though their mean is not."""
    return float(np.median(found.norms)) >= LEAST_WITH and found.level <= MOST_WITH

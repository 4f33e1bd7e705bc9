"""What the app Sensor Logger pushes over HTTP, as samples of a session.

A message has the readings of all sensors since the one before, by name, with times in
nanoseconds since 1970; numbers may be texts. They are read as `har.data.recorders` reads them
from a file of messages.
"""

from typing import Any, Literal

import numpy as np

from har.arrays import Float64
from har.data import gravity
from har.data.gravity import STANDARD_GRAVITY
from har.data.recorders.parts import messages
from har.data.recorders.parts.clocks import epoch
from har.data.recorders.sensor_logger import GRAVITY, GYROS, LINEAR, RAW, TOTAL
from har.errors import DataError
from har.serving.session.chunks import Chunk, SampleError, Sensor
from har.serving.session.order import Rows

Platform = Literal["", "android", "ios"]
NO_NUMBER = "no number where one belongs"
# Of the app's button "Tap to Test Pushing".
_TEST = "test"
# Messages that are waited for until all sensors of the phone have shown up.
_PATIENCE = 3
_READ = (TOTAL, LINEAR, GRAVITY, RAW, *GYROS)


class Feed:
    """The messages of one phone.

    Parameters
    ----------
    holds_gravity : bool
        Whether the model takes acceleration with gravity.
    platform : {"", "android", "ios"}
        Of the phone, where it is known: on iPhones acceleration has the opposite sign.
    standardised : bool
        Whether the app's setting "standardise units and frames" is on.

    Attributes
    ----------
    lost : int
        Readings without a number where one belongs.
    """

    def __init__(
        self, holds_gravity: bool, platform: Platform = "", *, standardised: bool = False
    ) -> None:
        self._holds_gravity = holds_gravity
        self._platform, self._standardised = platform, standardised
        self.lost = 0
        self._held: dict[str, list[Rows]] = {}
        self._n_messages = 0
        self._chosen: dict[str, tuple[Sensor, float]] | None = None  # by name, with the factor

    def chunks(self, message: Any) -> list[Chunk]:
        """Return the samples of a message; none while it is not known what the phone sends.

        Raises
        ------
        DataError
            If it is no message, or nobody can tell what its acceleration is.
        """
        payload = message.get("payload") if isinstance(message, dict) else None
        if not isinstance(payload, list):
            raise SampleError(
                "payload",
                "no message of Sensor Logger",
                expected='{"messageId", "sessionId", "deviceId", "payload": [...]}',
                found=str(message)[:60],
            )
        if not payload or all(isinstance(p, dict) and p.get("name") == _TEST for p in payload):
            return []
        (parsed,) = messages.of_elements([message]).values()
        self._learn(parsed.metadata)
        for sensor in _READ:
            if sensor in parsed.samples:
                self._hold(sensor, parsed.samples[sensor])
        if self._chosen is None:
            self._n_messages += 1
            self._chosen = self._choice(messages.WATCH in parsed.samples)
        return [] if self._chosen is None else self._released(self._chosen)

    def _learn(self, metadata: dict[str, str]) -> None:
        told = metadata.get("platform", "").strip().lower()
        if told in ("android", "ios"):
            self._platform = "android" if told == "android" else "ios"
        if "standardisation" in metadata:
            self._standardised = metadata["standardisation"].strip().lower() == "true"

    def _hold(self, sensor: str, samples: messages.Samples) -> None:
        columns = messages.columns_of(samples, sensor)
        time, axes = epoch(columns.pop("time")), np.column_stack([*columns.values()])
        sound = np.isfinite(time) & np.isfinite(axes).all(axis=1)
        self.lost += int((~sound).sum())
        self._held.setdefault(sensor, []).append((time[sound], axes[sound]))

    def _choice(self, has_watch: bool) -> dict[str, tuple[Sensor, float]] | None:
        """Return which sensors are read, as soon as that is known."""
        gyro = next((sensor for sensor in GYROS if sensor in self._held), None)
        also: dict[str, tuple[Sensor, float]] = {gyro: ("gyro", 1.0)} if gyro else {}
        if self._holds_gravity and TOTAL in self._held:
            return {TOTAL: ("acc", 1.0), **also}
        if LINEAR in self._held and (GRAVITY in self._held or not self._holds_gravity):
            sign = self._sign()
            return {LINEAR: ("linear", sign), GRAVITY: ("gravity", sign), **also}
        if self._n_messages < _PATIENCE:
            return None
        if self._holds_gravity and RAW in self._held:
            return {RAW: ("acc", self._factor_of_raw()), **also}
        kind = "acceleration, and gravity or TotalAcceleration" if self._holds_gravity else LINEAR
        held = ", ".join(self._held) + (f", {messages.WATCH}" if has_watch else "")
        self._forget()
        raise DataError(
            "the phone does not send what the model reads",
            expected=kind,
            found=held or "no sensor of motion",
            hint="switch on Accelerometer and Gravity (on Android: Total Acceleration) in the "
            "app, and Gyroscope",
        )

    def _sign(self) -> float:
        # iPhones do not send TotalAcceleration.
        if self._platform == "android" or self._standardised or TOTAL in self._held:
            return 1.0
        if self._platform == "ios":
            return -1.0
        self._forget()
        raise DataError(
            "nothing tells the sign of acceleration, which is the opposite one on iPhones",
            expected="platform=ios or platform=android at the end of the address",
            hint="on Android, Total Acceleration can be switched on instead",
        )

    def _factor_of_raw(self) -> float:
        time, axes = (np.concatenate(part) for part in zip(*self._held[RAW], strict=True))
        if gravity.level(time, axes) < np.sqrt(STANDARD_GRAVITY):
            return -STANDARD_GRAVITY  # in g it is on iPhones alone, and not standardised
        return self._sign()

    def _released(self, chosen: dict[str, tuple[Sensor, float]]) -> list[Chunk]:
        held, self._held = self._held, {}
        return [
            Chunk.of(sensor, time, _scaled(values, factor))
            for name, (sensor, factor) in chosen.items()
            for time, values in held.get(name, [])
        ]

    def _forget(self) -> None:
        self._held, self._n_messages = {}, 0


def _scaled(values: Float64, factor: float) -> Float64:
    return values if factor == 1.0 else values * factor

"""Windows as a sensor without a gyroscope would have given them."""

from dataclasses import replace

from har.data.channels import ACCELERATION, AXES, ChannelChoice
from har.data.windows import Windows


def acceleration_of(windows: Windows) -> Windows:
    """Return windows of both sensors without the angular velocity."""
    choice = ChannelChoice.of(ACCELERATION, [])
    return replace(windows, X=windows.X[..., :AXES].copy(), choice=choice)

"""Where a version is to work, and which rules of robustness therefore count.

What costs a model macro-F1 is no reason to refuse it where that cannot happen: it is
measured and shown, and nothing is asked of it.
"""

import re
from dataclasses import dataclass

from har.config import DeploymentSettings
from har.registry.gate.checks import DataChecks

# Two rates that differ by less are one: the clocks of sensors differ by as much.
RATE_TOLERANCE = 0.05
_ANY_TURN = 180.0
_SAMPLED = re.compile(r"sampled at ([\d.]+) Hz")
_TURNED = re.compile(r"turned ([\d.]+)°")
_LOST = re.compile(r"(?:no|nothing at) (.+)")


@dataclass(frozen=True)
class Deployment:
    """What a version will meet.

    Attributes
    ----------
    settings : DeploymentSettings
        What was stated.
    recorded_hz : tuple of (float, float) or None
        Lowest and highest rate of the recordings that the version was made of; None where
        the version does not tell.
    """

    settings: DeploymentSettings
    recorded_hz: tuple[float, float] | None

    @classmethod
    def of(cls, settings: DeploymentSettings, data: DataChecks | None) -> "Deployment":
        """Return what a version will meet, given what is known of its data."""
        return cls(settings, data.rates_hz if data else None)

    def excludes(self, change: str) -> str:
        """Say why a change of the sensors cannot happen there; empty if it can.

        Parameters
        ----------
        change : str
            Its name, as ``sampled at 25 Hz``.

        Examples
        --------
        >>> here = Deployment(DeploymentSettings(max_turn_deg=20), (50.0, 50.0))
        >>> here.excludes("sampled at 25 Hz")
        'not the rate that the recordings have, 50 Hz'
        >>> here.excludes("turned 45°, each subject")
        'gate.deployment.max_turn_deg is 20'
        >>> here.excludes("gain +5 %")
        ''
        """
        if sampled := _SAMPLED.fullmatch(change):
            return "" if self._has_rate(float(sampled[1])) else f"not the rate that {self._rates}"
        if turned := _TURNED.match(change):
            most = self.settings.max_turn_deg
            return "" if float(turned[1]) <= most else f"gate.deployment.max_turn_deg is {most:g}"
        off = self.settings.sensors_off
        if (lost := _LOST.fullmatch(change)) and off is not None and lost[1] not in off:
            return f"gate.deployment.sensors_off names {', '.join(off) or 'nothing'}"
        return ""

    @property
    def sentence(self) -> str:
        """For which sensors the rules of robustness count."""
        most, off = self.settings.max_turn_deg, self.settings.sensors_off
        parts = ["at any rate" if self._rates is None else f"at the rate that {self._rates}"]
        parts += [] if most == _ANY_TURN else [f"turned by up to {most:g}°"]
        parts += [] if off is None else [f"of which {', '.join(off) or 'none'} may be off"]
        return f"Robustness counts for sensors {', '.join(parts)}."

    @property
    def _rates(self) -> str | None:
        if stated := self.settings.rates_hz:
            rates = ", ".join(f"{rate:g}" for rate in sorted(stated))
            return f"gate.deployment.rates_hz names, {rates} Hz"
        if self.recorded_hz is None:
            return None
        low, high = (f"{rate:.4g}" for rate in self.recorded_hz)
        return f"the recordings have, {low}{'' if low == high else f' to {high}'} Hz"

    def _has_rate(self, rate_hz: float) -> bool:
        known = self.settings.rates_hz or self.recorded_hz
        if known is None:
            return True
        room = 1 + RATE_TOLERANCE
        return min(known) / room <= rate_hz <= max(known) * room

"""Assessed models to registered versions, each at the stage it earned."""

from prefect import flow, task

from har import steps
from har.config import Settings
from har.registry.gate import Decision
from har.registry.versions import Version, find

register = task(name="register", task_run_name="register-{name}")(steps.register)
promote = task(name="promote")(steps.promote)


@flow(name="release")
def release(settings: Settings, reason: str) -> list[tuple[Version, Decision]]:
    """Register every candidate and let the gate judge it, the simpler ones first."""
    decisions = [
        promote(settings, register(settings, name), reason) for name in settings.candidates
    ]
    return [(find(str(decision.version), settings), decision) for decision in decisions]

"""Assessed models to registered versions, each at the stage it earned."""

from prefect import flow, task
from prefect.client.schemas.objects import State

from har.config import Settings
from har.errors import ConflictError
from har.registry.handle import Registry
from har.registry.versions.decision import Decision
from har.registry.versions.lookup import find
from har.registry.versions.version import Version

register = task(name="register", task_run_name="register-{name}")(steps.register)


def overtaken(_task: object, _run: object, state: State[Decision]) -> bool:
    """Whether a promotion failed because somebody else acts on the model at the same time."""
    return isinstance(state.data, ConflictError)


# Judged again, against the champion of then; the last delay outlasts a dead process's lease.
promote = task(
    name="promote", retries=3, retry_delay_seconds=[2, 10, 65], retry_condition_fn=overtaken
)(steps.promote)


@flow(name="release")
def release(settings: Settings, reason: str) -> list[tuple[Version, Decision]]:
    """Register every candidate and let the gate judge it, the simpler ones first."""
    decisions = [
        promote(settings, register(settings, name), reason) for name in settings.candidates
    ]
    registry = Registry.open(settings.environment)
    return [(find(registry, str(decision.version)), decision) for decision in decisions]

"""Finished steps to registered versions, each at the stage it earned."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from har.errors import ConflictError
from har.registry.handle import Registry
from har.registry.versions.decision import Decision
from har.registry.versions.lookup import find
from har.registry.versions.version import Version
from har.steps import release as steps
from har.steps.run import Run

register = task(name="register", task_run_name="register-{name}", cache_policy=NO_CACHE)(
    steps.register
)


def overtaken(_task: object, _run: object, state: State[Decision]) -> bool:
    """Whether a promotion failed because somebody else moves a version at the same time."""
    return isinstance(state.data, ConflictError)


# Judged again, against the champion of then; the last delay outlasts a dead process's lease.
promote = task(
    name="promote",
    retries=3,
    retry_delay_seconds=[2, 10, 65],
    retry_condition_fn=overtaken,
    cache_policy=NO_CACHE,
)(steps.promote)


def release(run: Run, registry: Registry, reason: str) -> list[tuple[Version, Decision]]:
    """Register every candidate and let the gate judge it, the simpler ones first."""
    decisions = [
        promote(run.recipe, registry, register(run, registry, name), reason)
        for name in run.recipe.candidates
    ]
    return [(find(registry, str(decision.version)), decision) for decision in decisions]

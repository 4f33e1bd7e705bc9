"""Flows make the steps, independent ones at once, and end as Prefect runs to be looked at."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterStartTime
from runs import SLICE, TINY

from flows.make import make
from flows.release import promote
from har.config import Environment, Recipe, load
from har.errors import ConflictError, DataError, GateRefusal, UsageError
from har.steps.run import Run, start


@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize("workers", [1, 2])
def test_steps_are_tasks_and_are_found_again(workers: int) -> None:
    """One task per step, all completed, in this process or in others; the next run makes none."""
    settings = load([*SLICE, *TINY, "candidates=['logistic']", "store=here"])
    began = datetime.now(UTC)
    first, second = start(*settings), start(*settings)
    carried_out = flow(lambda run: make(run, ["evaluate"], workers=workers), name="make")
    carried_out = carried_out.with_options(validate_parameters=False)
    carried_out(first)
    carried_out(second)
    steps = [step.name for step in first.plan.needed(["evaluate"])]
    assert reused(first, steps) == {False}
    assert reused(second, steps) == {True}
    assert [first.known[name].path for name in steps] == [second.known[n].path for n in steps]
    with get_client(sync_client=True) as client:
        ours = FlowRunFilter(start_time=FlowRunFilterStartTime(after_=began))
        flows = client.read_flow_runs(flow_run_filter=ours)
        tasks = client.read_task_runs(flow_run_filter=ours)
    assert {run.state_name for run in (*flows, *tasks)} == {"Completed"}
    assert len(flows) == 2
    assert sorted(run.name for run in tasks) == sorted(steps * 2)


def reused(run: Run, steps: list[str]) -> set[bool]:
    """Return whether steps were found, in one set."""
    return {run.known[name].reused for name in steps}


@pytest.mark.usefixtures("prefect")
def test_a_failed_step_ends_the_run_with_its_own_error() -> None:
    """What a worker process meets reaches the user as it is."""
    longer = ["window.rate_hz=5", "window.length_s=700"]  # than any recording
    run = start(*load([*SLICE, *TINY, "candidates=['logistic']", *longer]))
    carried_out = flow(lambda: make(run, ["evaluate"], workers=2), name="make")
    with pytest.raises(DataError, match="no recording is as long as a window"):
        carried_out()


@pytest.mark.usefixtures("prefect")
def test_overtaken_promotion_is_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A promotion that somebody else overtook is tried again; any other failure is final."""
    final = (DataError("damaged"), GateRefusal("no build that may serve"), UsageError("champion"))
    answers: list[object] = [ConflictError("overtaken"), "decision", *final, "never"]

    def judge(*_: object, **__: object) -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("har.registry.gate.promotion.promote", judge)
    task = promote.with_options(retry_delay_seconds=0)
    version, registry = SimpleNamespace(number=1), SimpleNamespace(environment=Environment())
    release = flow(lambda: task(Recipe(), registry, version, "why"), name="release-one")
    assert release() == "decision"
    for failure in final:
        with pytest.raises(type(failure)):
            release()
    assert answers == ["never"]

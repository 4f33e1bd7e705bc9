"""Flows run the steps in order and end as Prefect runs that can be looked at."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from flows.prepare import prepare
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterStartTime

from flows.release import promote
from har.config import load
from har.errors import ConflictError, DataError, GateRefusal, UsageError


@pytest.mark.usefixtures("prefect")
def test_prepare_runs_its_tasks_and_finds_them_again(tmp_path: Path) -> None:
    """Four tasks a run, all completed; the second run makes nothing."""
    settings = load(
        [
            "data.subjects=['hapt-01', 'hapt-02', 'hapt-07']",
            "split.test_subjects=['hapt-02']",
            "split.validation_subjects=['hapt-07']",
            f"store={tmp_path}",
        ]
    )
    began = datetime.now(UTC)
    first, second = prepare(settings), prepare(settings)
    assert not any(artifact.reused for artifact in first.values())
    assert all(artifact.reused for artifact in second.values())
    assert {k: a.path for k, a in first.items()} == {k: a.path for k, a in second.items()}
    with get_client(sync_client=True) as client:
        ours = FlowRunFilter(start_time=FlowRunFilterStartTime(after_=began))
        flows = client.read_flow_runs(flow_run_filter=ours)
        tasks = client.read_task_runs(flow_run_filter=ours)
    assert {run.state_name for run in (*flows, *tasks)} == {"Completed"}
    assert len(flows) == 2
    assert sorted(run.name.rpartition("-")[0] for run in tasks) == sorted(
        ["ingest", "clean", "split", "windows"] * 2
    )


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
    version = SimpleNamespace(number=1)
    release = flow(lambda: task(load(), version, "why"), name="release-one")
    assert release() == "decision"
    for failure in final:
        with pytest.raises(type(failure)):
            release()
    assert answers == ["never"]

"""The steps of a run as Prefect tasks, independent ones at the same time."""

from collections.abc import Iterable
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from har.processes import count, end_workers, start_worker
from har.steps.run import Run
from har.steps.step import Input, Step, carry_out
from har.store import Artifact, Store


@task(task_run_name="{step.name}", cache_policy=NO_CACHE)
def make_step(step: Step, inputs: dict[str, Input], store: Store) -> Artifact:
    """Find the output of a step, or make it."""
    return carry_out(step, inputs, store)


@task(task_run_name="{step.name}", cache_policy=NO_CACHE)
def find_step(step: Step, artifact: Artifact) -> Artifact:
    """Show that the output of a step was found."""
    return artifact


def make(run: Run, names: Iterable[str], *, workers: int) -> None:
    """Make some outputs of a run and all that they need.

    Parameters
    ----------
    run : Run
        Knows the outputs afterwards.
    names : iterable of str
        Which steps.
    workers : int
        Processes, each on one thread; 0: one per core.
    """
    wanted = list(names)
    run.look_up(wanted)
    for step in run.plan.needed(wanted):
        if artifact := run.known.get(step.name):
            find_step.with_options(name=step.kind)(step, artifact)
    if not run.missing(wanted):
        return
    futures: dict[str, PrefectFuture[Any]] = {}
    with _runner(workers) as runner:

        def submit(step: Step, inputs: dict[str, Input]) -> PrefectFuture[Any]:
            # Only now that all inputs are there: a task that waits would hold a worker's place.
            before = [futures[name] for name in step.needs if name in futures]
            parameters = {"step": step, "inputs": inputs, "store": run.store}
            one = make_step.with_options(name=step.kind)
            futures[step.name] = runner.submit(one, parameters, wait_for=before)
            return futures[step.name]

        try:
            run.make_with(submit, wanted)
        except BaseException:
            end_workers()
            raise


def _runner(workers: int) -> TaskRunner[Any]:
    if count(workers) == 1:
        return ThreadPoolTaskRunner(max_workers=1)
    return ProcessPoolTaskRunner(max_workers=count(workers), initializer=start_worker)

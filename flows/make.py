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
    steps = run.plan.needed(names)
    run.look_up(names)
    made: dict[str, Artifact | PrefectFuture[Any]] = {**run.known}
    with _runner(workers) as runner:
        try:
            for step in steps:
                inputs = {argument: _of(source, made) for argument, source in step.inputs.items()}
                parameters = {"step": step, "inputs": inputs, "store": run.store}
                if artifact := run.known.get(step.name):
                    find_step.with_options(name=step.kind)(step, artifact)
                else:
                    one = make_step.with_options(name=step.kind)
                    made[step.name] = runner.submit(one, parameters)
            for step in steps:
                if isinstance(future := made[step.name], PrefectFuture):
                    run.remember(step.name, future.result())
        except BaseException:
            end_workers()
            raise


def _of(source: Any, made: dict[str, Any]) -> Any:
    if isinstance(source, str):
        return made[source]
    return {key: made[name] for key, name in source.items()}


def _runner(workers: int) -> TaskRunner[Any]:
    if count(workers) == 1:
        return ThreadPoolTaskRunner(max_workers=1)
    return ProcessPoolTaskRunner(max_workers=count(workers), initializer=start_worker)

"""A run: a recipe, the data that it is pinned to, and what is known of its steps.

What it makes it writes down as it goes (`har.lineage.journal`).
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol

from har.config import Environment, Recipe
from har.lineage.journal import Writer, new_run
from har.processes import pool
from har.progress import track
from har.steps import plan as plans
from har.steps.pins import pin
from har.steps.plan import Plan, pinned
from har.steps.step import Input, Step, carry_out, key
from har.store import Artifact, Store

logger = logging.getLogger("har.steps")


class Run:
    """Makes the steps of a recipe on pinned data, each looked up once.

    Parameters
    ----------
    recipe : Recipe
        What is to be made.
    pins : mapping of str to Artifact
        The ingested data sets by name, as `har.steps.pins.pin` found them: whatever is
        ingested later, every step of this run sees these.
    store : Store
        Where outputs are.
    plan : Plan, optional
        Its steps; by default all of a run.
    reason : str, optional
        Why it is made, for its journal.

    Attributes
    ----------
    id : str
        32 hexadecimal digits, in all that it makes.
    known : dict of str to Artifact
        Outputs by step, found or made so far.
    """

    def __init__(
        self,
        recipe: Recipe,
        pins: Mapping[str, Artifact],
        store: Store,
        *,
        plan: Plan | None = None,
        reason: str = "",
    ) -> None:
        self.id, self.reason = new_run(), reason
        self.recipe, self.pins, self.store = recipe, dict(pins), Store(store.root, run=self.id)
        self.journal = Writer(store.root, self.id)
        self.plan = plan or plans.plan(recipe)
        self.known = {pinned(name): artifact for name, artifact in pins.items()}
        if len(self.pins) == 1:  # nothing to join
            (self.known[plans.INGEST],) = self.pins.values()

    def with_recipe(self, recipe: Recipe) -> "Run":
        """Return a run of another recipe on the same ingestions."""
        return Run(recipe, self.pins, self.store)

    def __getitem__(self, name: str) -> Artifact:
        """Return a step's output, made with all that it needs unless it is there."""
        return self.make([name])[name]

    @property
    def outputs(self) -> list[str]:
        """The steps of the main job: all but the report of the data alone."""
        return [plans.INGEST, *(name for name in self.plan.steps if name != "data-report")]

    @property
    def told(self) -> dict[str, Artifact]:
        """The known outputs that people are told of, in the order of the plan."""
        steps = [plans.INGEST, *(s.name for s in self.plan.steps.values() if not s.quiet)]
        return {name: self.known[name] for name in steps if name in self.known}

    def look_up(self, names: Iterable[str], *, quietly: bool = False) -> bool:
        """Find what the store has of some steps and of those before; tell whether it is all.

        Nothing is looked for behind a step that is missing: its key is not known.

        Parameters
        ----------
        names : iterable of str
            Which steps.
        quietly : bool, default=False
            Say nothing of what is found.
        """
        for step in self.missing(names):
            inputs = self.inputs(step)
            if inputs is not None and (found := self._find(step, inputs)):
                self.remember(step.name, found)
                if not (step.quiet or quietly):
                    logger.info("%-24s found in the store", step.name)
        return not self.missing(names)

    def missing(self, names: Iterable[str]) -> list[Step]:
        """Return the steps that are not known yet of some and of those before."""
        return [step for step in self.plan.needed(names) if step.name not in self.known]

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Keep a journal of what a block makes of this run, and of how it ends."""
        with self.journal.recording(self.recipe.model_dump(mode="json"), self.reason):
            for name, artifact in self.known.items():
                self.journal.know(artifact.known_as(name))
            yield

    def make(self, names: Iterable[str], *, jobs: int = 1) -> dict[str, Artifact]:
        """Return the outputs of some steps, made with all that they need unless they are there.

        Parameters
        ----------
        names : iterable of str
            Which steps.
        jobs : int, default=1
            Processes that make independent steps at the same time, each on one thread.
        """
        wanted = list(names)
        self.look_up(wanted)
        if missing := self.missing(wanted):
            with self.recorded():
                self._make(missing, jobs)
        return {name: self.known[name] for name in wanted}

    def _make(self, missing: list[Step], jobs: int) -> None:
        if jobs == 1 or len(missing) < 2:
            for step in track(missing, what="steps") if len(missing) > 1 else missing:
                inputs = self.inputs(step)
                assert inputs is not None
                self.remember(step.name, carry_out(step, inputs, self.store))
        else:
            with pool(jobs) as workers:
                self.make_with(partial(_submit, workers, self.store), [s.name for s in missing])

    def make_with(
        self, submit: Callable[[Step, dict[str, Input]], "Pending"], names: Iterable[str]
    ) -> None:
        """Make some steps and those before, each as soon as all that it needs is there.

        Parameters
        ----------
        submit : callable
            Begins a step on the inputs that it is given, and returns what gives its output.
        names : iterable of str
            Which steps; what the store has of them was looked up before.
        """
        done: SimpleQueue[tuple[str, Pending]] = SimpleQueue()
        missing = self.missing(names)
        waiting = {step.name: step for step in missing}
        for _ in track(range(len(missing)), what="steps"):
            for step in list(waiting.values()):
                if (given := self.inputs(step)) is not None:
                    tell = partial(_put, done, step.name)
                    submit(waiting.pop(step.name), given).add_done_callback(tell)
            name, finished = done.get()
            self.remember(name, finished.result())

    def remember(self, name: str, artifact: Artifact) -> None:
        """Keep the output of a step."""
        self.known[name] = artifact
        self.journal.know(artifact.known_as(name))

    def inputs(self, step: Step) -> dict[str, Input] | None:
        """Return what a step is given; None while a part of it is not known."""
        if any(name not in self.known for name in step.needs):
            return None
        return {
            argument: self.known[source]
            if isinstance(source, str)
            else {key: self.known[name] for key, name in source.items()}
            for argument, source in step.inputs.items()
        }

    def _find(self, step: Step, inputs: dict[str, Input]) -> Artifact | None:
        """Look a step up, unless another one of the same key was found before."""
        wanted = key(step, inputs, self.store)
        same = (a for a in self.known.values() if (a.step, a.key) == (step.kind, wanted))
        return next(same, None) or self.store.find(step.kind, wanted)


class Pending(Protocol):
    """The output of a step that is being made, as a future of any kind."""

    def add_done_callback(self, fn: Callable[[Any], None], /) -> None:
        """Call a function with this future when the step is made or has failed."""

    def result(self) -> Artifact:
        """Return the output, or raise what the step met."""


def _submit(
    workers: ProcessPoolExecutor, store: Store, step: Step, inputs: dict[str, Input]
) -> Future[Artifact]:
    return workers.submit(carry_out, step, inputs, store)


def _put(done: "SimpleQueue[tuple[str, Pending]]", name: str, future: Pending) -> None:
    done.put((name, future))


def start(recipe: Recipe, environment: Environment) -> Run:
    """Return a run of a recipe on the data sets as they are now."""
    store = Store(environment.store)
    return Run(recipe, pin(recipe.data, store), store)

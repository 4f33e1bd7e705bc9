"""All models under one protocol after the other, and what each costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from har.benchmarks import page
from har.config import Recipe
from har.evaluation.protocols import Protocol
from har.evaluation.results.comparisons import PairedDifference
from har.evaluation.results.protocol import ProtocolResult, ProtocolScores
from har.export.artifact import Builds
from har.measured import read_measured
from har.models.record import TrainingRecord
from har.steps.plan import seeds, trained
from har.steps.protocol import evaluate_protocol
from har.steps.run import Run


@dataclass(frozen=True)
class Benchmark:
    """What was measured.

    Attributes
    ----------
    scores : dict
        By (protocol, number of classes).
    costs : dict
        By model: ``parameters`` (None for a classical model), mean ``seconds`` of a
        training, and the builds by name as in ``builds.json``.
    seeds : tuple of int
        Of the trainings.
    """

    scores: dict[tuple[str, int], ProtocolResult]
    costs: dict[str, dict[str, Any]]
    seeds: tuple[int, ...]


def run(
    start: Run, protocols: Sequence[Protocol], class_sets: Sequence[int], *, jobs: int
) -> Benchmark:
    """Score the candidates under every protocol, and export them.

    Parameters
    ----------
    start : Run
        The data, and a recipe with the candidates and seeds.
    protocols : sequence of str
        Of `har.evaluation.protocols`.
    class_sets : sequence of int
        6 or 12 classes.
    jobs : int
        Processes of the trainings; builds are timed alone, at the end.
    """
    scores: dict[tuple[str, int], ProtocolResult] = {}
    for n_classes in class_sets:
        own = start.with_recipe(with_classes(start.recipe, n_classes))
        for protocol in protocols:
            made = evaluate_protocol(own, protocol, jobs=jobs)
            scores[protocol, n_classes] = ProtocolResult.read(made.path)
    first = start.with_recipe(with_classes(start.recipe, class_sets[0]))
    costs = {name: _cost(first, name) for name in start.recipe.candidates}
    return Benchmark(scores, costs, start.recipe.seeds)


def with_classes(recipe: Recipe, n_classes: int) -> Recipe:
    """Return the recipe with a class set."""
    window = recipe.window.model_copy(update={"classes": n_classes})
    return recipe.model_copy(update={"window": window})


def lines(result: Benchmark) -> Iterator[str]:
    """Yield the page, line by line."""
    yield "# Models, protocols, costs"
    yield ""
    yield from page.made_by(result.seeds)
    yield (
        "Every figure is of people whom the model has not seen, and is the mean over seeds; "
        "its interval resamples people. Validation subjects choose parameters, epochs and "
        "temperatures; test subjects are answered once by each model."
    )
    yield ""
    for (protocol, n_classes), found in result.scores.items():
        yield from _protocol_lines(protocol, n_classes, found)
    yield "## Costs"
    yield ""
    yield (
        "Training: mean of all trainings above of the first class set, each on one thread. "
        "Builds: the seed that is best on validation, canonical split; latency of one window "
        "on one thread; macro-F1 on the test subjects. The last column is the build that serves."
    )
    yield ""
    columns = ["model", "parameters", "training, s", "fp32, kB", "ms"]
    columns += ["int8, kB", "ms", "macro-F1", "change", "serves"]
    yield from page.table(columns, (_cost_row(name, c) for name, c in result.costs.items()))


def _protocol_lines(protocol: str, n_classes: int, found: ProtocolResult) -> Iterator[str]:
    any_model = found.models[found.reference]
    yield f"## Protocol {protocol}, {n_classes} classes"
    yield ""
    yield (
        f"{len(found.folds)} folds, {any_model.n_subjects} people tested, "
        f"{any_model.n_windows:,} windows."
    )
    yield ""
    columns = ["model", "macro-F1", "interval", "seeds", "median", "worst", "ECE"]
    columns += [f"against {found.reference}", "p", "verdict"]
    yield from page.table(
        columns,
        (_score_row(name, m, found.comparisons.get(name)) for name, m in found.models.items()),
    )


def _score_row(name: str, m: ProtocolScores, versus: PairedDifference | None) -> list[str]:
    low, high = m.macro_f1_interval
    seeds = list(m.macro_f1_by_seed.values())
    row = [
        name,
        f"{m.macro_f1:.4f}",
        f"{low:.3f}–{high:.3f}",
        f"{min(seeds):.3f}–{max(seeds):.3f}" if len(seeds) > 1 else "one",
        f"{m.subjects.median:.3f}",
        f"{m.subjects.worst:.3f} ({m.subjects.worst_subject})",
        f"{m.ece:.3f}",
    ]
    if versus is None:
        return [*row, "", "", ""]
    low, high = versus.mean_difference_interval
    difference = f"{versus.mean_difference:+.4f} ({low:+.4f} to {high:+.4f})"
    return [*row, difference, f"{versus.wilcoxon_p:.2g}", versus.verdict]


def _cost(run: Run, name: str) -> dict[str, Any]:
    trainings = run.make([trained(name, seed) for seed in seeds(run.recipe, name)]).values()
    builds = Builds.read(run[f"export-{name}"].path).to_dict()
    return {
        "parameters": TrainingRecord.read(next(iter(trainings)).path).parameters,
        "seconds": float(np.mean([read_measured(t.path)["seconds"] for t in trainings])),
        "serving": builds["serving"],
        "builds": {build["name"]: build for build in builds["builds"]},
    }


def _cost_row(name: str, cost: Mapping[str, Any]) -> list[str]:
    """Return a model's costs; of its int8 builds, those of the smaller one."""
    fp32 = cost["builds"]["fp32"]
    parameters = cost["parameters"]
    row = [
        name,
        f"{parameters:,}" if parameters else "",
        f"{cost['seconds']:.0f}",
        f"{fp32['bytes'] / 1000:,.0f}",
        f"{fp32['latency_ms']:.2f}",
    ]
    int8 = [build for key, build in cost["builds"].items() if key != "fp32"]
    if not int8:
        return [*row, "", "", "", "", cost["serving"] or "none"]
    small = min(int8, key=lambda build: build["bytes"])
    return [
        *row,
        f"{small['bytes'] / 1000:,.0f}",
        f"{small['latency_ms']:.2f}",
        f"{small['macro_f1']:.4f}",
        f"{small['macro_f1_change']:+.4f}",
        cost["serving"] or "none",
    ]

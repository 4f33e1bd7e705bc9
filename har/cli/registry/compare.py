"""``har registry compare``: two versions side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.output import AsJson, Overrides, out, print_json, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from har.evaluation.results.comparisons import PairedDifference
    from har.registry.versions.comparison import Comparison

_SCORES = {
    "macro_f1": "macro-F1",
    "accuracy": "accuracy",
    "macro_precision": "precision",
    "macro_recall": "recall",
    "ece": "calibration error",
    "worst_subject": "worst subject",
}


def compare(
    a: Annotated[
        str, typer.Argument(metavar="A", help="champion, challenger, a stage, or a number.")
    ],
    b: Annotated[
        str, typer.Argument(metavar="B", help="Another; differences are A minus B.")
    ] = "champion",
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as a page, with plots.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Compare two versions: scores, people, builds, and what each was made from.

    Example: har registry compare 3 champion --html comparison.html
    """
    from har.config import load
    from har.registry.handle import Registry
    from har.registry.versions.comparison import compare as run
    from har.registry.versions.lookup import find

    recipe, environment = load(overrides)
    registry = Registry.open(environment)
    comparison = run(registry, find(registry, a), find(registry, b), intervals=recipe.intervals)
    if html:
        from har.registry.versions.comparison_page import write_page

        write_page(comparison, html)
    if as_json:
        return print_json(_content(comparison))
    _print(comparison)
    if html:
        out.print(f"Page: {html}")
    return None


def _content(comparison: "Comparison") -> dict[str, Any]:
    """Return it as JSON-able data, the difference of pooled scores by that name."""
    from har.registry.versions.comparison import outcome

    paired = comparison.paired and {
        f"pooled_{key}" if key.startswith("macro_f1_") else key: value
        for key, value in comparison.paired.to_dict().items()
    }
    told = {"outcome": outcome(comparison), "people": comparison.people}
    return {**vars(comparison), **told, "changes": comparison.changes, "paired": paired}


def _print(comparison: "Comparison") -> None:
    from har.registry.versions.comparison import outcome

    numbers = [f"version {side.number}" for side in (comparison.a, comparison.b)]
    out.print(outcome(comparison), "")
    out.print(table("Versions", ["", *numbers], _who(comparison)), "")
    columns = ["", *numbers, "difference"]
    out.print(table("Scores over all windows", columns[:-1], _scores(comparison)), "")
    if comparison.paired:
        out.print(table("Macro-F1 by person", columns, _by_person(comparison.paired)), "")
    out.print(table("F1 by class", columns, _classes(comparison)), "")
    columns = ["version", "build", "kB", "gap", "agreement", "ms", ""]
    out.print(table("ONNX builds", columns, _builds(comparison)), "")
    since = f"{numbers[0].capitalize()} was made as {numbers[1]} was"
    out.print(f"{since}, but for:" if comparison.changes else f"{since}.")
    for change in comparison.changes:
        out.print(f"- {change}")


def _who(comparison: "Comparison") -> "Iterator[tuple[str, ...]]":
    titles = {"candidate": "model", "dataset": "data set", "stage": "stage", "created": "created"}
    a, b = comparison.a, comparison.b
    yield from ((title, getattr(a, key), getattr(b, key)) for key, title in titles.items())
    yield ("aliases", *(", ".join(side.aliases) for side in (a, b)))
    tested = (f"{side.n_windows} windows, {side.n_subjects} people" for side in (a, b))
    yield ("measured on", *tested)
    yield ("macro-F1 interval", *(_range(side.macro_f1_interval) for side in (a, b)))
    yield ("worst subject", a.worst_subject, b.worst_subject)


def _scores(comparison: "Comparison") -> "Iterator[tuple[str, ...]]":
    for name, both in comparison.scores.items():
        yield (_SCORES[name], f"{both.a:.4f}", f"{both.b:.4f}")


def _by_person(paired: "PairedDifference") -> "Iterator[tuple[str, ...]]":
    for who, score in sorted(paired.per_subject.items(), key=lambda item: item[1].difference):
        yield (who, f"{score.a:.4f}", f"{score.b:.4f}", _signed(score.difference))
    yield ("mean", "", "", _signed(paired.mean_difference))


def _classes(comparison: "Comparison") -> "Iterator[tuple[str, ...]]":
    from har.registry.versions.comparison import unscored

    for name, both in comparison.class_f1.items():
        cells = (
            unscored(side, name) if f1 is None else f"{f1:.4f}"
            for side, f1 in ((comparison.a, both.a), (comparison.b, both.b))
        )
        yield (name, *cells, _signed(both.difference))


def _builds(comparison: "Comparison") -> "Iterator[tuple[str, ...]]":
    for side in (comparison.a, comparison.b):
        for build in side.builds:
            yield (
                str(side.number),
                build["name"],
                f"{build['bytes'] / 1000:.0f}",
                f"{build['max_probability_gap']:.4f}",
                f"{build['agreement']:.4f}",
                f"{build['latency_ms']:.2f}",
                build["verdict"],
            )


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.4f}"


def _range(bounds: "Sequence[float]") -> str:
    low, high = bounds
    return f"{low:.4f} to {high:.4f}"

"""Tables of what runs and evaluations found, for terminals and Prefect's pages."""

from collections.abc import Iterable, Mapping
from typing import Any

from har.data.left_out import LeftOut
from har.evaluation.results.comparisons import PairedDifference
from har.evaluation.results.continuous import ContinuousScores
from har.evaluation.results.protocol import ProtocolResult, ProtocolScores
from har.evaluation.results.robustness import Robustness
from har.evaluation.results.scores import Interval, Metrics
from har.export.artifact import Builds
from har.steps.summary import COUNTED, Outcome, Summary

Rows = tuple[list[str], list[list[Any]]]


def tables(summary: Summary) -> list[dict[str, Any]]:
    """Return the tables of a summary: title, columns and rows."""
    data = summary.data
    changes = [f"{data[name]} {name.replace('_', ' ')}" for name in COUNTED]
    title = f"Data: {data['recordings']} recordings, {data['samples']:,} samples"
    splits = (
        ["split", "subjects", "windows", "labelled"],
        [[name, *values.values()] for name, values in summary.splits.items()],
    )
    parts = [
        (f"{title} ({', '.join(changes)}); models read {summary.channels}", splits),
        *left_out_tables(summary.left_out),
        *score_tables("Test subjects", summary.models),
        ("ONNX builds", build_rows(summary.builds)),
        ("Registry", version_rows(summary.versions)),
    ]
    return [{"title": title, "columns": columns, "rows": rows} for title, (columns, rows) in parts]


def left_out_tables(classes: Mapping[str, LeftOut]) -> list[tuple[str, Rows]]:
    """Return the title and rows of the classes that were left out, if there are any."""
    rows: list[list[Any]] = [[name, e.n_windows, e.because] for name, e in classes.items()]
    columns = ["class", "windows", "because"]
    return [("Classes left out, whose windows have no label", (columns, rows))] if rows else []


def score_tables(title: str, models: Mapping[str, Metrics]) -> list[tuple[str, Rows]]:
    """Return the titles and rows of the models' scores, also by what sets windows apart."""
    return [(title, score_rows(models)), *group_tables(models)]


def group_tables(models: Mapping[str, Metrics | ProtocolScores]) -> list[tuple[str, Rows]]:
    """Return titles and rows by data set, placement and device, of those that differ."""
    first = next(iter(models.values()))
    tables: list[tuple[str, Rows]] = []
    for what in first.groups:
        columns = ["model", what, "subjects", "windows", "macro-F1", "interval"]
        rows = []
        for name, m in models.items():
            for group, part in m.groups[what].items():
                counts = (part.n_subjects, f"{part.n_windows:,}")
                score = (f"{part.macro_f1:.4f}", _range(part.macro_f1_interval))
                rows.append([name, group, *counts, *score])
        tables.append((f"By {what}", (columns, rows)))
    return tables


def score_rows(models: Mapping[str, Metrics]) -> Rows:
    """Return the columns and rows of the models' scores."""
    columns = ["model", "macro-F1", "interval", "accuracy", "precision", "recall", "by seed"]
    rows = []
    for name, m in models.items():
        by_seed = [f"{seed.test_macro_f1:.3f}" for seed in m.seeds]
        seeds = " ".join(by_seed) if len(by_seed) > 1 else ""
        scores = [f"{v:.3f}" for v in (m.accuracy, m.macro_precision, m.macro_recall)]
        rows.append([name, f"{m.macro_f1:.4f}", _range(m.macro_f1_interval), *scores, seeds])
    return columns, rows


def continuous_tables(found: Mapping[str, ContinuousScores]) -> list[tuple[str, Rows]]:
    """Return titles and rows of scores on continuous recordings."""
    first = next(iter(found.values()))
    title = (
        f"Continuous recordings: {first.labelled_s / 60:.0f} min labelled, "
        f"{first.unlabelled_s / 60:.0f} min not, {first.n_subjects} subjects"
    )
    columns = ["model", "answers", "macro-F1", "interval", "changes/min", "delay, s", "p90, s"]
    outcomes = ("n", "fragmented", "merged", "deleted", "inserted", "spilling")
    scores, events = [], []
    for name, result in found.items():
        for kind, a in result.answers.items():
            f1, changes = f"{a.macro_f1:.4f}", f"{a.changes_per_minute:.1f}"
            delays = [_seconds(a.delay.median_s), _seconds(a.delay.p90_s)]
            scores.append([name, kind, f1, _range(a.macro_f1_interval), changes, *delays])
            events.append([name, kind, *(getattr(a.events, outcome) for outcome in outcomes)])
    counted = ["model", "answers", "events", *outcomes[1:]]
    return [(title, (columns, scores)), ("Events", (counted, events))]


def robustness_tables(found: Mapping[str, Robustness]) -> list[tuple[str, Rows]]:
    """Return titles and rows of macro-F1 as other sensors would have it."""
    first = next(iter(found.values()))
    clean = [f"{result.clean.macro_f1:.3f}" for result in found.values()]
    rows: list[list[Any]] = [["", "as recorded", *clean]]
    for place, change in enumerate(first.perturbations):
        entries = [result.perturbations[place] for result in found.values()]
        cells = [f"{e.macro_f1:.3f} ({e.difference:+.3f})" for e in entries]
        rows.append([change.kind, change.name, *cells])
    title = f"Macro-F1 on {first.n_windows:,} test windows as another sensor reads them"
    return [(title, (["what", "change", *found], rows))]


def protocol_tables(result: ProtocolResult) -> list[tuple[str, Rows]]:
    """Return titles and rows of a protocol's scores and comparisons."""
    models = result.models
    first = models[result.reference]
    title = (
        f"Protocol {result.protocol}: {len(result.folds)} folds, "
        f"{first.n_subjects} subjects tested, {first.n_windows:,} windows"
    )
    columns = ["model", "macro-F1", "interval", "seeds", "median", "quartiles", "worst", "ECE"]
    rows = []
    for name, m in models.items():
        q25, q75 = m.subjects.quartiles
        by_seed = m.macro_f1_by_seed.values()
        rows.append(
            [
                *(name, f"{m.macro_f1:.4f}", _range(m.macro_f1_interval)),
                _range((min(by_seed), max(by_seed))) if len(by_seed) > 1 else "",
                *(f"{m.subjects.median:.3f}", f"{q25:.2f}–{q75:.2f}"),
                *(f"{m.subjects.worst:.3f}", f"{m.ece:.3f}"),
            ]
        )
    tables: list[tuple[str, Rows]] = [(title, (columns, rows)), *group_tables(models)]
    if result.lacking:
        without = [[fold, ", ".join(names)] for fold, names in result.lacking.items()]
        title = "Classes that a fold's models do not know: a split of it has no window of them"
        tables.append((title, (["fold", "classes"], without)))
    if result.comparisons:
        title = f"Compared with {result.reference}"
        tables.append((title, comparison_rows(result.comparisons)))
    return tables


def comparison_rows(differences: Mapping[str, PairedDifference]) -> Rows:
    """Return the columns and rows of paired comparisons with the reference."""
    columns = ["model", "macro-F1", "interval", "by subject", "interval", "p", "verdict"]
    rows: list[list[Any]] = []
    for name, d in differences.items():
        pooled = [f"{d.macro_f1_difference:+.4f}", _signed(d.macro_f1_difference_interval)]
        mean = [f"{d.mean_difference:+.4f}", _signed(d.mean_difference_interval)]
        rows.append([name, *pooled, *mean, f"{d.wilcoxon_p:.2g}", d.verdict])
    return columns, rows


def build_rows(exports: Iterable[Builds]) -> Rows:
    """Return the columns and rows of the ONNX builds."""
    columns = ["model", "build", "kB", "gap", "agree", "change", "ms", "verdict"]
    rows: list[list[Any]] = [
        [
            export.candidate,
            build.name,
            f"{build.bytes / 1000:,.0f}",
            f"{build.max_probability_gap:.4f}",
            f"{build.agreement:.4f}",
            f"{build.macro_f1_change:+.4f}",
            f"{build.latency.latency_ms:.2f}",
            export.verdict(build),
        ]
        for export in exports
        for build in export.builds
    ]
    return columns, rows


def version_rows(versions: Iterable[Outcome]) -> Rows:
    """Return the columns and rows of the registered versions."""
    rows: list[list[Any]] = [
        [v.version, v.candidate, v.stage, v.verdict, v.reason] for v in versions
    ]
    return ["version", "model", "stage", "gate", "because"], rows


def ingestions(summary: Summary) -> str:
    """Say which ingestion of each data set a run used: what it holds, and when it was read."""
    return ", ".join(
        f"{pin['dataset']}@{pin['content'][:12]} (ingested {pin['ingested']})"
        for pin in summary.pins
    )


def reuse(summary: Summary) -> str:
    """Say in one sentence which steps were found rather than made."""
    steps = summary.steps
    made = [step.step for step in steps if not step.reused]
    count = f"{len(steps) - len(made)} of {len(steps)} steps found in the store"
    return f"{count}; made now: {', '.join(made)}" if made else f"{count}, none made anew"


def _range(bounds: Interval) -> str:
    low, high = bounds
    return f"{low:.3f}–{high:.3f}"


def _signed(bounds: Interval) -> str:
    low, high = bounds
    return f"{low:+.3f} to {high:+.3f}"


def _seconds(delay: float | None) -> str:
    return "never" if delay is None else f"{delay:.2f}"

"""Two versions of the registry side by side."""

import tempfile
from pathlib import Path

import streamlit as st

from har.app.markup import error_box, show, table, text
from har.app.model import environment_of
from har.app.options import AppOptions
from har.config import load
from har.errors import HarError
from har.lineage import difference
from har.registry.handle import Registry
from har.registry.versions.comparison import Comparison, Pair, compare, outcome, unscored
from har.registry.versions.version import Version


def show_comparison(options: AppOptions, a: Version, b: Version) -> None:
    """Show two versions side by side; differences are a minus b."""
    found = _compared(options, a.tags["har.candidate_digest"], b.tags["har.candidate_digest"], a, b)
    if isinstance(found, HarError):
        show(error_box(found))
        return
    show(text(outcome(found)))
    columns = [f"version {a.number}", f"version {b.number}", "difference"]
    scores = [(name.replace("_", " "), *_cells(pair)) for name, pair in found.scores.items()]
    show(table("Scores on the test subjects", ["score", *columns], scores, numbers="tnnn"))
    show(table("F1 by class", ["activity", *columns], _classes(found), numbers="tnnn"))
    builds = [
        (
            f"{side.number}, {build['name']}",
            f"{build['bytes'] / 1000:,.0f}",
            f"{build['latency_ms']:.2f}",
            build["verdict"],
        )
        for side in (found.a, found.b)
        for build in side.builds
    ]
    show(table("ONNX builds", ["build", "kB", "ms", "verdict"], builds, numbers="tnnw"))
    show(text(difference.sentence(found.origin)))
    name = f"versions-{a.number}-{b.number}.html"
    st.download_button(
        "Comparison, HTML", lambda: _page(found, options), name, "text/html", on_click="ignore"
    )


@st.cache_resource(max_entries=8, show_spinner="Reading both versions …")
def _compared(
    options: AppOptions, digest_a: str, digest_b: str, _a: Version, _b: Version
) -> Comparison | HarError:
    registry = Registry.open(environment_of(options))
    intervals = load(list(options.overrides)).recipe.intervals
    try:
        return compare(registry, _a, _b, intervals=intervals)
    except HarError as error:
        return error


def _cells(pair: Pair) -> tuple[str, str, str]:
    a, b = ("" if value is None else f"{value:.4f}" for value in (pair.a, pair.b))
    return a, b, "" if pair.difference is None else f"{pair.difference:+.4f}"


def _classes(found: Comparison) -> list[tuple[str, str, str, str]]:
    rows = []
    for name, pair in found.class_f1.items():
        a, b, gap = _cells(pair)
        rows.append((name, a or unscored(found.a, name), b or unscored(found.b, name), gap))
    return rows


def _page(found: Comparison, options: AppOptions) -> bytes:
    from har.registry.decision.page import write_page

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comparison.html"
        write_page(Registry.open(environment_of(options)), found, path)
        return path.read_bytes()

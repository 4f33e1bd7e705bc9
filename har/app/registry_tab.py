"""The tab of the registry: who is live, versions, the gate's decisions, history, comparison."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from har.app.markup import Kind, box, cards, error_box, facts, heading, show, table, text
from har.app.model import environment_of
from har.app.options import AppOptions
from har.errors import HarError
from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.placement import pending
from har.registry.history.production import ProductionPeriod, production_periods
from har.registry.history.rows import rows
from har.registry.history.trail import Trail
from har.registry.moves.disagreement import disagreement
from har.registry.versions.decision import Decision
from har.registry.versions.gate_file import verdict_of
from har.registry.versions.lookup import foreign_versions, list_versions
from har.registry.versions.version import LINEAGE_DIGEST, ONNX_DIGEST, Version

# For so long the page does not ask the registry again; s.
LOOK_AGAIN = 10
# Events of the history that are shown at first, the newest.
NEWEST = 20
_MARKS = {"holds": "✓", "broken": "✗"}


@dataclass(frozen=True)
class Overview:
    """What a registry says at one time.

    Attributes
    ----------
    where, model : str
        The registry, and the model's name.
    versions : list of Version
        Newest first.
    foreign : tuple of int
        Versions that were registered without `har`.
    events : tuple of Event
        The history, oldest first.
    broken : HarError or None
        Why the history cannot be trusted.
    disagreement : str or None
        What MLflow shows and the history does not say.
    """

    where: str
    model: str
    versions: list[Version]
    foreign: tuple[int, ...]
    events: tuple[Event, ...]
    broken: HarError | None
    disagreement: str | None


@st.cache_resource(ttl=LOOK_AGAIN, show_spinner="Asking the registry …")
def _overview(options: AppOptions) -> Overview:
    registry = Registry.open(environment_of(options))
    broken: HarError | None = None
    events: tuple[Event, ...] = ()
    try:
        events = Trail(registry).events
    except HarError as error:
        broken = error
    return Overview(
        registry.uri,
        registry.model,
        list_versions(registry),
        tuple(version.number for version in foreign_versions(registry)),
        events,
        broken,
        None if broken else disagreement(registry, events),
    )


def registry_tab(options: AppOptions) -> None:
    """Show the tab."""
    seen = _overview(options)
    if seen.broken:
        show(error_box(seen.broken, about="the history"))
    if seen.disagreement:
        show(box("warning", seen.disagreement))
    if seen.foreign:
        numbers = ", ".join(map(str, seen.foreign))
        words = f"Registered without har: {numbers}. har registry adopt takes them in."
        show(box("note", words))
    if not seen.versions:
        todo = [("to do", "har run makes the first version")]
        show(box("note", f"No version of the model {seen.model} yet.", todo))
        return
    _live(seen)
    _versions(seen)
    _one_version(seen)
    _compare(seen, options)
    _history(seen.events)


def _live(seen: Overview) -> None:
    periods = production_periods(seen.events)
    period = periods[-1] if periods else None
    waiting = pending(seen.events)
    shown = [_champion(seen, period)]
    challenger = next((v for v in seen.versions if "challenger" in v.aliases), None)
    if challenger:
        words = f"{challenger.candidate}, in Staging"
        shown.append(("Challenger", f"version {challenger.number}", words))
    if waiting:
        who = ", ".join(f"version {request.version} ({request.by})" for request in waiting)
        shown.append(("Waiting for approval", len(waiting), who))
    show(cards(shown))


def _champion(seen: Overview, period: ProductionPeriod | None) -> tuple[str, object, str]:
    champion = next((v for v in seen.versions if "champion" in v.aliases), None)
    if champion is None:
        return ("Live", "none", "no version is in Production")
    since = f"since {_time(period.since)}, by {period.by}" if period else ""
    return ("Live", f"version {champion.number}", f"{champion.candidate} {since}")


def _time(stamp: str) -> str:
    """Return a time without its seconds' end marks.

    >>> _time("2026-11-26T17:40:59Z")
    '2026-11-26 17:40 UTC'
    """
    return f"{stamp[:16].replace('T', ' ')} UTC" if stamp else ""


def _versions(seen: Overview) -> None:
    rows = [
        (
            v.number,
            v.candidate,
            v.stage,
            ", ".join(v.aliases),
            _score(v),
            verdict_of(v.tags),
            v.created[:10],
        )
        for v in seen.versions
    ]
    columns = ["version", "model", "stage", "alias", "macro-F1 (interval)", "gate", "created"]
    show(table(f"Versions of {seen.model}", columns, rows, numbers="tttttt"))


def _score(version: Version) -> str:
    if version.macro_f1 is None or version.macro_f1_interval is None:
        return "not measured"
    low, high = version.macro_f1_interval
    return f"{version.macro_f1:.4f} ({low:.3f}–{high:.3f})"


def _one_version(seen: Overview) -> None:
    show(heading("One version and the gate's decision"))
    by_number = {version.number: version for version in seen.versions}
    champion = next((v.number for v in seen.versions if "champion" in v.aliases), None)
    numbers = list(by_number)
    index = numbers.index(champion) if champion else 0
    number = st.selectbox("Version", numbers, index=index, key="version")
    version = by_number[number]
    rows = {
        "model": version.candidate,
        "data": version.dataset,
        "serves": version.serving,
        "ONNX SHA-256": version.tags.get(ONNX_DIGEST, ""),
        "lineage SHA-256": version.tags.get(LINEAGE_DIGEST, ""),
        "MLflow run": version.run_id,
        "page": version.url or "",
    }
    show(facts([(name, value) for name, value in rows.items() if value]))
    if version.gate:
        _decision(version.gate)
    else:
        show(box("note", "The gate has not judged this version."))


def _decision(decision: Decision) -> None:
    kind: Kind = "good" if decision.passed else "warning"
    against = f"against version {decision.champion}" if decision.champion else "no champion before"
    words = f"The gate {decision.verdict} version {decision.version}, {against}: {decision.reason}"
    asked = {"stage": decision.stage, "asked by": decision.by, "why": decision.purpose}
    asked["when"] = _time(decision.at)
    show(box(kind, words, [(name, value) for name, value in asked.items() if value]))
    rows = [
        (
            rule.name,
            f"{_MARKS.get(rule.outcome, '○')} {rule.outcome}",
            _number(rule.value),
            _number(rule.bound),
            "; ".join(filter(None, (rule.detail, rule.waived and f"waived: {rule.waived}"))),
        )
        for rule in decision.rules
    ]
    columns = ["rule", "outcome", "value", "bound", "detail"]
    show(table("Rules of the gate", columns, rows, numbers="ttnnw"))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def _compare(seen: Overview, options: AppOptions) -> None:
    measured = [version for version in seen.versions if not version.adopted]
    if len(measured) < 2:
        return
    show(heading("Compare two versions"))
    numbers = [version.number for version in measured]
    left, right = st.columns(2)
    a = left.selectbox("Version A", numbers, index=0, key="compare-a")
    b = right.selectbox("Version B", numbers, index=1, key="compare-b")
    if a == b:
        show(text("Choose two different versions.", quiet=True))
    elif st.toggle("Compare them", key="compare"):
        # Here, because what it imports takes a second.
        from har.app.comparison import show_comparison

        by_number = {version.number: version for version in measured}
        show_comparison(options, by_number[a], by_number[b])


def _history(events: Sequence[Event]) -> None:
    show(heading("History"))
    told = [row._replace(time=_time(row.time)) for row in rows(events)][::-1]
    shown = told
    if len(told) > NEWEST and not st.toggle(f"Show all {len(told)}", key="all-events"):
        shown = told[:NEWEST]
    columns = ["time", "event", "version", "by", "reason", "what"]
    show(table("Who did what, newest first", columns, shown, numbers="ttttww"))

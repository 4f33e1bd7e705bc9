"""The description of a version in MLflow's page, made anew from the history whenever it moves.

It is Markdown: scores, where the version stands and who said so, the gate rule by rule, limits
of use, links. Below its last line people write what they like; what they wrote above it is
brought there, and never lost. What `har` wrote is known by the digests of its lines, in a tag
of the run.
"""

import logging
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from har.errors import DataError, HarError
from har.evaluation.results.scores import Metrics
from har.lineage import digest
from har.lineage.record import FILE, Record
from har.page.markdown import plain, table
from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.placement import carried_out, of_version, pending
from har.registry.history.promotions import Promotion, promotions
from har.registry.history.rows import rows
from har.registry.history.trail import Trail
from har.registry.versions.decision import Decision, Rule
from har.registry.versions.files import read_lineage, verified_file
from har.registry.versions.gate_file import FILE as GATE
from har.registry.versions.lookup import list_versions
from har.registry.versions.version import CARD, Version

BELOW = "*Written by har. Below this line people may write; above it, har writes anew.*"
# The tag of a run with the digests of the lines that `har` wrote, six hexadecimal digits each.
_LINES, _DIGITS = "har.described", 6
# The history remembers under this name how many events the descriptions tell of.
_READER = "descriptions"
# MLflow's databases keep no longer one.
MAX_LENGTH = 5000
# So many rows of the history are told; with what people write, as many as there is room for.
_NEWEST = (8, 3, 0)
_FILES = {"report": "report/report.html", "model card": CARD, "lineage record": FILE}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Described:
    """What a description tells of a version beside its tags and the history.

    Attributes
    ----------
    metrics : Metrics or None
        On the test subjects; None of a version that was adopted.
    lineage : Record or None
        None as above.
    experiment : str
        The MLflow experiment of its run; empty if there is no run.
    """

    metrics: Metrics | None
    lineage: Record | None
    experiment: str

    @classmethod
    def of(cls, registry: Registry, version: Version) -> "Described":
        """Read it from the version's files, each checked against its digest."""
        run = version.run_id
        experiment = str(registry.client.get_run(run).info.experiment_id) if run else ""
        if version.adopted:
            return cls(None, None, experiment)
        record = read_lineage(registry, version)
        with tempfile.TemporaryDirectory() as folder:
            name = f"evaluation/{Metrics.FILE}"
            path = verified_file(registry, version, record, name, Path(folder))
            return cls(Metrics.read(path.parent), record, experiment)


def bring_up_to_date(registry: Registry, trail: Trail) -> None:
    """Write the descriptions of the versions of which something happened that they do not tell.

    The history counts what they tell of: what a killed process left out is written by the next
    one. A description that cannot be written stops nothing; a warning says so.

    Parameters
    ----------
    registry : Registry
        The model.
    trail : Trail
        Its history.
    """
    with _unfailing():
        trail.refresh()
        told = trail.heard(_READER) or 0
        touched = {number for event in trail.events[told:] for number in event.versions}
        for version in list_versions(registry):
            if version.number in touched:
                try:
                    describe(registry, version, trail.events)
                except DataError as error:
                    _warn(error)
        trail.mark_heard(_READER, len(trail.events))


def describe(registry: Registry, version: Version, events: Sequence[Event]) -> None:
    """Write the description of a version; what people wrote in it stays, below its last line.

    Raises
    ------
    DataError
        If people wrote so much that there is no room for more.
    """
    client, number = registry.writer, str(version.number)
    present = client.get_model_version(version.model, number).description or ""
    described = Described.of(registry, version)
    kept = _ours(registry, version)
    ours = _of_earlier(version) if kept is None else kept
    for newest in _NEWEST:
        new = description(version, described, events, newest=newest)
        text = merged(new, present, ours)
        if len(text) <= MAX_LENGTH:
            break
    else:
        raise DataError(
            f"version {number}: what people wrote in its description leaves no room for more",
            expected=f"{MAX_LENGTH} characters at most",
            found=f"{len(text)} characters",
            hint="shorten it in MLflow's page",
        )
    # First, and with the lines that are there: after a kill all of ours are known as ours.
    known = {_mark(line) for line in new.splitlines()} | ours
    marks = [_mark(line) for line in (*new.splitlines(), *present.splitlines()) if line.strip()]
    if text != present or kept is None:
        _keep(registry, version, "".join(dict.fromkeys(mark for mark in marks if mark in known)))
        client.update_model_version(version.model, number, text)


def introduce(registry: Registry, version: Version) -> None:
    """Describe a version that is new, or was registered before descriptions had this form."""
    with _unfailing():
        if _ours(registry, version) is None:
            describe(registry, version, Trail(registry).events)


@contextmanager
def _unfailing() -> Iterator[None]:
    """Warn of what keeps descriptions from being written, and go on."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (HarError, MlflowException, OSError) as error:
        _warn(error)


def _warn(error: Exception) -> None:
    _log.warning("descriptions in MLflow are not up to date: %s", str(error).splitlines()[0])


def merged(new: str, present: str, ours: Collection[str]) -> str:
    """Return a new description with what people wrote in the present one.

    Parameters
    ----------
    new : str
        As `description` returned it.
    present : str
        What MLflow shows.
    ours : collection of str
        Digests of the lines that `har` wrote in it.
    """
    above, _, below = present.partition(BELOW)
    lines = [line for line in above.splitlines() if line.strip() and _mark(line) not in ours]
    parts = [new, BELOW, below.strip()]
    if lines:
        parts += ["Was written above the line:", "\n".join(lines)]
    return "\n\n".join(filter(None, parts)) + "\n"


def description(
    version: Version, described: Described, events: Sequence[Event], *, newest: int = _NEWEST[0]
) -> str:
    """Return what MLflow's page shows of a version, without what people add.

    Parameters
    ----------
    version : Version
        With its stage, aliases and the gate's decision.
    described : Described
        Scores and origin.
    events : sequence of Event
        The history, oldest first.
    newest : int
        Rows of the history that are told.
    """
    own = of_version(events, version.number)
    parts = [
        _head(version),
        *_scores(version, described.metrics),
        "#### **Who said so**",
        *_standing(version, own),
        *_gate(version.gate),
        "#### **Limits of use**",
        "\n".join(f"- {line}" for line in _limits(version, described)),
        "#### **History**",
        _history(version, own, newest),
        *_links(version, described.experiment),
        "---",
    ]
    return "\n\n".join(filter(None, parts))


def _head(version: Version) -> str:
    names = f", {' and '.join(map(plain, version.aliases))}" if version.aliases else ""
    what = f"**{plain(version.candidate)}** on {plain(version.dataset)}"
    return f"{what}: stage **{version.stage}**{names}"


def _scores(version: Version, metrics: Metrics | None) -> Iterator[str]:
    if metrics is None:
        yield "Registered without har and adopted as it was: nobody measured it."
        return
    low, high = metrics.macro_f1_interval
    worst = metrics.worst_subject
    yield (
        f"Macro-F1 **{metrics.macro_f1:.4f}** on {metrics.n_windows:,} windows of "
        f"{metrics.n_subjects} test people, {metrics.confidence:.0%} interval over people "
        f"{low:.4f} to {high:.4f}. Accuracy {metrics.accuracy:.4f}. Lowest: {plain(worst)} with "
        f"{metrics.subject_f1[worst]:.4f}. The build {plain(version.serving)} serves."
    )


def _standing(version: Version, events: Sequence[Event]) -> Iterator[str]:
    """Say who moved it last, who approved that it serves, and what waits."""
    moves = [move for move, _ in carried_out(events) if version.number in move.change.stages]
    if not moves:
        yield "Nobody has moved it yet."
    for move in moves[-1:]:
        _, stage = move.change.stages[version.number]
        what = f"{plain(move.kind)} of {plain(move.by)}: {plain(move.reason)}"
        yield f"**{stage}** since {_time(move.time)}, by {what}"
    for came in _approved(version, events):
        own = ", the same person" if came.own else ""
        yield (
            f"Asked for by **{plain(came.asked_by)}**: {plain(came.reason)}. Approved by "
            f"**{plain(came.approved_by)}**{own}, {_time(came.time)}: {plain(came.approval)}"
        )
    for request in pending(events):
        if request.version == version.number:
            yield (
                f"**Waits for approval**: {plain(request.by)} asked at {_time(request.time)}: "
                f"{plain(request.reason)}"
            )


def _approved(version: Version, events: Sequence[Event]) -> list[Promotion]:
    """Return the last promotion of a version that somebody approved, if there is one."""
    own = [p for p in promotions(events) if p.version == version.number and p.approved_by]
    return own[-1:]


def _gate(decision: Decision | None) -> Iterator[str]:
    if decision is None:
        yield "#### **The gate has not judged it**"
        return
    against = f"against version {decision.champion}" if decision.champion else "without a champion"
    yield f"#### **The gate: {decision.verdict}, {against}**"
    yield (
        f"Judged {_time(decision.at)} as {plain(decision.by)} asked: {plain(decision.purpose)}. "
        f"Finding: {plain(decision.reason)}"
    )
    yield table(["rule", "", "value", "bound"], map(_rule, decision.rules))
    yield "\n".join(f"- {_broken(rule)}" for rule in decision.rules if not rule.passed)


def _rule(rule: Rule) -> list[str]:
    outcome = f"**{rule.outcome}**" if rule.outcome == "broken" else rule.outcome
    words = "" if rule.value is not None or not rule.passed else plain(rule.detail)
    return [plain(rule.name), outcome, _number(rule.value) or words, _number(rule.bound)]


def _broken(rule: Rule) -> str:
    needs = f"; to pass, {rule.needs}" if rule.needs and not rule.holds else ""
    return plain(f"{rule}{needs}" + (f"; waived: {rule.waived}" if rule.waived else ""))


def _limits(version: Version, described: Described) -> Iterator[str]:
    if described.lineage is None or described.metrics is None:
        yield "Not known: it was registered without har."
        return
    predicate = described.lineage.predicate
    settings = predicate.build.external_parameters.settings
    window, export = settings.get("window", {}), settings.get("export", {})
    yield f"Activities it knows: {', '.join(map(plain, described.metrics.classes))}; no others."
    for name, sentence in predicate.left_out.items():
        yield f"It does not know {plain(name)}, which its data hold: {plain(sentence)}."
    if predicate.channels:
        yield f"Sensors: {plain(predicate.channels)}."
    if {"length_s", "rate_hz"} <= window.keys():
        yield f"Windows of {window['length_s']:g} s at {window['rate_hz']:g} Hz."
    if "unknown_share" in export:
        yield (
            'It answers "unknown" where a window is like nothing in training, and for about '
            f"{export['unknown_share']:.1%} of genuine windows; an activity that looks like one "
            "of those above gets its name."
        )
    yield (
        f"Measured on people, placement and device of the data set {plain(version.dataset)} "
        "alone. No medical device."
    )


def _history(version: Version, events: Sequence[Event], newest: int) -> str:
    own = [event for event in events if version.number in event.versions or not event.versions]
    told = [row for row in rows(own) if row.version == version.number][::-1]
    if not told:
        return "Nothing yet."
    cells = (
        [_time(row.time), *map(plain, (row.event, row.by, row.reason, row.what))]
        for row in islice(told, newest)
    )
    more = len(told) - newest
    rest = f"{more} earlier: `har registry history`." if more > 0 else ""
    shown = table(["time", "event", "by", "reason", "what"], cells) if newest else ""
    return "\n\n".join(filter(None, (shown, rest)))


def _links(version: Version, experiment: str) -> Iterator[str]:
    """Link to the files as MLflow's own page shows them, wherever it is served."""
    if not experiment or version.adopted:
        return
    run = f"#/experiments/{experiment}/runs/{version.run_id}"
    named = {**_FILES, "gate": GATE} if version.gate else _FILES
    files = [f"[{name}]({run}/artifacts/{path})" for name, path in named.items()]
    yield "#### **Files**"
    yield " · ".join([*files, f"[run with all files]({run})"])


def _ours(registry: Registry, version: Version) -> set[str] | None:
    """Return the digests of the lines that `har` wrote; None before it wrote in this form."""
    run = version.run_id
    tags = registry.client.get_run(run).data.tags if run else version.tags
    marks = tags.get(_LINES)
    if marks is None:
        return None
    return {marks[at : at + _DIGITS] for at in range(0, len(marks), _DIGITS)}


def _keep(registry: Registry, version: Version, marks: str) -> None:
    """Keep those digests at the run, whose tags nobody reads beside the description."""
    if version.run_id:
        registry.writer.set_tag(version.run_id, _LINES, marks, synchronous=True)
    else:
        number = str(version.number)
        registry.writer.set_model_version_tag(version.model, number, _LINES, marks)


def _of_earlier(version: Version) -> set[str]:
    """Return the digest of the one line that an earlier `har` gave a version."""
    score = version.macro_f1
    measured = "" if score is None else f", test macro-F1 {score:.4f}"
    return {_mark(f"{version.candidate} on {version.dataset}{measured}")}


def _mark(line: str) -> str:
    return digest.of_bytes(line.strip().encode())[:_DIGITS]


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def _time(stamp: str) -> str:
    return f"{stamp[:16].replace('T', ' ')} UTC"

"""Promotion: judge a version once, write the decision down, then move the version or ask to.

The decision goes to a file of the version's run, to the history, and then to ``gate.json`` and
the tag ``har.gate`` before anything moves (`har.registry.versions.judgement`,
`har.registry.moves.mover`). A kill at any point is completed by the next call, which does not
judge again. The bounds are those of the registry's policy (`har.registry.history.policy`), bent
by what the settings state; the decision and the moves that follow say how.
"""

import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from har.config import ExportSettings, GateSettings, IntervalSettings
from har.errors import GateRefusal, UsageError
from har.evaluation.predictions import read_predictions
from har.evaluation.results.robustness import Robustness
from har.evaluation.results.scores import Metrics
from har.export.artifact import Builds
from har.lineage import origin
from har.lineage.record import FILE, Record
from har.models.runtime import latencies
from har.registry.gate import rules
from har.registry.gate.checks import DataChecks
from har.registry.gate.judge import judge
from har.registry.gate.rivalry import beside
from har.registry.gate.rules import Evidence
from har.registry.handle import Registry
from har.registry.history import policy as policies
from har.registry.history import stages
from har.registry.history.events import (
    ApprovalRequested,
    Event,
    GateDecided,
    MoveBegun,
    PolicySet,
)
from har.registry.history.placement import placement, shadow_windows, unfinished
from har.registry.history.policy import Bounds
from har.registry.history.stages import CHALLENGER, CHAMPION, Change, Placement, Stage
from har.registry.history.trail import Trail
from har.registry.moves.mover import Mover
from har.registry.moves.observation import differences, observe
from har.registry.versions import judgement
from har.registry.versions.decision import Decision
from har.registry.versions.files import verified_files
from har.registry.versions.lookup import find, with_digest
from har.registry.versions.version import LINEAGE_DIGEST, Version, require_measured

_KINDS = {
    "Staging": "staging",
    "Production": "promotion",
    "None": "withdrawal",
    "Archived": "archival",
}


def promote(
    registry: Registry,
    selector: str,
    *,
    gate: GateSettings,
    export: ExportSettings,
    intervals: IntervalSettings,
    reason: str,
    dry_run: bool = False,
    rejudge: bool = False,
    waivers: Mapping[str, str] | None = None,
) -> Decision:
    """Move a version to the stage that it earns, or find the decision made before.

    Where a second person must approve (``gate.approval``), a version that earned Production
    waits in Staging (`har.registry.gate.approval`).

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str
        The version to judge, as for `har.registry.versions.lookup.find`.
    gate, export, intervals
        What it is held against (`har.registry.gate.judge.judge`). What they state bends the
        registry's policy for this time; what they have by default does not.
    reason : str
        Why it may be promoted; kept with the decision.
    dry_run : bool
        Judge only: nothing is written or moved.
    rejudge : bool
        Judge again although there is a decision, for example against a new champion. One that
        a dead process was about to carry out is carried out instead.
    waivers : mapping of str to str, optional
        Names of rules that need not hold this time, each with the reason; kept for good.

    Raises
    ------
    ConflictError
        If somebody else moves a version at the same time, or did since this began.
    UsageError
        If the champion itself is to be judged again, or a rule is waived that cannot be.
    MissingError
        If the version or the server is not there.
    VerificationError
        If the registry is not as its history says, or files are not the registered ones.
    """
    mover = Mover(registry)
    now = mover.recover(dry_run=dry_run)
    version = find(registry, selector)
    champion, challenger = (_holder(registry, now, alias) for alias in (CHAMPION, CHALLENGER))
    if rejudge and champion == version:
        raise UsageError(
            f"version {version.number} is the champion: there is nothing to judge it against",
            hint="judge another version: it takes the place if it is better",
        )
    require_measured(version)
    policy = policies.bounds(mover.trail.events)
    bounds = policy.bent_by(gate, export, intervals)
    bent = policies.differences(bounds, policy) if policies.kept(mover.trail.events) else ()
    rivals = champion, None if challenger == version else challenger
    question = _Question(_number(rivals[0]), _number(rivals[1]), bent, waivers)
    decision = _standing(version, question, now, mover, rejudge=rejudge)
    if decision is None:
        decision = replace(_judged(mover, version, *rivals, bounds, waivers), bent=bent)
        if not dry_run:
            decision = _record(mover, version, decision, bounds, purpose=reason)
    if not dry_run and not _is_carried_out(decision, now, mover.trail.events):
        _carry_out(decision, now, mover, approval=bounds.gate.approval)
    if not dry_run:
        mover.announce()
    return decision


def _judged(
    mover: Mover,
    version: Version,
    champion: Version | None,
    challenger: Version | None,
    bounds: Bounds,
    waivers: Mapping[str, str] | None,
) -> Decision:
    registry, repeats = mover.registry, bounds.export.latency_repeats
    shadowed = shadow_windows(mover.trail.events, version.number, _number(champion))
    evidence = _evidence(registry, version, repeats, shadow_windows=shadowed)
    decision = judge(
        evidence,
        _evidence(registry, champion, repeats) if champion else None,
        gate=bounds.gate,
        export=bounds.export,
        intervals=bounds.intervals,
        waivers=waivers,
    )
    if challenger is None:
        return decision
    holder = _evidence(registry, challenger, repeats)
    return beside(decision, evidence, holder, intervals=bounds.intervals)


def settled(registry: Registry, candidate_digest: str) -> tuple[Version, Decision] | None:
    """Return a candidate's version and decision, if nothing is left to do for it.

    It only reads. None means that the candidate is to be registered, judged or moved, that
    receivers may wait for notices, or that the registry is not as its history says.

    Parameters
    ----------
    registry : Registry
        The model.
    candidate_digest : str
        What makes it one candidate (`har.registry.versions.candidate.Candidate.digest`).
    """
    events = Trail(registry).events
    now = placement(events)
    version = with_digest(registry, candidate_digest)
    open_ends = (
        unfinished(events) is not None,
        bool(registry.environment.registry.webhooks),
        bool(differences(now, events, observe(registry))),
    )
    if any(open_ends) or version is None or version.gate is None:
        return None
    judged = judgement.last_judgement(events, version.number)
    if judged and judged.sha256 != version.gate.audit:
        return None
    return (version, version.gate) if _is_carried_out(version.gate, now, events) else None


def change_stage(
    registry: Registry, selector: str, stage: Stage, *, reason: str, dry_run: bool = False
) -> Version:
    """Move a version to a stage other than Production, where nobody judges it.

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str
        The version, as for `har.registry.versions.lookup.find`.
    stage : str
        ``Staging``, ``Archived`` or ``None``. A champion that is archived leaves nobody in
        Production.
    reason : str
        Why; kept in the history.
    dry_run : bool
        Check everything, move nothing.

    Returns
    -------
    Version
        As it is afterwards.

    Raises
    ------
    GateRefusal
        If a version without a build that may serve is to go to Staging.
    ConflictError
        If somebody else moves a version at the same time.
    UsageError
        If the version cannot go there from where it is; it names where it can go.
    VerificationError
        If the registry is not as its history says, or files are not the registered ones.
    """
    mover = Mover(registry)
    now = mover.recover(dry_run=dry_run)
    version = find(registry, selector)
    then = stages.move(now, version.number, stage)
    if stage == "Staging":
        require_measured(version)
        _require_servable(registry, version)
    if not dry_run:
        change = Change.between(now, then)
        mover.execute(_KINDS[stage], version.number, change, reason=reason)
        mover.announce()
    return find(registry, str(version.number))


def _require_servable(registry: Registry, version: Version) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = verified_files(registry, version, Path(folder))
        build = Builds.read(files["onnx/builds.json"].parent).shipped
    if not build.passed:
        raise GateRefusal(
            f"version {version.number} has no build that may serve",
            found=f"build {build.name}: {'; '.join(build.failures)}",
            hint="export it again, or change the bounds (`har config`: export)",
        )


class _Question(NamedTuple):
    """What somebody asks of a version: against whom, beside whom, by which rules."""

    champion: int | None
    challenger: int | None
    bent: tuple[str, ...]
    waivers: Mapping[str, str] | None

    def is_of(self, decision: Decision, events: Sequence[Event]) -> bool:
        """Whether it is the one that a decision answers."""
        waivers = (self.waivers or {}).items()
        ours = {rules.known_as(name, decision.rules): why for name, why in waivers}
        # Its own first move makes the version challenger.
        begun = any(isinstance(e, MoveBegun) and e.decision == decision.audit for e in events)
        return (
            self.champion == decision.champion
            and (begun or self.challenger == decision.challenger)
            and self.bent == decision.bent
            and (self.waivers is None or ours == decision.waived)
            and not _is_of_another_policy(decision, events)
        )


def _is_of_another_policy(decision: Decision, events: Sequence[Event]) -> bool:
    digests = [event.sha256 for event in events]
    if decision.audit not in digests:
        return True
    since = events[digests.index(decision.audit) :]
    return any(isinstance(event, PolicySet) for event in since)


def _number(version: Version | None) -> int | None:
    return version.number if version else None


def _holder(registry: Registry, now: Placement, alias: str) -> Version | None:
    return find(registry, str(now.aliases[alias])) if alias in now.aliases else None


def _standing(
    version: Version, question: _Question, now: Placement, mover: Mover, *, rejudge: bool
) -> Decision | None:
    """Return the decision on record, unless it is to be made again.

    One that was never carried out stands for whoever asks the same; one that was, for whoever
    does not want it made again.
    """
    decision, events = version.gate, mover.trail.events
    if decision is None:
        return None
    interrupted = decision in mover.judged
    if interrupted or not _is_carried_out(decision, now, events):
        return decision if question.is_of(decision, events) else None
    return None if rejudge else decision


def _is_carried_out(decision: Decision, now: Placement, events: Iterable[Event]) -> bool:
    """Whether the version reached its stage or waits for approval, wherever it went since."""
    return not _way(now.stage(decision.version), decision) or any(
        _carries_out(event, decision) for event in events
    )


def _carries_out(event: Event, decision: Decision) -> bool:
    match event:
        case ApprovalRequested(decision=decision.audit):
            return True
        case MoveBegun(decision=decision.audit):
            return event.change.stages[decision.version][1] == decision.stage
    return False


def _carry_out(decision: Decision, now: Placement, mover: Mover, *, approval: str) -> None:
    replaces = decision.champion is not None
    asks = approval == "always" or (approval == "replacing" and replaces)
    for stage in _way(now.stage(decision.version), decision):
        if stage == "Production" and asks:
            mover.record(
                ApprovalRequested(
                    version=decision.version,
                    reason=decision.purpose,
                    champion=decision.champion,
                    decision=decision.audit,
                    bent=decision.bent,
                )
            )
            return
        then = stages.move(now, decision.version, stage)
        mover.execute(
            _KINDS[stage],
            decision.version,
            Change.between(now, then),
            reason=decision.purpose,
            decision=decision.audit,
            bent=decision.bent,
        )
        now = then


def _way(here: Stage, decision: Decision) -> list[Stage]:
    """Return the stages through which a version goes: not Staging, if another one stays there."""
    stage = decision.stage
    if here == stage or (here, stage) == ("Archived", "None"):
        return []
    if stage == "Production" and here != "Staging" and decision.displaces:
        return ["Staging", "Production"]
    return [stage]


def _evidence(
    registry: Registry, version: Version, latency_repeats: int, *, shadow_windows: int = 0
) -> Evidence:
    """Read what was registered, so that any machine judges alike; measure what is its own."""
    with tempfile.TemporaryDirectory() as folder:
        files = verified_files(registry, version, Path(folder))
        if version.adopted:
            return _unmeasured(version, n_files=len(files))
        metrics = Metrics.read(files["evaluation/metrics.json"].parent)
        builds = Builds.read(files["onnx/builds.json"].parent)
        lineage = Record.from_bytes(files[FILE].read_bytes())
        data = files.get(f"checks/{DataChecks.FILE}")
        robustness = files.get(f"checks/{Robustness.FILE}")
        return Evidence(
            model=version.model,
            number=version.number,
            metrics=metrics,
            builds=builds,
            predictions=read_predictions(files["evaluation/predictions.parquet"].parent),
            data=DataChecks.read(data.parent) if data else None,
            robustness=Robustness.read(robustness.parent) if robustness else None,
            people=lineage.predicate.people,
            n_files=len(files),
            latency_ms=_latency_ms(files[f"onnx/{builds.shipped.file}"], latency_repeats),
            machine=origin.processor(),
            shadow_windows=shadow_windows,
            unknown_checkpoints=tuple(
                c.source for c in lineage.predicate.checkpoints if c.people == "unknown"
            ),
        )


def _unmeasured(version: Version, *, n_files: int) -> Evidence:
    """Return what the gate knows of a version that was adopted: that it is there."""
    return Evidence(
        model=version.model,
        number=version.number,
        metrics=None,
        builds=None,
        predictions=pd.DataFrame(),
        data=None,
        robustness=None,
        people={},
        n_files=n_files,
        latency_ms=math.nan,
        machine="",
    )


def _latency_ms(build: Path, repeats: int) -> float:
    """Return the median time for one window on one thread of this machine."""
    (times,) = latencies([build], None, repeats)
    return float(np.median(times))


def _record(
    mover: Mover, version: Version, decision: Decision, bounds: Bounds, *, purpose: str
) -> Decision:
    if policies.kept(mover.trail.events) is None:
        mover.record(PolicySet(version=None, reason=purpose, settings=bounds.to_dict(), changes=()))
    decision = replace(decision, purpose=purpose, by=mover.registry.identity)
    event = mover.record(
        GateDecided(
            version=decision.version,
            reason=purpose,
            verdict=decision.verdict,
            stage=decision.stage,
            champion=decision.champion,
            test_digest=decision.test_digest,
            broken=tuple(r.name for r in decision.rules if not r.passed and r.required),
            waived=decision.waived,
            finding="; ".join(filter(None, (decision.reason, decision.rivalry)))[:1000],
            content=judgement.write_down(mover.registry, version.run_id, decision),
            lineage_digest=version.tags[LINEAGE_DIGEST],
            bent=decision.bent,
        )
    )
    return judgement.publish(mover.registry, version.run_id, decision, event)

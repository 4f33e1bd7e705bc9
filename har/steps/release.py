"""Finished steps to versions."""

from typing import TYPE_CHECKING

from har.config import Recipe
from har.lineage import journal
from har.steps.plan import FUSE, chosen
from har.steps.run import Run

if TYPE_CHECKING:
    from har.registry.handle import Registry
    from har.registry.versions.candidate import Candidate
    from har.registry.versions.decision import Decision
    from har.registry.versions.version import Version


def candidate(run: Run, name: str) -> "Candidate":
    """Return all that belongs to one version: its model, numbers, files and steps."""
    from har.registry.versions.candidate import Candidate
    from har.training.base import BaseCheckpoint

    recorded = {
        "ingest": "ingest",
        "clean": "clean",
        "fuse": FUSE if run.recipe.data.fuse else None,
        "split": "split",
        "windows": "windows",
        "pretrain": run.plan.start_of(name),
        "model": chosen(name),
        "evaluate": "evaluate",
        "export": f"export-{name}",
        "report": "report",
        "robustness": f"robustness-{name}",
        "checks": f"checks-{name}",
    }
    own = {role: step for role, step in recorded.items() if step}
    steps = run.make(own.values())
    by_role = {role: steps[step] for role, step in own.items()}
    if (start := by_role.get("pretrain")) and not BaseCheckpoint.read(start.path).is_taken:
        del by_role["pretrain"]
    makers = {step.manifest.run for step in by_role.values()}
    return Candidate(
        name=name,
        dataset=run.recipe.data.name,
        model=by_role["model"].path,
        evaluation=by_role["evaluate"].path / name,
        export=by_role["export"].path,
        report=by_role["report"].path,
        checks=by_role["checks"].path,
        windows=by_role["windows"].path,
        steps=by_role,
        recipe=run.recipe,
        pins=run.pins,
        split=by_role["split"].path,
        environment=run.journal.folder / journal.ENVIRONMENT if run.journal.begun else None,
        begun=run.journal.begun,
        earlier=journal.earlier(run.store.root, makers - {run.id}),
    )


def register(run: Run, registry: "Registry", name: str) -> "Version":
    """Register a candidate in MLflow, or find the version that it already is."""
    from har.registry.versions import registration

    return registration.register(registry, candidate(run, name))


def settled(run: Run, registry: "Registry") -> "list[tuple[Version, Decision]] | None":
    """Return the outcomes of a run for which nothing is left to do, or None: it only reads."""
    from har.registry.gate import promotion

    if not run.look_up(run.outputs, quietly=True):
        return None
    outcomes = []
    for name in run.recipe.candidates:
        outcome = promotion.settled(registry, candidate(run, name).digest)
        if outcome is None:
            return None
        outcomes.append(outcome)
    return outcomes


def promote(recipe: Recipe, registry: "Registry", version: "Version", reason: str) -> "Decision":
    """Judge a version at the gate and move it to the stage that it earned."""
    from har.registry.gate import promotion

    return promotion.promote(
        registry,
        str(version.number),
        gate=recipe.gate,
        export=recipe.export,
        intervals=recipe.intervals,
        reason=reason,
    )

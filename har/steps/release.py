"""Finished steps to versions."""

from typing import TYPE_CHECKING

from har.steps.run import Run

if TYPE_CHECKING:
    from har.registry.versions.candidate import Candidate


def candidate(run: Run, name: str) -> "Candidate":
    """Return all that belongs to one version: its model, numbers, files and steps."""
    from har.registry.versions.candidate import Candidate
    from har.training.base import BaseCheckpoint

    recorded = {
        "ingest": "ingest",
        "clean": "clean",
        "split": "split",
        "windows": "windows",
        "pretrain": f"pretrain-{name}",
        "checkpoint": f"checkpoint-{name}",
        "model": f"choose-{name}",
        "evaluate": "evaluate",
        "export": f"export-{name}",
        "report": "report",
        "robustness": f"robustness-{name}",
        "checks": f"checks-{name}",
    }
    own = {role: step for role, step in recorded.items() if step in run.known}
    steps = run.make(own.values())
    by_role = {role: steps[step] for role, step in own.items()}
    for role in ("pretrain", "checkpoint"):
        if role in by_role and not BaseCheckpoint.read(by_role[role].path).is_taken:
            del by_role[role]
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
    )

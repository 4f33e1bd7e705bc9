"""What a run has to say at its end, as facts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har.data.cleaning import Cleaning
from har.export.artifact import Builds
from har.steps import pins
from har.steps.run import Run

if TYPE_CHECKING:
    from har.registry.versions.decision import Decision
    from har.registry.versions.version import Version


# Of the changes that cleaning made, those that a run tells of.
COUNTED = ("duplicate_rows", "repeated_times", "gaps_filled", "gaps_split")


def summarise(
    run: Run,
    outcomes: Sequence[tuple["Version", "Decision"]],
) -> dict[str, Any]:
    """Return the facts of a run, read from what its steps wrote.

    Parameters
    ----------
    run : Run
        All of whose outputs are known.
    outcomes : sequence of (Version, Decision)
        Registered versions, each with the gate's decision.
    """
    names = run.recipe.candidates
    scored = run["evaluate"].path
    return {
        "pins": pins.describe(run.pins),
        "data": _data(run["clean"].path),
        "splits": _splits(run["windows"].path),
        "models": {name: _json(scored / name / "metrics.json") for name in names},
        "comparisons": _json(scored / "comparisons.json"),
        "builds": [Builds.read(run[f"export-{name}"].path).to_dict() for name in names],
        "versions": [_outcome(*outcome) for outcome in outcomes],
        "report": str(run["report"].path / "report.html"),
        "steps": [
            {"step": name, "reused": a.reused, "seconds": a.seconds, "path": str(a.path)}
            for name, a in run.told.items()
        ],
    }


def _outcome(version: "Version", decision: "Decision") -> dict[str, Any]:
    waits = decision.passed and version.stage == "Staging"
    return {
        "model": version.model,
        "version": version.number,
        "candidate": version.candidate,
        "stage": version.stage,
        "verdict": "passed" if decision.passed else "refused",
        "reason": decision.reason + ("; waits for approval" if waits else ""),
    }


def _data(clean: Path) -> dict[str, int]:
    cleaning = Cleaning.read(clean)
    totals = cleaning.totals
    changes = {name: getattr(totals, name) for name in COUNTED}
    return {"recordings": len(cleaning.recordings), "samples": totals.rows_out, **changes}


def _splits(windows: Path) -> dict[str, dict[str, int]]:
    from har.data.windows import Windows

    data = Windows.load(windows)
    frame = data.index.assign(labelled=data.y >= 0).groupby("split", sort=False)
    return {
        str(name): {
            "subjects": int(part["subject_id"].nunique()),
            "windows": len(part),
            "labelled": int(part["labelled"].sum()),
        }
        for name, part in frame
    }


def _json(path: Path) -> Any:
    return json.loads(path.read_text())

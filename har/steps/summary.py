"""What a run has to say at its end, as facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from har.data.channels import ChannelChoice
from har.data.cleaning import Cleaning
from har.data.left_out import LeftOut, LeftOutClasses
from har.evaluation.results.comparisons import Comparisons
from har.evaluation.results.scores import Metrics
from har.export.artifact import Builds
from har.steps import pins
from har.steps.run import Run

if TYPE_CHECKING:
    from har.registry.versions.decision import Decision
    from har.registry.versions.version import Version


# Of the changes that cleaning made, those that a run tells of.
COUNTED = ("duplicate_rows", "repeated_times", "gaps_filled", "gaps_split")


@dataclass(frozen=True)
class Outcome:
    """What became of a candidate: its version, and the gate's verdict with the reason."""

    model: str
    version: int
    candidate: str
    stage: str
    verdict: str
    reason: str

    @classmethod
    def of(cls, version: "Version", decision: "Decision") -> Self:
        """Return the outcome of a version that was judged."""
        beside = "Staging" if decision.displaces else "None"
        waits = decision.passed and version.stage == beside
        waiting = "waits for approval" if waits else ""
        return cls(
            model=version.model,
            version=version.number,
            candidate=version.candidate,
            stage=version.stage,
            verdict="passed" if decision.passed else "refused",
            reason="; ".join(filter(None, (decision.reason, decision.rivalry, waiting))),
        )


@dataclass(frozen=True)
class StepSummary:
    """Where a step's output is, whether it was in the store, and the seconds that it took."""

    step: str
    reused: bool
    seconds: float
    path: str


@dataclass(frozen=True)
class Summary:
    """The facts of a run, read from what its steps wrote.

    Attributes
    ----------
    pins : list of dict
        The ingestion of each data set that it used, as `har.steps.pins.describe` has them.
    data : dict of str to int
        Recordings and samples, and what cleaning changed.
    channels : str
        What the models read, and why.
    splits : dict of str to dict
        Subjects, windows and labelled windows, by split.
    left_out : dict of str to LeftOut
        Classes that no model learnt, though there are windows of them.
    models : dict of str to Metrics
        Scores on the test subjects, by candidate.
    comparisons : Comparisons
        Of the candidates.
    builds : list of Builds
        Of each candidate.
    versions : list of Outcome
        Of each candidate.
    report : str
        Path of the page.
    steps : list of StepSummary
        That are told of.
    """

    pins: list[dict[str, Any]]
    data: dict[str, int]
    channels: str
    splits: dict[str, dict[str, int]]
    left_out: Mapping[str, LeftOut]
    models: dict[str, Metrics]
    comparisons: Comparisons
    builds: list[Builds]
    versions: list[Outcome]
    report: str
    steps: list[StepSummary]


def summarise(run: Run, outcomes: Sequence[tuple["Version", "Decision"]]) -> Summary:
    """Return the facts of a run.

    Parameters
    ----------
    run : Run
        All of whose outputs are known.
    outcomes : sequence of (Version, Decision)
        Registered versions, each with the gate's decision.
    """
    names = run.recipe.candidates
    scored = run["evaluate"].path
    return Summary(
        pins=pins.describe(run.pins),
        data=_data(run["clean"].path),
        channels=ChannelChoice.beside(run["windows"].path).sentence,
        splits=_splits(run["windows"].path),
        left_out=LeftOutClasses.beside(run["windows"].path).classes,
        models={name: Metrics.read(scored / name) for name in names},
        comparisons=Comparisons.read(scored),
        builds=[Builds.read(run[f"export-{name}"].path) for name in names],
        versions=[Outcome.of(*outcome) for outcome in outcomes],
        report=str(run["report"].path / "report.html"),
        steps=[
            StepSummary(name, artifact.reused, artifact.seconds, str(artifact.path))
            for name, artifact in run.told.items()
        ],
    )


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

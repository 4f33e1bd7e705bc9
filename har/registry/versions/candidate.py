"""What is registered as one version: a model, its numbers, its builds and its origin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from har.config import Recipe
from har.evaluation.results.scores import Metrics
from har.export.artifact import Build, Builds
from har.lineage import digest
from har.lineage.journal import Begun
from har.lineage.manifest import Manifest
from har.lineage.record import EarlierRun
from har.measured import MEASURED
from har.models.record import TrainingRecord
from har.store import Artifact


@dataclass(frozen=True)
class Candidate:
    """A trained, evaluated and exported model.

    Attributes
    ----------
    name : str
        The model, as ``svm`` or ``encoder-small``.
    dataset : str
        The data set it was trained on.
    model : Path
        Training output: a Hugging Face directory, or a folder with a skops file.
    evaluation : Path
        ``metrics.json``, ``predictions.parquet`` and plots of this candidate.
    export : Path
        ONNX files and what `har.export.artifact` keeps beside them.
    report : Path or None
        Folder with ``report.html``.
    checks : Path
        What `har.registry.gate.checks` wrote.
    windows : Path
        The windows that it was trained and measured on.
    steps : dict
        All steps that it derives from, by name.
    recipe : Recipe
        What determined the result.
    pins : mapping of str to Artifact
        The ingestion of each data set that the run was pinned to.
    split : Path or None
        Who is in which split, and the proof that they are apart.
    environment : Path or None
        What was installed where it ran, the lock file, and what differed from the commit.
    begun : Begun or None
        What the run wrote down before its first step; None where it wrote nothing.
    earlier : mapping of str to EarlierRun
        The runs that made what it found.
    """

    name: str
    dataset: str
    model: Path
    evaluation: Path
    export: Path
    report: Path | None
    checks: Path
    windows: Path
    steps: dict[str, Artifact]
    recipe: Recipe
    pins: Mapping[str, Artifact] = field(default_factory=dict)
    split: Path | None = None
    environment: Path | None = None
    begun: Begun | None = None
    earlier: Mapping[str, EarlierRun] = field(default_factory=dict)

    def files(self, *parts: str) -> dict[str, Path]:
        """Return local files by their path in the MLflow run.

        Parameters
        ----------
        *parts : {"model", "onnx", "evaluation", "checks", "report", "split", "environment"}
            Folders of the run; none means all.
        """
        return {
            f"{part}/{path.relative_to(folder).as_posix()}": path
            for part, folder in self._folders.items()
            if not parts or part in parts
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != Manifest.FILE
        }

    @cached_property
    def digest(self) -> str:
        """What makes it one candidate: its name and the bytes of its files.

        Neither the report nor what a machine measured is part of it.
        """
        files = self.files("model", "onnx", "evaluation", "checks")
        contents = {n: digest.of_file(path) for n, path in files.items() if path.name != MEASURED}
        return digest.of_json({"name": self.name, "files": contents})

    @cached_property
    def metrics(self) -> Metrics:
        """Its scores on the test subjects."""
        return Metrics.read(self.evaluation)

    @cached_property
    def training(self) -> TrainingRecord:
        """What training recorded of itself."""
        return TrainingRecord.read(self.model)

    @cached_property
    def builds(self) -> Builds:
        """The builds of its export."""
        return Builds.read(self.export)

    @property
    def serving(self) -> Build:
        """The build that serves; fp32 where none passed its bounds (``passed`` is false)."""
        return self.builds.shipped

    @property
    def _folders(self) -> dict[str, Path]:
        folders = {
            "model": self.model,
            "onnx": self.export,
            "evaluation": self.evaluation,
            "checks": self.checks,
            "report": self.report,
            "split": self.split,
            "environment": self.environment,
        }
        return {part: folder for part, folder in folders.items() if folder}

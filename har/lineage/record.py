"""The lineage record of a model version: one in-toto statement with SLSA provenance.

========================  ===================================================
``subject``               every shipped file, with its SHA-256
``resolvedDependencies``  raw files, source code, lock file, base checkpoint
``externalParameters``    the settings
``runDetails``            builder, run, reports and metrics as by-products
``har_…``                 our own fields: steps, people, who ran it
========================  ===================================================

Formats: https://in-toto.io/Statement/v1 and https://slsa.dev/provenance/v1, whose
extension fields carry the vendor's prefix. A record is read with `Record.from_bytes`,
which refuses a wrong type and names where it is; fields that only a later `har` knows are
kept (`har.lineage.typed`). `SCHEMA_VERSION` is raised when a
field of ours changes its meaning; a new optional field does not raise it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, StrictBool, StrictInt, StrictStr

from har.errors import VerificationError
from har.lineage import digest
from har.lineage.typed import Number, Texts, Typed

SCHEMA_VERSION = 1
FILE = "lineage.json"
STATEMENT: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
PROVENANCE: Literal["https://slsa.dev/provenance/v1"] = "https://slsa.dev/provenance/v1"
BUILD_TYPE = f"urn:har:main-job:v{SCHEMA_VERSION}"


class Descriptor(Typed):
    """A file, or a state of code, by its digest (in-toto's ResourceDescriptor).

    Attributes
    ----------
    name : str
        POSIX path in the MLflow run, name of a source file, or ``commit``.
    digest : mapping of str to str
        By algorithm, as ``sha256``; empty where there is nothing to digest.
    annotations : mapping
        ``role``, and what belongs to it, as ``licence``.
    """

    name: StrictStr
    digest: Texts
    annotations: Mapping[StrictStr, Any] = {}

    @property
    def role(self) -> str:
        """What it was for the model, as ``raw data``; empty of a shipped file."""
        return str(self.annotations.get("role", ""))


class Step(Typed):
    """A step of the run, as the store has it.

    Attributes
    ----------
    key, content : str
        Digests of what determined it, and of its output.
    reused : bool
        Whether the output was in the store before the run.
    made_by : str
        The run that made it (`har.lineage.journal`); empty of an ingestion, and where nobody
        wrote it down.
    inputs : mapping of str to str
        Content of the steps that it read.
    params : mapping
        The settings that it read.
    code : str
        Digest of the code that it ran.
    libraries : mapping of str to str
        Versions of those that shape its output.
    created : str
        UTC.
    seconds : float
        That it took.
    """

    key: StrictStr
    content: StrictStr
    reused: StrictBool
    inputs: Texts
    params: Mapping[StrictStr, Any]
    code: StrictStr | Texts
    libraries: Texts
    created: StrictStr
    seconds: Number
    made_by: StrictStr = ""


class Cause(Typed):
    """What started a run, and why.

    Attributes
    ----------
    trigger : {"command", "deployment", "schedule", "program"}
        A person at a terminal, a Prefect deployment that somebody or a schedule started, or a
        program that calls the library.
    name : str
        The command line, or the name of the deployment.
    reason : str
        As it was given; empty where nobody was asked.
    """

    trigger: Literal["command", "deployment", "schedule", "program"]
    name: StrictStr
    reason: StrictStr = ""


class Pin(Typed):
    """The one ingestion of a data set that a run used.

    Attributes
    ----------
    ingestion : str
        Key of the ingestion.
    content : str
        Digest of its output.
    """

    ingestion: StrictStr
    content: StrictStr


class Checkpoint(Typed):
    """Weights that a model began from.

    Attributes
    ----------
    source : str
        A folder, a hub's id, or ``bundled``.
    revision : str
        Of the hub's repository; empty of a folder.
    licence : str
        As its source states it, or ``unknown``.
    files : mapping of str to str
        SHA-256 by name.
    people : tuple of str or ``"unknown"``
        The subjects whose data it has seen.
    """

    source: StrictStr
    revision: StrictStr
    licence: StrictStr
    files: Texts
    people: tuple[StrictStr, ...] | Literal["unknown"]


class ExternalParameters(Typed):
    """What somebody chose."""

    candidate: StrictStr
    dataset: StrictStr
    settings: Mapping[StrictStr, Any]


class BuildDefinition(Typed):
    """What determined the model."""

    build_type: StrictStr = Field(alias="buildType")
    external_parameters: ExternalParameters = Field(alias="externalParameters")
    internal_parameters: Mapping[StrictStr, Any] = Field(alias="internalParameters")
    dependencies: tuple[Descriptor, ...] = Field(alias="resolvedDependencies")


class Builder(Typed):
    """What built it: versions of Python, the platform and the libraries."""

    id: StrictStr
    version: Texts


class BuildMetadata(Typed):
    """When, UTC, and the MLflow run."""

    invocation_id: StrictStr = Field(alias="invocationId")
    started_on: StrictStr = Field(alias="startedOn")
    finished_on: StrictStr = Field(alias="finishedOn")


class RunDetails(Typed):
    """How it was built, and what came of it beside the model."""

    builder: Builder
    metadata: BuildMetadata
    byproducts: tuple[Descriptor, ...]


class Serving(Typed):
    """The ONNX build that serves; ``passed`` is false where none met its bounds."""

    name: StrictStr
    file: StrictStr
    sha256: StrictStr
    passed: StrictBool


class Run(Typed):
    """Who ran it, what started it, and the runs that it was part of.

    Attributes
    ----------
    who : str
        The account: user at host.
    mlflow_run : str
        That holds the version's files.
    prefect_flow_run : str or None
    id : str
        The run in its own journal; empty of a record of before there were journals.
    cause : Cause or None
        None as above.
    started : str
        UTC; empty as above.
    """

    who: StrictStr
    mlflow_run: StrictStr
    prefect_flow_run: StrictStr | None
    id: StrictStr = ""
    cause: Cause | None = None
    started: StrictStr = ""


class EarlierRun(Typed):
    """A run that made what a later one found in the store."""

    who: StrictStr
    cause: Cause
    started: StrictStr


class Split(Typed):
    """What one split holds.

    Attributes
    ----------
    subjects : tuple of str
    recordings : int
    windows : int
        With a label or without.
    labels : mapping of str to int
        Windows by activity, of those with a label.
    arrays : str
        Digest of the labelled windows' arrays, as MLflow has it of its data set.
    """

    subjects: tuple[StrictStr, ...]
    recordings: StrictInt
    windows: StrictInt
    labels: Mapping[StrictStr, StrictInt]
    arrays: StrictStr


class Predicate(Typed):
    """SLSA's provenance with our own fields.

    Attributes
    ----------
    people : mapping of str to tuple of str
        The subjects of each split, and those whom a base checkpoint has seen.
    pins : mapping of str to Pin
        By data set; empty of a record of before there were pins.
    checkpoints : tuple of Checkpoint
        Empty where the model began from none, or the record is one of before.
    channels : str
        What the model reads, and why; empty in records from before it was a choice.
    left_out : mapping of str to str
        Why, by class of the data that the model does not know.
    earlier : mapping of str to EarlierRun
        The runs that made the steps that were reused, as far as their journals are there.
    root : str
        Digest over all files of the version, by which claims speak of them
        (`har.lineage.signing`); empty in a record of before.
    splits : mapping of str to Split
        Empty in a record of before.
    hardware : mapping of str to str
        Processor, memory, GPU of the machine; empty of a record of before.
    """

    build: BuildDefinition = Field(alias="buildDefinition")
    details: RunDetails = Field(alias="runDetails")
    schema_version: StrictInt = Field(alias="har_schema")
    candidate_digest: StrictStr = Field(alias="har_candidate_digest")
    serving: Serving = Field(alias="har_serving")
    test_digest: StrictStr = Field(alias="har_test_digest")
    people: Mapping[StrictStr, tuple[StrictStr, ...]] = Field(alias="har_people")
    run: Run = Field(alias="har_run")
    steps: Mapping[StrictStr, Step] = Field(alias="har_steps")
    pins: Mapping[StrictStr, Pin] = Field(default={}, alias="har_pins")
    checkpoints: tuple[Checkpoint, ...] = Field(default=(), alias="har_checkpoints")
    channels: StrictStr = Field(default="", alias="har_channels")
    left_out: Texts = Field(default={}, alias="har_left_out")
    earlier: Mapping[StrictStr, EarlierRun] = Field(default={}, alias="har_earlier_runs")
    root: StrictStr = Field(default="", alias="har_root")
    splits: Mapping[StrictStr, Split] = Field(default={}, alias="har_splits")
    hardware: Texts = Field(default={}, alias="har_hardware")


class Record(Typed):
    """The whole statement."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Descriptor, ...]
    predicate_type: Literal["https://slsa.dev/provenance/v1"] = Field(alias="predicateType")
    predicate: Predicate

    @classmethod
    def from_bytes(cls, data: bytes, where: str = FILE) -> Self:
        """Read a record.

        Parameters
        ----------
        data : bytes
            As `to_bytes` returned them.
        where : str
            What it is called in errors.

        Raises
        ------
        VerificationError
            If it is no JSON, or a field is not there or has another type; it names the field.
        """
        try:
            content = json.loads(data)
        except ValueError as error:
            raise VerificationError(f"{where}: not JSON", found=str(error)) from None
        return cls.from_dict(content, where)

    def to_bytes(self) -> bytes:
        """Return its one canonical form."""
        return digest.canonical(self.to_dict())

    @property
    def files(self) -> dict[str, str]:
        """The SHA-256 of every shipped file and by-product, by its path in the MLflow run."""
        listed = (*self.subject, *self.predicate.details.byproducts)
        return {file.name: file.digest["sha256"] for file in listed}


def write_record(record: Record, folder: Path) -> str:
    """Write ``lineage.json`` in canonical form; return the digest of its bytes."""
    data = record.to_bytes()
    (folder / FILE).write_bytes(data)
    return digest.of_bytes(data)


def outline(record: Record) -> dict[str, dict[str, str]]:
    """Return a record as a short tree of texts, for people to read.

    Returns
    -------
    dict
        Headings, each with a mapping of names to short texts.
    """
    predicate = record.predicate
    build, details, run = predicate.build, predicate.details, predicate.run
    parameters = build.external_parameters
    tree = {
        "model": {
            "candidate": f"{parameters.candidate} on {parameters.dataset}",
            "serves": f"{predicate.serving.name}, {predicate.serving.sha256}",
            **({"reads": predicate.channels} if predicate.channels else {}),
        },
        "files": {file.name: _short(file) for file in record.subject},
        "made from": {f"{item.role}: {item.name}": _short(item) for item in build.dependencies},
        "data sets": {
            name: f"ingestion {pin.ingestion[:12]}, content {pin.content[:12]}"
            for name, pin in predicate.pins.items()
        },
        "checkpoints": {c.source: _began_from(c) for c in predicate.checkpoints},
        "people": {
            split: f"{len(subjects)}: {', '.join(subjects)}"
            for split, subjects in predicate.people.items()
        },
        "classes left out": dict(predicate.left_out),
        "steps": {
            name: f"{step.created}, {step.seconds} s, "
            f"content {step.content[:12]}, {'reused' if step.reused else 'made'}"
            for name, step in predicate.steps.items()
        },
        "run": {
            "who": run.who,
            "finished": details.metadata.finished_on,
            "MLflow run": run.mlflow_run,
            "Prefect flow run": run.prefect_flow_run or "none",
        },
    }
    return {heading: entries for heading, entries in tree.items() if entries}


def _began_from(checkpoint: Checkpoint) -> str:
    seen = checkpoint.people
    people = "people unknown" if seen == "unknown" else f"has seen {len(seen)} people"
    revision = f"revision {checkpoint.revision[:12]}, " if checkpoint.revision else ""
    return f"{revision}{len(checkpoint.files)} files, licence {checkpoint.licence}, {people}"


def _short(item: Descriptor) -> str:
    (kind, value), *_ = item.digest.items()
    dirty = ", with uncommitted changes" if item.annotations.get("dirty") else ""
    return f"{kind} {value[:12]}{dirty}"

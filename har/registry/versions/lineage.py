"""The lineage record of a candidate, with every digest taken from the bytes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from har.data.channels import ChannelChoice
from har.data.left_out import LeftOutClasses
from har.data.windows import Windows
from har.lineage import digest, origin, repository
from har.lineage.record import (
    BUILD_TYPE,
    PROVENANCE,
    SCHEMA_VERSION,
    STATEMENT,
    BuildDefinition,
    Builder,
    BuildMetadata,
    Checkpoint,
    Descriptor,
    ExternalParameters,
    Pin,
    Predicate,
    Record,
    Run,
    RunDetails,
    Serving,
    Split,
    Step,
)
from har.lineage.signing.folder import root_of
from har.models.checkpoint_files import CONFIG, WEIGHTS
from har.registry.versions.candidate import Candidate
from har.store import Artifact
from har.training.base import BaseCheckpoint

UNKNOWN: Literal["unknown"] = "unknown"


def build_record(candidate: Candidate, *, run_id: str, texts: Mapping[str, str]) -> Record:
    """Return the lineage record of a candidate.

    Parameters
    ----------
    candidate : Candidate
        The model with its numbers, builds and steps.
    run_id : str
        The MLflow run that registers it.
    texts : mapping of str to str
        What is written for the registry alone, as its model card, by name.
    """
    serving, details = candidate.serving, _details(candidate, run_id, texts)
    shipped = _descriptors(candidate.files("model", "onnx"))
    listed = (*shipped, *details.byproducts)
    return Record(
        type=STATEMENT,
        subject=shipped,
        predicate_type=PROVENANCE,
        predicate=Predicate(
            build=_definition(candidate),
            details=details,
            root=root_of({file.name: file.digest["sha256"] for file in listed}),
            schema_version=SCHEMA_VERSION,
            candidate_digest=candidate.digest,
            serving=Serving(**{name: getattr(serving, name) for name in Serving.model_fields}),
            test_digest=candidate.metrics.test_digest,
            people=_people(candidate),
            run=_run(candidate, run_id),
            steps={name: _step(candidate, step) for name, step in candidate.steps.items()},
            pins={
                name: Pin(ingestion=pinned.key, content=pinned.content)
                for name, pinned in candidate.pins.items()
            },
            checkpoints=tuple(began_from(candidate)),
            channels=ChannelChoice.beside(candidate.windows).sentence,
            left_out=LeftOutClasses.beside(candidate.windows).sentences,
            splits=_splits(candidate),
            earlier=candidate.earlier,
            hardware=candidate.begun.hardware if candidate.begun else origin.hardware(),
        ),
    )


def _run(candidate: Candidate, run_id: str) -> Run:
    begun = candidate.begun
    told = {"id": begun.run, "cause": begun.cause, "started": begun.time} if begun else {}
    return Run(
        who=origin.actor(),
        mlflow_run=run_id,
        prefect_flow_run=origin.prefect_flow_run(),
        **told,
    )


def _definition(candidate: Candidate) -> BuildDefinition:
    settings = candidate.recipe.model_dump(mode="json")
    return BuildDefinition(
        build_type=BUILD_TYPE,
        external_parameters=ExternalParameters(
            candidate=candidate.name, dataset=candidate.dataset, settings=settings
        ),
        internal_parameters={"seed": candidate.training.seed},
        dependencies=tuple(_dependencies(candidate)),
    )


def _details(candidate: Candidate, run_id: str, texts: Mapping[str, str]) -> RunDetails:
    now = origin.now_utc()
    beside = candidate.files("evaluation", "checks", "report", "split", "environment")
    started = min((step.manifest.created for step in candidate.steps.values()), default=now)
    return RunDetails(
        builder=Builder(id="urn:har:builder", version=origin.environment()),
        metadata=BuildMetadata(invocation_id=run_id, started_on=started, finished_on=now),
        byproducts=(
            *_descriptors(beside),
            *(_descriptor(name, text.encode()) for name, text in texts.items()),
        ),
    )


def _people(candidate: Candidate) -> dict[str, tuple[str, ...]]:
    """Return the subjects of each split, and those whom the base checkpoint has seen."""
    people = origin.people(candidate.windows)
    for checkpoint in began_from(candidate):
        if checkpoint.people != UNKNOWN:
            people["pretrain"] = list(checkpoint.people)
    return {split: tuple(subjects) for split, subjects in people.items()}


def _splits(candidate: Candidate) -> dict[str, Split]:
    """Return what each split holds."""
    windows = Windows.load(candidate.windows)
    found = {}
    for name, rows in windows.index.groupby("split", observed=True):
        labelled = windows.select(str(name))
        counts = np.bincount(labelled.y, minlength=len(windows.classes))
        found[str(name)] = Split(
            subjects=tuple(sorted(rows["subject_id"].unique())),
            recordings=int(rows["recording_id"].nunique()),
            windows=len(rows),
            labels={c: int(n) for c, n in zip(windows.classes, counts, strict=True)},
            arrays=labelled.digest,
        )
    return found


def _dependencies(candidate: Candidate) -> list[Descriptor]:
    dependencies: list[Descriptor] = []
    if ingested := candidate.steps.get("ingest"):
        dependencies += origin.raw_files(ingested.path, _ingested(candidate))
    dependencies += candidate.begun.code if candidate.begun else repository.code()
    dependencies += [
        Descriptor(
            name=f"pretrain/{WEIGHTS}",
            digest={"sha256": checkpoint.files[WEIGHTS]},
            annotations={"role": "base checkpoint"},
        )
        for checkpoint in began_from(candidate)
    ]
    return dependencies


def _ingested(candidate: Candidate) -> dict[str, dict[str, str]]:
    """Return when each data set was ingested, by which run, and where its source is."""
    return {
        name: {
            "ingested": pinned.manifest.created,
            **({"run": pinned.manifest.run} if pinned.manifest.run else {}),
        }
        for name, pinned in candidate.pins.items()
    }


def began_from(candidate: Candidate) -> list[Checkpoint]:
    """Return what the model began from, if that is not random weights."""
    step = candidate.steps.get("pretrain")
    if step is None:
        return []
    known = BaseCheckpoint.read(step.path)
    files = step.manifest.files
    return [
        Checkpoint(
            source=candidate.recipe.checkpoint_of(candidate.name) or "random weights",
            revision=known.revision or "",
            licence=known.licence or UNKNOWN,
            files={name: files[name].sha256 for name in (CONFIG, WEIGHTS)},
            people=UNKNOWN if known.people is None else tuple(sorted(known.people)),
        )
    ]


def _descriptors(files: Mapping[str, Path]) -> tuple[Descriptor, ...]:
    return tuple(_descriptor(name, files[name].read_bytes()) for name in sorted(files))


def _descriptor(name: str, data: bytes) -> Descriptor:
    sha256 = digest.of_bytes(data)
    return Descriptor(name=name, digest={"sha256": sha256}, annotations={"bytes": len(data)})


def _step(candidate: Candidate, step: Artifact) -> Step:
    manifest, begun = step.manifest, candidate.begun
    return Step(
        key=step.key,
        content=step.content,
        reused=manifest.run != begun.run if begun and manifest.run else step.reused,
        inputs=manifest.inputs,
        params=manifest.params,
        code=manifest.code,
        libraries=manifest.libraries,
        created=manifest.created,
        seconds=manifest.seconds,
        made_by=manifest.run,
    )

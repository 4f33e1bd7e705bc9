"""The lineage record of a candidate, with every digest taken from the bytes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from har.data.channels import ChannelChoice
from har.data.left_out import LeftOutClasses
from har.lineage import digest, origin
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
    Step,
)
from har.models.checkpoint_files import CONFIG, WEIGHTS
from har.registry.versions.candidate import Candidate
from har.store import Artifact
from har.training.base import BaseCheckpoint

UNKNOWN: Literal["unknown"] = "unknown"


def build_record(candidate: Candidate, *, run_id: str) -> Record:
    """Return the lineage record of a candidate.

    Parameters
    ----------
    candidate : Candidate
        The model with its numbers, builds and steps.
    run_id : str
        The MLflow run that registers it.
    """
    serving = candidate.serving
    return Record(
        type=STATEMENT,
        subject=_descriptors(candidate.files("model", "onnx")),
        predicate_type=PROVENANCE,
        predicate=Predicate(
            build=_definition(candidate),
            details=_details(candidate, run_id),
            schema_version=SCHEMA_VERSION,
            candidate_digest=candidate.digest,
            serving=Serving(**{name: getattr(serving, name) for name in Serving.model_fields}),
            test_digest=candidate.metrics.test_digest,
            people=_people(candidate),
            run=Run(
                who=origin.actor(), mlflow_run=run_id, prefect_flow_run=origin.prefect_flow_run()
            ),
            steps={name: _step(step) for name, step in candidate.steps.items()},
            pins={
                name: Pin(ingestion=pinned.key, content=pinned.content)
                for name, pinned in candidate.pins.items()
            },
            checkpoints=tuple(began_from(candidate)),
            channels=ChannelChoice.beside(candidate.windows).sentence,
            left_out=LeftOutClasses.beside(candidate.windows).sentences,
        ),
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


def _details(candidate: Candidate, run_id: str) -> RunDetails:
    now = origin.now_utc()
    started = min((step.manifest.created for step in candidate.steps.values()), default=now)
    return RunDetails(
        builder=Builder(id="urn:har:builder", version=origin.environment()),
        metadata=BuildMetadata(invocation_id=run_id, started_on=started, finished_on=now),
        byproducts=_descriptors(candidate.files("evaluation", "checks", "report")),
    )


def _people(candidate: Candidate) -> dict[str, tuple[str, ...]]:
    """Return the subjects of each split, and those whom the base checkpoint has seen."""
    people = origin.people(candidate.windows)
    for checkpoint in began_from(candidate):
        if checkpoint.people != UNKNOWN:
            people["pretrain"] = list(checkpoint.people)
    return {split: tuple(subjects) for split, subjects in people.items()}


def _dependencies(candidate: Candidate) -> list[Descriptor]:
    dependencies: list[Descriptor] = []
    if ingested := candidate.steps.get("ingest"):
        dependencies += origin.raw_files(ingested.path)
    dependencies += origin.code()
    dependencies += [
        Descriptor(
            name=f"pretrain/{WEIGHTS}",
            digest={"sha256": checkpoint.files[WEIGHTS]},
            annotations={"role": "base checkpoint"},
        )
        for checkpoint in began_from(candidate)
    ]
    return dependencies


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
    return tuple(
        Descriptor(name=name, digest={"sha256": digest.of_file(files[name])})
        for name in sorted(files)
    )


def _step(step: Artifact) -> Step:
    manifest = step.manifest
    return Step(
        key=step.key,
        content=step.content,
        reused=step.reused,
        inputs=manifest.inputs,
        params=manifest.params,
        code=manifest.code,
        libraries=manifest.libraries,
        created=manifest.created,
        seconds=manifest.seconds,
    )

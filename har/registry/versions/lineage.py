"""The lineage record of a candidate, with every digest taken from the bytes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from har.lineage import digest, origin
from har.lineage.record import (
    BUILD_TYPE,
    PROVENANCE,
    SCHEMA_VERSION,
    STATEMENT,
    BuildDefinition,
    Builder,
    BuildMetadata,
    Descriptor,
    ExternalParameters,
    Predicate,
    Record,
    Run,
    RunDetails,
    Serving,
    Step,
)
from har.registry.versions.candidate import Candidate
from har.store import Artifact


def build_record(candidate: Candidate, *, run_id: str) -> Record:
    """Return the lineage record of a candidate.

    Parameters
    ----------
    candidate : Candidate
        The model with its numbers, builds and steps.
    run_id : str
        The MLflow run that registers it.
    """
    manifests = {name: step.manifest for name, step in candidate.steps.items()}
    serving = candidate.serving
    return Record(
        type=STATEMENT,
        subject=_descriptors(candidate.files("model", "onnx")),
        predicate_type=PROVENANCE,
        predicate=Predicate(
            build=_definition(candidate),
            details=_details(candidate, run_id, manifests),
            schema_version=SCHEMA_VERSION,
            candidate_digest=candidate.digest,
            serving=Serving(**{name: serving[name] for name in Serving.model_fields}),
            test_digest=candidate.metrics["test_digest"],
            people=_people(candidate),
            run=Run(
                who=origin.actor(), mlflow_run=run_id, prefect_flow_run=origin.prefect_flow_run()
            ),
            steps={name: _step(step, manifests[name]) for name, step in candidate.steps.items()},
        ),
    )


def _definition(candidate: Candidate) -> BuildDefinition:
    settings = candidate.recipe.model_dump(mode="json", exclude={"store", "registry"})
    return BuildDefinition(
        build_type=BUILD_TYPE,
        external_parameters=ExternalParameters(
            candidate=candidate.name, dataset=candidate.dataset, settings=settings
        ),
        internal_parameters={"seed": candidate.training.get("seed")},
        dependencies=tuple(_dependencies(candidate)),
    )


def _details(
    candidate: Candidate, run_id: str, manifests: Mapping[str, Mapping[str, Any]]
) -> RunDetails:
    now = origin.now_utc()
    started = min((manifest["created"] for manifest in manifests.values()), default=now)
    return RunDetails(
        builder=Builder(id="urn:har:builder", version=origin.environment()),
        metadata=BuildMetadata(invocation_id=run_id, started_on=started, finished_on=now),
        byproducts=_descriptors(candidate.files("evaluation", "checks", "report")),
    )


def _people(candidate: Candidate) -> dict[str, tuple[str, ...]]:
    """Return the subjects of each split, and those whom the base checkpoint has seen."""
    people = origin.people(candidate.windows)
    if pretrained := candidate.steps.get("pretrain"):
        seen = json.loads((pretrained.path / "training.json").read_text())
        people["pretrain"] = sorted(seen["subjects"])
    return {split: tuple(subjects) for split, subjects in people.items()}


def _dependencies(candidate: Candidate) -> list[Descriptor]:
    dependencies: list[Descriptor] = []
    if ingested := candidate.steps.get("ingest"):
        dependencies += origin.raw_files(ingested.path)
    dependencies += origin.code()
    if pretrained := candidate.steps.get("pretrain"):
        weights = pretrained.path / "model.safetensors"
        dependencies.append(
            Descriptor(
                name=f"pretrain/{weights.name}",
                digest={"sha256": digest.of_file(weights)},
                annotations={"role": "base checkpoint"},
            )
        )
    return dependencies


def _descriptors(files: Mapping[str, Path]) -> tuple[Descriptor, ...]:
    return tuple(
        Descriptor(name=name, digest={"sha256": digest.of_file(files[name])})
        for name in sorted(files)
    )


def _step(step: Artifact, manifest: Mapping[str, Any]) -> Step:
    recorded = ("inputs", "params", "code", "libraries", "created", "seconds")
    return Step(
        key=step.key,
        content=step.content,
        reused=step.reused,
        **{name: manifest[name] for name in recorded},
    )

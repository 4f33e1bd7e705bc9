"""The lineage record of a model version: one in-toto statement with SLSA provenance.

======================  =====================================================
``subject``             every shipped file, with its SHA-256
``resolvedDependencies``  raw files, source code, lock file, base checkpoint
``externalParameters``  the settings
``runDetails``          builder, run, reports and metrics as by-products
``har_…``               our own fields: steps, people, who ran it
======================  =====================================================

Formats: https://in-toto.io/Statement/v1 and https://slsa.dev/provenance/v1, whose
extension fields carry the vendor's prefix. `SCHEMA_VERSION` is raised when a field of
ours changes its meaning.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har.lineage import digest, origin

if TYPE_CHECKING:
    from har.registry.versions.candidate import Candidate
    from har.store import Artifact

SCHEMA_VERSION = 1
FILE = "lineage.json"
STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = f"urn:har:main-job:v{SCHEMA_VERSION}"

Record = dict[str, Any]


def build_record(candidate: "Candidate", *, run_id: str) -> Record:
    """Return the lineage record of a candidate, with digests taken from the bytes.

    Parameters
    ----------
    candidate : Candidate
        The model with its numbers, builds and steps.
    run_id : str
        The MLflow run that registers it.
    """
    manifests = {name: step.manifest for name, step in candidate.steps.items()}
    created = sorted(m["created"] for m in manifests.values())
    now = origin.now_utc()
    settings = candidate.recipe.model_dump(mode="json", exclude={"store", "registry"})
    return {
        "_type": STATEMENT,
        "subject": _descriptors(candidate.files("model", "onnx")),
        "predicateType": PROVENANCE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "candidate": candidate.name,
                    "dataset": candidate.dataset,
                    "settings": settings,
                },
                "internalParameters": {"seed": candidate.training.get("seed")},
                "resolvedDependencies": _dependencies(candidate),
            },
            "runDetails": {
                "builder": {"id": "urn:har:builder", "version": origin.environment()},
                "metadata": {
                    "invocationId": run_id,
                    "startedOn": created[0] if created else now,
                    "finishedOn": now,
                },
                "byproducts": _descriptors(candidate.files("evaluation", "checks", "report")),
            },
            **_own_fields(candidate, run_id, manifests),
        },
    }


def write_record(record: Record, folder: Path) -> str:
    """Write ``lineage.json`` in canonical form; return the digest of its bytes."""
    data = digest.canonical(record)
    (folder / FILE).write_bytes(data)
    return digest.of_bytes(data)


def outline(record: Record) -> dict[str, Any]:
    """Return a record as a short tree of texts, for people to read.

    Returns
    -------
    dict
        Headings, each with a mapping of names to short texts.
    """
    predicate = record["predicate"]
    definition, details = predicate["buildDefinition"], predicate["runDetails"]
    parameters = definition["externalParameters"]
    run = {
        "who": predicate["har_run"]["who"],
        "finished": details["metadata"]["finishedOn"],
        "MLflow run": predicate["har_run"]["mlflow_run"],
        "Prefect flow run": predicate["har_run"]["prefect_flow_run"] or "none",
    }
    return {
        "model": {
            "candidate": f"{parameters['candidate']} on {parameters['dataset']}",
            "serves": f"{predicate['har_serving']['name']}, {predicate['har_serving']['sha256']}",
        },
        "files": {item["name"]: _short(item) for item in record["subject"]},
        "made from": {
            f"{item['annotations']['role']}: {item['name']}": _short(item)
            for item in definition["resolvedDependencies"]
        },
        "people": {
            split: f"{len(subjects)}: {', '.join(subjects)}"
            for split, subjects in predicate["har_people"].items()
        },
        "steps": {
            name: f"{step['created']}, {step['seconds']} s, "
            f"content {step['content'][:12]}, {'reused' if step['reused'] else 'made'}"
            for name, step in predicate["har_steps"].items()
        },
        "run": run,
    }


def _own_fields(
    candidate: "Candidate", run_id: str, manifests: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    serving = candidate.serving
    return {
        "har_schema": SCHEMA_VERSION,
        "har_candidate_digest": candidate.digest,
        "har_serving": {key: serving[key] for key in ("name", "file", "sha256", "passed")},
        "har_test_digest": candidate.metrics["test_digest"],
        "har_people": {**origin.people(candidate.windows), **_pretrained_on(candidate)},
        "har_run": {
            "who": origin.actor(),
            "mlflow_run": run_id,
            "prefect_flow_run": origin.prefect_flow_run(),
        },
        "har_steps": {name: _step(step, manifests[name]) for name, step in candidate.steps.items()},
    }


def _pretrained_on(candidate: "Candidate") -> dict[str, list[str]]:
    """Return the subjects whom the base checkpoint has seen, where there is one."""
    if pretrained := candidate.steps.get("pretrain"):
        seen = json.loads((pretrained.path / "training.json").read_text())
        return {"pretrain": sorted(seen["subjects"])}
    return {}


def _dependencies(candidate: "Candidate") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if ingested := candidate.steps.get("ingest"):
        found += origin.raw_files(ingested.path)
    found += origin.code()
    if pretrained := candidate.steps.get("pretrain"):
        weights = pretrained.path / "model.safetensors"
        found.append(
            {
                "name": f"pretrain/{weights.name}",
                "digest": {"sha256": digest.of_file(weights)},
                "annotations": {"role": "base checkpoint"},
            }
        )
    return found


def _descriptors(files: Mapping[str, Path]) -> list[dict[str, Any]]:
    return [
        {"name": name, "digest": {"sha256": digest.of_file(files[name])}} for name in sorted(files)
    ]


def _step(step: "Artifact", manifest: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("inputs", "params", "code", "libraries", "created", "seconds")
    recorded = {key: manifest[key] for key in keys}
    return {"key": step.key, "content": step.content, "reused": step.reused, **recorded}


def _short(item: Mapping[str, Any]) -> str:
    (kind, value), *_ = item["digest"].items()
    dirty = ", with uncommitted changes" if item.get("annotations", {}).get("dirty") else ""
    return f"{kind} {value[:12]}{dirty}"

"""One MLflow run that holds all of a candidate, and the version made of it.

The run carries the candidate's digest from its first moment and the version is made
last, with all its tags at once. So a version is whole, and an unfinished run without a
version is what a kill left behind.

Everything is logged by the run's id, through the handle's client: neither a run that is
active in this process nor a variable that names one (`MLFLOW_RUN_ID`) is written to.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version as installed
from pathlib import Path, PurePosixPath

import mlflow.onnx
import numpy as np
import onnx
from mlflow import MlflowClient
from mlflow.data.numpy_dataset import from_numpy
from mlflow.data.sources import LocalArtifactDatasetSource  # type: ignore[attr-defined]
from mlflow.entities import (
    DatasetInput,
    InputTag,
    LoggedModel,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
)
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.types import Schema, TensorSpec
from mlflow.utils.mlflow_tags import (
    MLFLOW_DATASET_CONTEXT,
    MLFLOW_RUN_NOTE,
    MLFLOW_SOURCE_NAME,
    MLFLOW_USER,
)
from onnx import helper

from har.data.windows import Windows
from har.errors import VerificationError
from har.evaluation.results.scores import Metrics
from har.lineage import digest
from har.lineage.record import FILE, Record, write_record
from har.lineage.signing.folder import SIGNATURE
from har.registry.handle import Registry
from har.registry.versions import facts
from har.registry.versions.candidate import Candidate
from har.registry.versions.card import write_card
from har.registry.versions.leftovers import remove_leftovers
from har.registry.versions.lineage import build_record
from har.registry.versions.signature import claim, sign
from har.registry.versions.version import CARD, LINEAGE_DIGEST, REGISTERED

_CONTEXTS = {"train": "training", "validation": "validation", "test": "test"}


def make_version(registry: Registry, candidate: Candidate) -> ModelVersion:
    """Log a candidate in a new run and make a version of it.

    Parameters
    ----------
    registry : Registry
        The model that gets a version.
    candidate : Candidate
        What to register.

    Raises
    ------
    VerificationError
        If the serving build is not the file that was measured.
    """
    client = registry.writer
    experiment = registry.experiment_id(f"har/{candidate.dataset}")
    remove_leftovers(registry, experiment, candidate.digest)
    _require_model(client, registry.model)
    with _new_run(registry, experiment, candidate) as run:
        model = _begin_model(client, candidate, run)
        _log_numbers(client, candidate, model)
        _log_data(client, candidate, run)
        lineage_digest = _log_files(registry, candidate, run)
        _log_model(client, candidate, model, lineage_digest)
        return _make(registry, candidate, model, lineage_digest)


@contextmanager
def _new_run(registry: Registry, experiment: str, candidate: Candidate) -> Iterator[Run]:
    """Make a run of an experiment for the time of a block, which decides how it ends."""
    client = registry.writer
    tags = {
        "har.candidate": candidate.name,
        "har.candidate_digest": candidate.digest,
        MLFLOW_USER: registry.identity,
        MLFLOW_SOURCE_NAME: "har",
    }
    run = client.create_run(experiment, tags=tags, run_name=_run_name(candidate))
    try:
        yield run
    except BaseException:
        client.set_terminated(run.info.run_id, "FAILED")
        raise
    client.set_terminated(run.info.run_id, "FINISHED")


def _make(
    registry: Registry, candidate: Candidate, model: LoggedModel, lineage_digest: str
) -> ModelVersion:
    macro_f1 = candidate.metrics.macro_f1
    return registry.writer.create_model_version(
        registry.model,
        # Not `models:/<id>`, which MLflow would look up in the registry of the whole process.
        model.artifact_location,
        model.source_run_id,
        tags=facts.version_tags(candidate, lineage_digest),
        description=f"{candidate.name} on {candidate.dataset}, test macro-F1 {macro_f1:.4f}",
        model_id=model.model_id,
    )


def _begin_model(client: MlflowClient, candidate: Candidate, run: Run) -> LoggedModel:
    """Make the logged model that a run gives; it has no files yet."""
    model = client.create_logged_model(
        run.info.experiment_id,
        name=f"{candidate.name}-{candidate.serving.name}",
        source_run_id=run.info.run_id,
        params=facts.params(candidate),
    )
    client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
    return model


def _log_numbers(client: MlflowClient, candidate: Candidate, model: LoggedModel) -> None:
    """Log numbers of a run, and as its model's: MLflow would give them to an active one."""
    run_id, now = str(model.source_run_id), int(1000 * time.time())
    values = [(name, value, 0) for name, value in facts.metrics(candidate).items()]
    metrics = [
        Metric(name, value, now, step, model_id=model.model_id, run_id=run_id)
        for name, value, step in (*values, *facts.curves(candidate))
    ]
    params = [Param(name, value) for name, value in facts.params(candidate).items()]
    client.log_batch(run_id, params=params, metrics=metrics, synchronous=True)


def _log_data(client: MlflowClient, candidate: Candidate, run: Run) -> None:
    """Log the labelled windows of each split, under the digest of their content."""
    windows = Windows.load(candidate.windows)
    inputs = []
    for split, context in _CONTEXTS.items():
        part = windows.select(split)
        if not len(part.y):
            continue
        sha256 = part.digest
        data = from_numpy(
            part.X,
            targets=part.y,
            source=LocalArtifactDatasetSource(candidate.windows.as_posix()),
            name=f"{candidate.dataset}-{split}",
            digest=sha256[:32],
        )
        tags = {MLFLOW_DATASET_CONTEXT: context, "har.sha256": sha256}
        entity = data._to_mlflow_entity()
        inputs.append(DatasetInput(entity, [InputTag(*tag) for tag in tags.items()]))
    client.log_inputs(run.info.run_id, inputs)


def _log_files(registry: Registry, candidate: Candidate, run: Run) -> str:
    """Log every file, the signature and the lineage record; return the record's digest."""
    client, run_id = registry.writer, run.info.run_id
    for name, path in candidate.files().items():
        client.log_artifact(run_id, str(path), str(PurePosixPath(name).parent))
    card = write_card(candidate)
    texts = {CARD: card, REGISTERED: facts.registered(candidate)}
    for name, text in texts.items():
        client.log_text(run_id, text, name)
    client.set_tag(run_id, MLFLOW_RUN_NOTE, card, synchronous=True)
    record = build_record(candidate, run_id=run_id, texts=texts)
    with tempfile.TemporaryDirectory() as folder:
        if signature := sign(registry, candidate.files(), texts):
            (Path(folder) / SIGNATURE).write_bytes(signature)
        sha256 = write_record(record, Path(folder))
        client.log_artifacts(run_id, folder)
    client.set_tag(run_id, LINEAGE_DIGEST, sha256, synchronous=True)
    _claim(registry, candidate, run_id, record, sha256)
    return sha256


def _claim(
    registry: Registry, candidate: Candidate, run_id: str, record: Record, sha256: str
) -> None:
    """Sign what is known of a version from its first day: its lineage, and its scores."""
    root, name = record.predicate.root, f"{registry.model}: {candidate.name}"
    claim(registry, run_id, "lineage", name, root, {FILE: sha256})
    metrics = f"evaluation/{Metrics.FILE}"
    said = {"file": metrics, "sha256": record.files[metrics], "scores": facts.metrics(candidate)}
    claim(registry, run_id, "evaluation", name, root, said)


def _log_model(
    client: MlflowClient, candidate: Candidate, logged: LoggedModel, lineage_digest: str
) -> None:
    """Log the serving build with the ONNX flavour."""
    serving = candidate.serving
    model = onnx.load(candidate.export / serving.file)
    # MLflow writes the file anew: what it will write must be what was measured.
    if (found := digest.of_bytes(model.SerializeToString())) != serving.sha256:
        raise VerificationError(
            f"{serving.file}: not the file that was measured",
            expected=f"SHA-256 {serving.sha256}",
            found=f"SHA-256 {found} when written again",
            hint="export it again",
        )
    with tempfile.TemporaryDirectory() as folder:
        _save_model(model, f"{folder}/model", candidate, logged, lineage_digest)
        client.log_model_artifacts(logged.model_id, f"{folder}/model")
    client.finalize_logged_model(logged.model_id, "READY")


def _save_model(
    model: onnx.ModelProto,
    folder: str,
    candidate: Candidate,
    logged: LoggedModel,
    lineage_digest: str,
) -> None:
    """Write an ONNX file as MLflow's flavour, with its signature and an example."""
    mlflow.onnx.save_model(
        model,
        folder,
        mlflow_model=Model(
            run_id=logged.source_run_id, model_uuid=logged.model_id, model_id=logged.model_id
        ),
        signature=_signature(model),
        input_example=_example(candidate),
        pip_requirements=[f"{p}=={installed(p)}" for p in ("mlflow", "numpy", "onnxruntime")],
        onnx_execution_providers=["CPUExecutionProvider"],
        save_as_external_data=False,
        metadata={"lineage_digest": lineage_digest, **_metadata(model)},
    )


def _signature(model: onnx.ModelProto) -> ModelSignature:
    """Return what the graph takes and gives; only the number of windows varies."""
    inputs, outputs = (
        Schema([_tensor(value) for value in values])
        for values in (model.graph.input, model.graph.output)
    )
    return ModelSignature(inputs=inputs, outputs=outputs)


def _tensor(value: onnx.ValueInfoProto) -> TensorSpec:
    tensor = value.type.tensor_type
    _, *shape = (dimension.dim_value or -1 for dimension in tensor.shape.dim)
    return TensorSpec(helper.tensor_dtype_to_np_dtype(tensor.elem_type), (-1, *shape), value.name)


def _example(candidate: Candidate) -> dict[str, np.ndarray]:
    """Return one test window, shape (1, n_samples, n_channels)."""
    return {"windows": np.array(Windows.load(candidate.windows).select("test").X[:1])}


def _metadata(model: onnx.ModelProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in model.metadata_props}


def _run_name(candidate: Candidate) -> str:
    return f"{candidate.name}-{candidate.dataset}-{candidate.digest[:8]}"


def _require_model(client: MlflowClient, name: str) -> None:
    about = "Activities from windows of acceleration and, where measured, angular velocity"
    try:
        client.create_registered_model(name, description=about)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise

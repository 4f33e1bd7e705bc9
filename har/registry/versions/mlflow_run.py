"""One MLflow run that holds all of a candidate, and the version made of it.

The run carries the candidate's digest from its first moment and the version is made
last, with all its tags at once. So a version is whole, and an unfinished run without a
version is what a kill left behind.
"""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version as installed
from pathlib import Path, PurePosixPath

import mlflow
import mlflow.onnx
import numpy as np
import onnx
from mlflow import MlflowClient
from mlflow.data.numpy_dataset import from_numpy
from mlflow.data.sources import LocalArtifactDatasetSource  # type: ignore[attr-defined]
from mlflow.entities import Metric
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
from onnx import helper

from har.data.windows import Windows
from har.errors import VerificationError
from har.lineage import digest
from har.lineage.record import write_record
from har.registry.handle import Registry
from har.registry.versions import facts
from har.registry.versions.candidate import Candidate
from har.registry.versions.card import write_card
from har.registry.versions.leftovers import remove_leftovers
from har.registry.versions.lineage import build_record

_CONTEXTS = {"train": "training", "validation": "validation", "test": "test"}
_VARIABLE = "MLFLOW_TRACKING_URI"
_ONE_URI = threading.Lock()


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
    client = registry.client
    experiment = registry.experiment_id(f"har/{candidate.dataset}")
    remove_leftovers(client, experiment, candidate.digest)
    _require_model(client, registry.model)
    tags = {"har.candidate": candidate.name, "har.candidate_digest": candidate.digest}
    with (
        _global_uri(client.tracking_uri),
        mlflow.start_run(experiment_id=experiment, run_name=_run_name(candidate), tags=tags) as run,
    ):
        run_id = run.info.run_id
        _log_numbers(client, candidate, run_id)
        _log_data(candidate)
        lineage_digest = _log_files(candidate, run_id)
        model_id = _log_model(candidate, lineage_digest)
        return _make(registry, candidate, run_id, model_id, lineage_digest)


def _make(
    registry: Registry, candidate: Candidate, run_id: str, model_id: str, lineage_digest: str
) -> ModelVersion:
    macro_f1 = candidate.metrics.macro_f1
    return registry.client.create_model_version(
        registry.model,
        f"models:/{model_id}",
        run_id,
        tags=facts.version_tags(candidate, lineage_digest),
        description=f"{candidate.name} on {candidate.dataset}, test macro-F1 {macro_f1:.4f}",
        model_id=model_id,
    )


def _log_numbers(client: MlflowClient, candidate: Candidate, run_id: str) -> None:
    now = int(1000 * time.time())
    mlflow.log_params(facts.params(candidate))
    mlflow.log_metrics(facts.metrics(candidate))
    steps = [Metric(name, value, now, step) for name, value, step in facts.curves(candidate)]
    client.log_batch(run_id, metrics=steps)


def _log_data(candidate: Candidate) -> None:
    """Log the labelled windows of each split, under the digest of their content."""
    windows = Windows.load(candidate.windows)
    for split, context in _CONTEXTS.items():
        part = windows.select(split)
        if not len(part.y):
            continue
        sha256 = digest.of_mapping({"X": digest.of_array(part.X), "y": digest.of_array(part.y)})
        data = from_numpy(
            part.X,
            targets=part.y,
            source=LocalArtifactDatasetSource(str(candidate.windows.resolve())),
            name=f"{candidate.dataset}-{split}",
            digest=sha256[:32],
        )
        mlflow.log_input(data, context=context, tags={"har.sha256": sha256})


def _log_files(candidate: Candidate, run_id: str) -> str:
    """Log every file, the model card and the lineage record; return the record's digest."""
    for name, path in candidate.files().items():
        mlflow.log_artifact(str(path), str(PurePosixPath(name).parent))
    card = write_card(candidate)
    mlflow.log_text(card, "model-card.md")
    mlflow.set_tag("mlflow.note.content", card)
    with tempfile.TemporaryDirectory() as folder:
        sha256 = write_record(build_record(candidate, run_id=run_id), Path(folder))
        mlflow.log_artifacts(folder)
    mlflow.set_tag("har.lineage_digest", sha256)
    return sha256


def _log_model(candidate: Candidate, lineage_digest: str) -> str:
    """Log the serving build with the ONNX flavour; return the model's id."""
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
    info = mlflow.onnx.log_model(
        model,
        name=f"{candidate.name}-{serving.name}",
        signature=_signature(model),
        input_example=_example(candidate),
        pip_requirements=[f"{p}=={installed(p)}" for p in ("mlflow", "numpy", "onnxruntime")],
        onnx_execution_providers=["CPUExecutionProvider"],
        save_as_external_data=False,
        metadata={"lineage_digest": lineage_digest, **_metadata(model)},
    )
    return str(info.model_id)


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
    about = "Activities from windows of acceleration and angular velocity"
    try:
        client.create_registered_model(name, description=about)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


@contextmanager
def _global_uri(uri: str) -> Iterator[None]:
    """Point MLflow's module-level functions at a server, one at a time, and back afterwards."""
    with _ONE_URI:
        # MLflow keeps the URI in this variable too, and would leave ours in it.
        named = os.environ.get(_VARIABLE)
        mlflow.set_tracking_uri(uri)
        try:
            yield
        finally:
            mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
            if named is not None:
                os.environ[_VARIABLE] = named

"""Registration and reading: on the local database and on a real server."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from support import Setup, opened

from har.data.windows import Windows
from har.errors import MissingError, VerificationError
from har.export.artifact import Builds, Latency
from har.lineage import digest
from har.registry.versions.facts import curves
from har.registry.versions.files import fetch
from har.registry.versions.lookup import find, list_versions
from har.registry.versions.registration import register

PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin", ".ckpt")


def test_register_once(settings: Setup, make_candidate, capfd) -> None:
    """The same candidate is found again, without a word of MLflow's."""
    candidate = make_candidate()
    version = register(opened(settings), candidate)
    assert register(opened(settings), candidate) == version
    assert capfd.readouterr() == ("", "")
    assert [v.number for v in list_versions(opened(settings))] == [1]
    assert (version.stage, version.aliases, version.gate) == ("None", (), None)
    assert (version.candidate, version.serving) == ("encoder-small", "int8-dynamic")
    assert version.macro_f1 == candidate.metrics.macro_f1


def test_run(settings: Setup, make_candidate) -> None:
    """The run shows parameters, metrics, curves by epoch and the data sets."""
    version = register(opened(settings), make_candidate())
    client = opened(settings).client
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test_macro_f1"] == pytest.approx(version.macro_f1)
    assert run.data.metrics["int8-dynamic/latency_ms"] == pytest.approx(0.1)
    assert run.data.params["window.rate_hz"] == "50.0"
    tags = [{tag.key: tag.value for tag in i.tags} for i in run.inputs.dataset_inputs]
    contexts = {tag["mlflow.data.context"] for tag in tags}
    assert contexts == {"training", "validation", "test"}
    assert len({tag["har.sha256"] for tag in tags}) == 3
    for name, epochs in {"finetune/train_loss": [1, 2, 3], "pretrain/loss": [1, 2]}.items():
        history = client.get_metric_history(version.run_id, name)
        assert sorted({metric.step for metric in history}) == epochs


def test_a_checkpoint_of_others_has_no_learning_curve(make_candidate, origin_steps) -> None:
    """Only a pretraining of ours comes with its course."""
    candidate = replace(make_candidate(), steps={"pretrain": origin_steps["ingest"]})
    assert {name.partition("/")[0] for name, *_ in curves(candidate)} == {"finetune"}


def test_logged_files(settings: Setup, make_candidate, tmp_path: Path) -> None:
    """Every file of the candidate is in the run, byte for byte, and none is a pickle."""
    candidate = make_candidate()
    version = register(opened(settings), candidate)
    (tmp_path / "run").mkdir()
    client = opened(settings).client
    run = Path(client.download_artifacts(version.run_id, "", str(tmp_path / "run")))
    logged = digest.of_folder(run)
    for name, path in candidate.files().items():
        assert logged[name] == digest.of_file(path)
    assert {"model-card.md", "lineage.json"} <= set(logged)
    assert not [name for name in logged if name.endswith(PICKLES)]
    assert f"{version.macro_f1:.4f}" in (run / "model-card.md").read_text()


def test_logged_model(
    settings: Setup, make_candidate, windows_folder: Path, tmp_path: Path
) -> None:
    """The MLflow model is the measured ONNX file, with signature, example and no pickle."""
    import mlflow
    from mlflow.models import Model

    version = register(opened(settings), make_candidate())
    client = opened(settings).client
    uri = client.get_model_version_download_uri(version.model, str(version.number))
    folder = Path(
        mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path), tracking_uri=_uri(client))
    )
    names = digest.of_folder(folder)
    assert names["model.onnx"] == version.tags["har.onnx_sha256"]
    assert not [name for name in names if name.endswith(PICKLES)]
    model = Model.load(str(folder))
    assert "python_function" in model.flavors
    assert set(model.flavors["python_function"]["env"]) == {"conda", "virtualenv"}
    assert model.flavors["onnx"]["providers"] == ["CPUExecutionProvider"]
    assert model.signature.inputs.to_dict()[0]["tensor-spec"]["shape"] == (-1, 128, 6)
    outputs = {o["name"]: o["tensor-spec"]["shape"] for o in model.signature.outputs.to_dict()}
    assert outputs == {"probabilities": (-1, 3), "distance": (-1,)}
    X = Windows.load(windows_folder).select("test").X[:5]
    found = mlflow.pyfunc.load_model(str(folder)).predict({"windows": np.array(X)})
    assert {name: values.shape for name, values in found.items()} == {
        "probabilities": (5, 3),
        "distance": (5,),
    }
    requirements = (folder / "requirements.txt").read_text().split()
    assert all("==" in line for line in requirements)


def test_fetch(settings: Setup, make_candidate, windows_folder: Path, tmp_path: Path) -> None:
    """The fetched file predicts, is found again, and is replaced when it was damaged."""
    candidate = make_candidate()
    version = register(opened(settings), candidate)
    path = fetch(opened(settings), version)
    test = Windows.load(windows_folder).select("test")
    (proba,) = ort.InferenceSession(path).run(["probabilities"], {"windows": test.X[:4]})
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-5)
    before = path.stat().st_mtime_ns
    assert fetch(opened(settings), version).stat().st_mtime_ns == before
    path.write_bytes(b"damaged")
    assert digest.of_file(fetch(opened(settings), version)) == candidate.serving.sha256
    assert fetch(opened(settings), version, tmp_path / "mine") == tmp_path / "mine" / "model.onnx"
    assert [p.name for p in path.parent.iterdir()] == ["model.onnx"]


def test_fetch_refuses_other_bytes(local: Setup, make_candidate) -> None:
    """A file that was changed in the registry is not handed out."""
    version = register(opened(local), make_candidate())
    client = opened(local).client
    uri = client.get_model_version_download_uri(version.model, str(version.number))
    Path(uri.removeprefix("file://"), "model.onnx").write_bytes(b"changed")
    with pytest.raises(VerificationError, match="bytes are not the registered ones"):
        fetch(opened(local), version)
    assert not list(local.store.glob("onnx/*/*"))


def test_register_refuses_an_exchanged_build(local: Setup, make_candidate) -> None:
    """A build that is not the measured one is refused, and nothing is registered."""
    candidate = make_candidate()
    path = candidate.export / candidate.serving.file
    path.write_bytes((candidate.export / "model-fp32.onnx").read_bytes())
    with pytest.raises(VerificationError, match="not the file that was measured"):
        register(opened(local), candidate)
    assert list_versions(opened(local)) == []


def test_measured_again_it_is_the_same_candidate(local: Setup, make_candidate) -> None:
    """A model that was exported again on a busier machine is found, not registered anew."""
    candidate = make_candidate()
    version = register(opened(local), candidate)
    builds = candidate.builds
    slower = [replace(build, latency=Latency(5, 6)) for build in builds.builds]
    Builds.judge(candidate.name, slower, builds.bounds).write(candidate.export)
    again = replace(candidate)
    assert again.builds != builds
    assert register(opened(local), again).number == version.number


def test_no_build_passed(local: Setup, make_candidate) -> None:
    """Where no build met its bounds, fp32 is registered and marked."""
    candidate = make_candidate(failures=("probability gap 0.3 > 0.15",))
    version = register(opened(local), candidate)
    assert version.serving == "fp32"
    assert version.tags["har.serving_passed"] == "false"


def test_find(local: Setup, make_candidate) -> None:
    """A version is found by number and stage; what is not there is named with what is."""
    with pytest.raises(MissingError, match="no version at all"):
        find(opened(local), "champion")
    version = register(opened(local), make_candidate("svm"))
    assert find(opened(local), "1") == find(opened(local), "none") == version
    with pytest.raises(MissingError, match="expected: one of 1, None"):
        find(opened(local), "champion")


def test_other_candidate_is_another_version(local: Setup, make_candidate) -> None:
    """Other bytes are another version."""
    first = register(opened(local), make_candidate())
    second = register(opened(local), make_candidate(errors=3))
    assert (first.number, second.number) == (1, 2)
    assert [v.number for v in list_versions(opened(local))] == [2, 1]


def test_url(settings: Setup, make_candidate) -> None:
    """A server has a page for the version, a database has none."""
    version = register(opened(settings), make_candidate("svm"))
    uri = settings.registry.tracking_uri
    expected = f"{uri}/#/models/{version.model}/versions/1" if uri else None
    assert version.url == expected


def test_artifacts_beside_the_database(local: Setup, make_candidate) -> None:
    """The local registry keeps its files in mlruns/, wherever it is used from later."""
    version = register(opened(local), make_candidate("svm"))
    uri = opened(local).client.get_run(version.run_id).info.artifact_uri
    assert uri.startswith(Path("mlruns/artifacts").resolve().as_uri())
    metrics = json.loads(Path(uri.removeprefix("file://"), "evaluation/metrics.json").read_text())
    assert metrics["candidate"] == "svm"


def _uri(client) -> str:
    return str(client.tracking_uri)

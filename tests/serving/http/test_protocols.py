"""Clients of MLflow and of the Open Inference Protocol are answered in their own forms."""

from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from http_server import windows
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

BOTH = windows(1, 0)


def test_mlflows_client(client: httpx.Client) -> None:
    """An array, arrays by name, and a data frame, as it sends them; a fault is an exception."""
    mlflow = ScoringServerClient(client.base_url.host, client.base_url.port)
    mlflow.ping()
    flat = pd.DataFrame(BOTH.reshape(len(BOTH), -1))
    nested = pd.DataFrame({"windows": BOTH.tolist()})
    for data in (BOTH, flat, nested):
        found = mlflow.invoke(data)["predictions"]
        assert found["activity"] == ["walking", "sitting"]
        assert np.array(found["probabilities"])[:, 0] == pytest.approx([0.982, 0.018], abs=1e-3)
    with pytest.raises(Exception, match="422"):
        mlflow.invoke(BOTH * np.nan)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"inputs": [[[None]]]}, "inputs[0][0][0]"),
        ({"inputs": 3}, "inputs"),
        ({"inputs": {"x": []}}, "inputs"),
        ({"instances": [{"x": 1}]}, "instances[0]"),
        ({"instances": BOTH.tolist(), "inputs": BOTH.tolist()}, None),
        ({"dataframe_split": {"columns": ["windows"], "data": [[]]}}, "dataframe_split.data[0]"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1]]}}, "dataframe_split.columns"),
        ({"dataframe_split": {"data": [[1]]}}, "dataframe_split.data[0]"),
        ({"inputs": BOTH.tolist(), "params": {"a": 1}}, "params"),
    ],
)
def test_faults_of_invocations(client: httpx.Client, body: Any, field: str | None) -> None:
    """422 by the field at fault."""
    done = client.post("/invocations", json=body)
    assert (done.status_code, done.json()["error"]["field"]) == (422, field)
    listed = client.post("/invocations", json={"instances": [{"windows": BOTH[0].tolist()}]})
    assert listed.json()["predictions"]["activity"] == ["walking"]


@pytest.fixture
def v2(client: httpx.Client) -> Any:
    """Return a client of Triton."""
    return triton.InferenceServerClient(f"{client.base_url.host}:{client.base_url.port}")


@pytest.mark.parametrize("binary", [True, False])
def test_tritons_client(v2: Any, binary: bool) -> None:
    """Metadata, readiness and answers, with tensors as bytes and as JSON."""
    assert v2.is_server_live() and v2.is_server_ready() and v2.is_model_ready("tiny")
    assert v2.get_model_metadata("tiny")["inputs"][0]["shape"] == [-1, 20, 6]
    given = triton.InferInput("windows", BOTH.shape, "FP32")
    given.set_data_from_numpy(BOTH, binary_data=binary)
    names = ("activity", "probabilities", "unknown")
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in names]
    found = v2.infer("tiny", [given], outputs=outputs, request_id="7")
    assert found.get_response()["id"] == "7"
    activity = [str(a, "utf-8") if isinstance(a, bytes) else a for a in found.as_numpy("activity")]
    assert activity == ["walking", "sitting"]
    assert found.as_numpy("probabilities")[0] == pytest.approx([0.982, 0.018], abs=1e-3)
    assert found.as_numpy("unknown").tolist() == [False, False]
    everything = v2.infer("tiny", [given])
    assert everything.as_numpy("unknown").tolist() == [False, False]


def test_faults_are_told_to_tritons_client(v2: Any) -> None:
    """As texts: a model that is not served, NaN, an output that there is not."""
    with pytest.raises(InferenceServerException, match="no such model is served"):
        v2.get_model_metadata("other")
    given = triton.InferInput("windows", BOTH.shape, "FP32")
    given.set_data_from_numpy(BOTH * np.float32("nan"))
    with pytest.raises(InferenceServerException, match=r"inputs\[0\].data\[0\]\[0\]\[0\]"):
        v2.infer("tiny", [given])
    given.set_data_from_numpy(BOTH)
    with pytest.raises(InferenceServerException, match="no such output"):
        v2.infer("tiny", [given], outputs=[triton.InferRequestedOutput("distance")])


TENSOR = {"name": "windows", "datatype": "FP32", "shape": [2, 20, 6]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"data": [1.0]}, "inputs[0].shape"),
        ({"data": ["a"]}, "inputs[0].data[0]"),
        ({"data": [10**400]}, "inputs[0].data"),
        ({"data": [0.0] * 240, "shape": [2, 6, 20]}, "inputs[0].data"),
        ({"data": [0.0] * 240, "shape": [-2, 20, 6]}, "inputs[0].shape"),
        ({"data": [0.0] * 240, "shape": [-2, -20, 6]}, "inputs[0].shape"),
        ({"data": [], "datatype": "INT8"}, "inputs[0].datatype"),
        ({"parameters": {"binary_data_size": 9}}, "inputs[0].parameters.binary_data_size"),
        ({"name": "x", "data": []}, "inputs"),
    ],
)
def test_faults_of_tensors(client: httpx.Client, changes: dict[str, Any], field: str) -> None:
    """422 by the field at fault."""
    done = client.post("/v2/models/tiny/infer", json={"inputs": [{**TENSOR, **changes}]})
    assert (done.status_code, done.json()["detail"]["field"]) == (422, field), done.text

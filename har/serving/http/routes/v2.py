"""The Open Inference Protocol V2, which Triton, KServe and their clients speak."""

from collections.abc import Collection
from enum import Enum
from http import HTTPStatus
from typing import Annotated, Any

import numpy.typing as npt
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, FailFast, Field
from pydantic_core import to_json

import har
from har.arrays import Float32
from har.errors import DataError
from har.models.answers import Answers
from har.models.runtime import DISTANCE, PROBABILITIES
from har.serving.http.errors import HttpError, refused
from har.serving.http.keys import authorised
from har.serving.http.schemas import ERRORS, body_of, validated
from har.serving.http.service import Needed, client_of, headers_of, json_of
from har.serving.http.tensors import BYTES, LENGTH, TYPES, data_of, shaped, split_body, to_bytes
from har.serving.http.windows import checked
from har.serving.predictor import Predictor
from har.serving.served import Served

_TAGS: list[str | Enum] = ["Open Inference Protocol"]
health = APIRouter(prefix="/v2/health", tags=_TAGS)
router = APIRouter(prefix="/v2", tags=_TAGS, dependencies=[Depends(authorised)])
INPUT, ACTIVITY, UNKNOWN = "windows", "activity", "unknown"
_DATATYPES = {PROBABILITIES: "FP32", DISTANCE: "FP32", ACTIVITY: BYTES, UNKNOWN: "BOOL"}


class Tensor(BaseModel):
    """An input; its data are flat or nested, or follow the JSON as bytes."""

    name: str
    shape: list[Annotated[int, Field(le=2**40)]] = Field(min_length=1, max_length=3)
    datatype: str
    data: list[Any] = []
    parameters: dict[str, Any] = {}


class Output(BaseModel):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] = {}


class Inference(BaseModel):
    """A request of the protocol."""

    id: str | None = None
    inputs: Annotated[list[Tensor], FailFast()] = Field(min_length=1)
    outputs: Annotated[list[Output], FailFast()] = []
    parameters: dict[str, Any] = {}


@health.get("/live")
async def live() -> dict[str, bool]:
    """Say that the process answers."""
    return {"live": True}


@health.get("/ready")
async def ready() -> dict[str, bool]:
    """Say that a model is served."""
    return {"ready": True}


@router.get("")
async def server() -> dict[str, Any]:
    """Name the server and what it can beyond the protocol."""
    return {"name": "har", "version": har.__version__, "extensions": ["binary_tensor_data"]}


@router.get("/models/{model}/ready", responses=ERRORS)
@router.get("/models/{model}/versions/{version}/ready", responses=ERRORS)
async def model_ready(service: Needed, model: str, version: str = "") -> Response:
    """Say that a model is served; 404 if it is not."""
    served = _served(service.holder.current, model, version)
    return json_of({"name": served.model, "ready": True}, served)


@router.get("/models/{model}", responses=ERRORS)
@router.get("/models/{model}/versions/{version}", responses=ERRORS)
async def metadata(service: Needed, model: str, version: str = "") -> Response:
    """Name a model's inputs and outputs."""
    served = _served(service.holder.current, model, version)
    predictor = served.predictor
    shapes = {PROBABILITIES: [-1, len(predictor.classes)]}
    outputs = [
        {"name": name, "datatype": datatype, "shape": shapes.get(name, [-1])}
        for name, datatype in datatypes(predictor).items()
    ]
    shape = [-1, predictor.n_samples, len(predictor.channels)]
    told = {
        "name": served.model,
        "versions": [served.version] if served.version else [],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": INPUT, "datatype": "FP32", "shape": shape}],
        "outputs": outputs,
        "parameters": {"sha256": served.sha256, "classes": ", ".join(predictor.classes)},
    }
    return json_of(told, served)


@router.post("/models/{model}/infer", responses=ERRORS, openapi_extra=body_of(Inference))
@router.post(
    "/models/{model}/versions/{version}/infer", responses=ERRORS, openapi_extra=body_of(Inference)
)
async def infer(request: Request, service: Needed, model: str, version: str = "") -> Response:
    """Answer windows; outputs are those that are asked for, or all."""
    served = _served(service.holder.current, model, version)
    head, rest = split_body(await request.body(), request.headers.get(LENGTH))
    asked = validated(head, Inference)
    wanted = _wanted(asked, datatypes(served.predictor))
    taken = _windows(asked, rest, served.predictor)
    # The lists of the body are not kept while the model answers.
    asked = asked.model_copy(update={"inputs": []})
    answers = await service.answer(served, taken, client_of(request))
    return _response(asked, wanted, served, _columns(answers))


def datatypes(predictor: Predictor) -> dict[str, str]:
    """Return the outputs of a model, and what type each is of."""
    return {
        name: datatype
        for name, datatype in _DATATYPES.items()
        if name != DISTANCE or predictor.has_distance
    }


def _served(served: Served, model: str, version: str) -> Served:
    if model == served.model and version in ("", served.version):
        return served
    known = f"{served.model}, version {served.version}" if served.version else served.model
    raise HttpError(
        HTTPStatus.NOT_FOUND,
        "no such model is served",
        expected=known,
        found=f"{model}, version {version}"[:200] if version else model[:200],
        field="version" if model == served.model else "model",
    )


def _wanted(asked: Inference, known: Collection[str]) -> list[Output]:
    for i, output in enumerate(asked.outputs):
        if output.name not in known:
            where = f"outputs[{i}].name"
            error = DataError(
                f"{where}: no such output", expected=", ".join(known), found=output.name[:80]
            )
            raise refused(error, where)
    return asked.outputs or [Output(name=name) for name in known]


def _windows(asked: Inference, rest: bytes, predictor: Predictor) -> Float32:
    tensor, *more = asked.inputs
    if more or tensor.name != INPUT:
        names = ", ".join(one.name for one in asked.inputs)[:200]
        raise refused(DataError("inputs: not the model's", expected=INPUT, found=names), "inputs")
    if tensor.datatype not in ("FP32", "FP64"):
        where = "inputs[0].datatype"
        error = DataError(f"{where}: not taken", expected="FP32", found=tensor.datatype[:40])
        raise refused(error, where)
    assert tensor.datatype in TYPES
    flat, _ = data_of(tensor.model_dump(), rest, "inputs[0]")
    return checked(shaped(flat, tensor.shape, "inputs[0].shape"), predictor, "inputs[0].data")


def _columns(answers: Answers) -> dict[str, npt.NDArray[Any]]:
    return {
        PROBABILITIES: answers.probabilities,
        DISTANCE: answers.distance,
        ACTIVITY: answers.activity,
        UNKNOWN: answers.unknown,
    }


def _response(
    asked: Inference, wanted: list[Output], served: Served, columns: dict[str, npt.NDArray[Any]]
) -> Response:
    everything_binary = bool(asked.parameters.get("binary_data_output", False))
    outputs, binary = [], []
    for output in wanted:
        values, datatype = columns[output.name], _DATATYPES[output.name]
        told: dict[str, Any] = {
            "name": output.name,
            "datatype": datatype,
            "shape": list(values.shape),
        }
        if output.parameters.get("binary_data", everything_binary):
            binary.append(to_bytes(values, datatype))
            told["parameters"] = {"binary_data_size": len(binary[-1])}
        else:
            told["data"] = values.ravel().tolist()
        outputs.append(told)
    content = {
        "model_name": served.model,
        "model_version": served.version,
        "outputs": outputs,
        "parameters": {"sha256": served.sha256},
    }
    if asked.id is not None:
        content["id"] = asked.id
    if not binary:
        return json_of(content, served)
    head = to_json(content, inf_nan_mode="null")
    headers = {**headers_of(served), "Inference-Header-Content-Length": str(len(head))}
    return Response(b"".join([head, *binary]), 200, headers, "application/octet-stream")

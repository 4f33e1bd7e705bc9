"""MLflow's scoring protocol, for clients of `mlflow models serve`.

``/invocations`` takes ``inputs``, ``instances`` or ``dataframe_split`` and answers
``predictions`` by output, as MLflow does for the same version, and ``activity`` beside them.
"""

import contextlib
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from har.arrays import Float32
from har.errors import DataError
from har.models.runtime import DISTANCE, PROBABILITIES
from har.serving.http.errors import HttpError, of_validation, refused
from har.serving.http.keys import authorised
from har.serving.http.schemas import ERRORS, body_of, parsed, require_few_lists
from har.serving.http.service import Needed, client_of, json_of
from har.serving.http.windows import Windows, checked
from har.serving.predictor import Predictor

router = APIRouter(tags=["MLflow"])
WINDOWS = "windows"
_nested: TypeAdapter[list[list[list[float]]]] = TypeAdapter(Windows)


_EITHER = {"anyOf": [{"type": "array"}, {"type": "object"}]}
Inputs = Annotated[Any, WithJsonSchema(_EITHER)]


class Split(BaseModel):
    """A data frame: a column `windows` of nested lists, or a column for every number."""

    columns: list[str | int] = []
    data: Annotated[list[list[Any]], FailFast()]
    index: list[Any] = []


class Invocation(BaseModel):
    """Windows in one of MLflow's forms."""

    model_config = ConfigDict(extra="forbid")

    inputs: Inputs = Field(None, description="windows, or by name")
    instances: list[Any] | None = Field(None, description="windows, or {windows: …} for each")
    dataframe_split: Split | None = None
    params: dict[str, Any] | None = Field(None, description="none is known, and any is refused")


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    inputs: Windows = Field(min_length=1)


@router.get("/ping", response_class=Response)
async def ping() -> Response:
    """Say that a model is served, as MLflow does."""
    return Response("\n", media_type="application/json")


@router.post(
    "/invocations",
    responses=ERRORS,
    openapi_extra=body_of(Invocation),
    dependencies=[Depends(authorised)],
)
async def invocations(request: Request, service: Needed) -> Response:
    """Answer windows in MLflow's form."""
    served = service.holder.current
    taken = await _taken(request, served.predictor)
    answers = await service.answer(served, taken, client_of(request))
    predictions = {PROBABILITIES: answers.probabilities.tolist()}
    if served.predictor.has_distance:
        predictions[DISTANCE] = answers.distance.tolist()
    predictions["activity"] = answers.activity.tolist()
    return json_of({"predictions": predictions}, served)


async def _taken(request: Request, predictor: Predictor) -> Float32:
    # What nearly all clients send is read in one pass.
    with contextlib.suppress(ValidationError):
        body = await request.body()
        require_few_lists(body)
        plain = _Plain.model_validate_json(body)
        return checked(plain.inputs, predictor, "inputs")
    return windows_of(await parsed(request, Invocation), predictor)


def windows_of(asked: Invocation, predictor: Predictor) -> Float32:
    """Return the windows of a request.

    Raises
    ------
    HttpError
        422, naming the field at fault.
    """
    given = [name for name in ("inputs", "instances", "dataframe_split") if getattr(asked, name)]
    if len(given) != 1:
        raise refused(
            DataError(
                "not one form of windows",
                expected="one of inputs, instances, dataframe_split, with at least one window",
                found=", ".join(given) or "none of them",
            )
        )
    if asked.params:
        raise refused(DataError("params: none is known"), "params")
    if asked.inputs:
        return _of_inputs(asked.inputs, predictor)
    if asked.instances:
        return _of_instances(asked.instances, predictor)
    assert asked.dataframe_split
    return _of_split(asked.dataframe_split, predictor)


def _of_inputs(inputs: Any, predictor: Predictor) -> Float32:
    if not isinstance(inputs, dict):
        return _windows(inputs, predictor, "inputs")
    if set(inputs) != {WINDOWS}:
        raise _unnamed("inputs", list(inputs))
    return _windows(inputs[WINDOWS], predictor, f"inputs.{WINDOWS}")


def _of_instances(instances: list[Any], predictor: Predictor) -> Float32:
    if not isinstance(instances[0], dict):
        return _windows(instances, predictor, "instances")
    for i, instance in enumerate(instances):
        if not isinstance(instance, dict) or set(instance) != {WINDOWS}:
            raise _unnamed(f"instances[{i}]", list(instance))
    return _windows([instance[WINDOWS] for instance in instances], predictor, "instances")


def _of_split(split: Split, predictor: Predictor) -> Float32:
    field = "dataframe_split.data"
    if split.columns == [WINDOWS]:
        bad = next((i for i, row in enumerate(split.data) if len(row) != 1), None)
        if bad is not None:
            raise refused(DataError(f"{field}[{bad}]: not one cell"), f"{field}[{bad}]")
        return _windows([row[0] for row in split.data], predictor, field)
    samples, channels = predictor.n_samples, len(predictor.channels)
    if len(split.columns) not in (0, samples * channels):
        raise _unnamed("dataframe_split.columns", split.columns, samples * channels)
    rows = []
    for i, row in enumerate(split.data):
        if len(row) != samples * channels:
            where = f"{field}[{i}]"
            error = DataError(
                f"{where}: not a window",
                expected=f"{samples} × {channels} numbers, sample by sample",
                found=f"{len(row)} numbers",
            )
            raise refused(error, where)
        rows.append([row[k : k + channels] for k in range(0, len(row), channels)])
    return _windows(rows, predictor, field)


def _windows(values: Any, predictor: Predictor, field: str) -> Float32:
    try:
        _nested.validate_python(values, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise of_validation([{**first, "loc": (field, *first["loc"])}]) from None
    return checked(values, predictor, field)


def _unnamed(field: str, found: Sequence[Any], n: int | None = None) -> HttpError:
    columns = f", or {n} columns, one for each number" if n else ""
    return refused(
        DataError(
            f"{field}: not the model's input",
            expected=f"the name {WINDOWS}{columns}",
            found=", ".join(map(str, found[:5]))[:200],
        ),
        field,
    )

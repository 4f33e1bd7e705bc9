"""Own routes: recordings, as files of any recorder, as CSV or Parquet, or as JSON."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from functools import partial
from http import HTTPStatus
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from starlette.datastructures import FormData, UploadFile

from har import parquet
from har.errors import DataError
from har.models.answers import UNKNOWN
from har.serving.http.errors import HttpError, refused
from har.serving.http.keys import authorised
from har.serving.http.limits import JSON, media_type
from har.serving.http.schemas import ERRORS, parsed
from har.serving.http.service import Needed, Service, client_of, json_of
from har.serving.http.uploads import Asked, Smooth, entries_of, file_name, predicted, smooth_of
from har.serving.served import Served
from har.serving.timeline import Predicted

router = APIRouter(prefix="/v1", tags=["predictions"], dependencies=[Depends(authorised)])
# What a body is called that has no name of its own.
NAMES = {
    "text/csv": "recording.csv",
    "application/vnd.apache.parquet": "recording.parquet",
    "application/zip": "recording.zip",
}
FORM, ANY = "multipart/form-data", "application/octet-stream"
# Of a form: files of one recording, and entries of a mapping.
MOST_FILES, MOST_FIELDS = 100, 200
# Of JSON: recorders write a few dozen.
MOST_COLUMNS = 1000


_CELLS = {"type": "array", "items": {"type": ["number", "string", "null"]}}
Column = Annotated[list[Any], WithJsonSchema(_CELLS)]


class RecordingRequest(BaseModel):
    """A recording as columns, and how it is to be read."""

    model_config = ConfigDict(extra="forbid")

    columns: dict[str, Column] = Field(
        description="by name, as a table has them: time_s, acc_x, …; of one length",
        min_length=1,
        max_length=MOST_COLUMNS,
    )
    name: str = Field("recording", max_length=100)
    map: dict[str, str] = Field({}, description="what columns and units are, as --map states it")
    smooth: Smooth | None = None
    windows: bool = False
    anyway: bool = False
    yes: bool = False


def _body() -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    texts = {"type": "array", "items": {"type": "string"}}
    files = {"type": "array", "items": binary["schema"]}
    form = {
        "type": "object",
        "properties": {"file": files, "map": texts, "smooth": {"type": "string"}},
        "required": ["file"],
    }
    kinds = dict.fromkeys((*NAMES, ANY), binary)
    schema = {"schema": RecordingRequest.model_json_schema()}
    return {
        "requestBody": {
            "required": True,
            "content": {FORM: {"schema": form}, JSON: schema, **kinds},
        }
    }


@router.post("/recordings", responses=ERRORS, openapi_extra=_body())
async def recordings(
    request: Request,
    service: Needed,
    map: Annotated[list[str], Query(description="ENTRY=VALUE, as --map")] = [],  # noqa: B006
    name: Annotated[str | None, Query(description="Of the file, for a body without one")] = None,
    smooth: Annotated[str | None, Query(description="none, average or hmm")] = None,
    windows: Annotated[bool, Query(description="One row per window")] = False,
    anyway: Annotated[bool, Query(description="Answer what is unlike training, too")] = False,
    yes: Annotated[bool, Query(description="Take columns as guessed")] = False,
) -> Response:
    """Tell what a person did in recordings: segments, sums, and whether they are like training.

    The body is a form with one or more ``file``, a file itself (CSV, Parquet, or whatever a
    recorder exports, with its ``name``), or JSON. What the files do not say is asked by 422,
    with ``doubts``; ``map`` answers. Options are part of the query or of the form.
    """
    served = service.holder.current
    deadline = time.monotonic() + service.settings.timeout_s
    asked = Asked(entries_of(map), smooth_of(smooth), windows, anyway, yes)
    folder = Path(tempfile.mkdtemp(prefix="har-upload-"))
    remove = partial(shutil.rmtree, folder, ignore_errors=True)
    try:
        asked = await _received(request, folder, asked, name)
    except BaseException:
        remove()
        raise
    work = partial(predicted, served, folder, asked, deadline)
    found, told = await service.read(work, after=remove)
    _counted(service, served, found, client_of(request))
    return json_of(told, served)


async def _received(request: Request, folder: Path, asked: Asked, name: str | None) -> Asked:
    """Write what a request brings into a folder; return how it is to be read."""
    kind = media_type(request)
    if kind == JSON:
        recording = await parsed(request, RecordingRequest)
        await asyncio.to_thread(_write_columns, recording, folder)
        return Asked(
            recording.map, recording.smooth, recording.windows, recording.anyway, recording.yes
        )
    if kind == FORM:
        async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
            return await _of_form(form, folder, asked)
    if kind not in NAMES and name is None:
        raise HttpError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "content-type: not one of a recording",
            expected=", ".join((FORM, JSON, *NAMES)) + f"; or any, as {ANY}, with ?name=FILE",
            found=kind or "none",
            field="content-type",
        )
    with (folder / file_name(name or NAMES[kind])).open("wb") as file:
        async for block in request.stream():
            file.write(block)
    return asked


async def _of_form(form: FormData, folder: Path, asked: Asked) -> Asked:
    uploads = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
    if not uploads:
        raise refused(DataError("file: none", expected="a file as the part `file`"), "file")
    for upload in uploads:
        path = folder / file_name(upload.filename)
        if path.exists():
            raise refused(DataError(f"file: two files are named {path.name}"), "file")
        await asyncio.to_thread(_write, upload.file, path)
    texts = {key: str(value) for key, value in form.items() if isinstance(value, str)}
    entries = [text for text in form.getlist("map") if isinstance(text, str)]
    return Asked(
        {**asked.map, **entries_of(entries)},
        smooth_of(texts.get("smooth")) or asked.smooth,
        asked.windows or _is_true(texts, "windows"),
        asked.anyway or _is_true(texts, "anyway"),
        asked.yes or _is_true(texts, "yes"),
    )


def _is_true(texts: dict[str, str], name: str) -> bool:
    word = texts.get(name, "false").lower()
    if word not in ("true", "false", "1", "0"):
        error = DataError(f"{name}: not true or false", found=word[:80])
        raise refused(error, name)
    return word in ("true", "1")


def _write(source: BinaryIO, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(source, file)


def _write_columns(recording: RecordingRequest, folder: Path) -> None:
    columns: dict[str, Any] = {}
    for name, values in recording.columns.items():
        field = f"columns.{name}"
        # NaN is no JSON, and a missing value is null.
        odd = (
            i for i, value in enumerate(values) if isinstance(value, float) and not isfinite(value)
        )
        if (i := next(odd, None)) is not None:
            where = f"{field}[{i}]"
            raise refused(DataError(f"{where}: not a finite number", found=str(values[i])), where)
        columns[name] = _cells(values, field)
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {n}" for name, n in lengths.items())[:200]
        uneven = DataError("columns: not of one length", expected="rows", found=found)
        raise refused(uneven, "columns")
    parquet.write(pa.table(columns), folder / file_name(f"{recording.name}.parquet"))


def _cells(values: list[Any], field: str) -> pa.Array:
    kinds = (pa.int64(), pa.float64(), pa.string(), pa.null())
    with contextlib.suppress(pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        column = pa.array(values)
        if column.type in kinds:
            return column
    raise refused(DataError(f"{field}: neither numbers nor texts"), field)


def _counted(service: Service, served: Served, found: list[Predicted], client: str) -> None:
    for one in found:
        activity, probability = one.windows["activity"].tolist(), one.windows["probability"]
        unknown = [name == UNKNOWN for name in activity]
        service.metrics.named(activity, unknown)
        columns = (activity, probability.to_numpy(), unknown, [float("nan")] * len(unknown))
        service.log.recording(served, one.moments, columns, client, one.name)

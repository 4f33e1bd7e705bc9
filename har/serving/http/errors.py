"""Errors over HTTP: a status, and one form that names the field at fault.

``{"error": {"message", "expected", "found", "hint", "field"}}``, as `har.errors.HarError` has
them; `field` is the part of the request, as ``windows[0][3][2]``.
"""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from har.errors import DataError, HarError, UsageError, VerificationError

_log = logging.getLogger(__name__)
# A request that holds data which cannot be trusted, in whatever way.
_UNPROCESSABLE = (DataError, UsageError, VerificationError)
# Pydantic's words for numbers that are none.
_NOT_FINITE = "finite_number"
_V2 = "/v2"
# Each costs a kilobyte to list, and an answer tells one.
MOST_FAULTS = 1000


class HttpError(HarError):
    """A request that is refused.

    Parameters
    ----------
    status : int
        Of HTTP.
    message, expected, found, hint : str
        As `HarError` has them.
    field : str, optional
        The part of the request that is at fault.
    headers : mapping of str to str, optional
        Of the answer.
    more : mapping, optional
        What else the answer says beside ``error``.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        hint: str | None = None,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, expected=expected, found=found, hint=hint)
        self.status, self.field = status, field
        self.headers, self.more = dict(headers or {}), dict(more or {})


def refused(error: HarError, field: str | None = None, **more: Any) -> HttpError:
    """Return what to answer where the data of a field is refused."""
    return HttpError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        error.message,
        expected=error.expected,
        found=error.found,
        hint=error.hint,
        field=field,
        more=more,
    )


def content(error: HarError) -> dict[str, Any]:
    """Return the JSON of an error."""
    return {
        "error": {
            "message": error.message,
            "expected": error.expected,
            "found": error.found,
            "hint": error.hint,
            "field": getattr(error, "field", None),
        },
        **getattr(error, "more", {}),
    }


def response(error: HarError, path: str = "") -> Response:
    """Return the answer to a request for a path that met an error."""
    told = content(error)
    if path.startswith(_V2):
        # This protocol has a text there, which its clients show.
        told = {**told, "error": str(error), "detail": told["error"]}
    return JSONResponse(told, status_of(error), getattr(error, "headers", None))


def status_of(error: HarError) -> int:
    """Return the status of HTTP that says what kind of error it is."""
    if isinstance(error, HttpError):
        return error.status
    if isinstance(error, _UNPROCESSABLE):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.SERVICE_UNAVAILABLE


def of_validation(errors: Iterable[Mapping[str, Any]]) -> HttpError:
    """Return the first fault that pydantic found, by its field."""
    first = next(iter(errors))
    where = [part for part in first["loc"] if part not in ("body", "query", "path", "header")]
    field = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in where).lstrip(".")
    message, found = str(first["msg"]), first.get("input")
    expected = "a finite number" if first["type"] == _NOT_FINITE else None
    return HttpError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{field or 'the body'}: {message[0].lower()}{message[1:]}",
        expected=expected,
        found=None if found is None or isinstance(found, dict | list) else str(found)[:80],
        field=field or None,
    )


def of_body(error: ValidationError) -> HttpError:
    """Return the first fault of a body; where there are too many to list, only how many."""
    if (n := error.error_count()) > MOST_FAULTS:
        return HttpError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"the body has {n:,} faults", hint="see /docs"
        )
    return of_validation(error.errors(include_url=False))


def install(app: FastAPI) -> None:
    """Let an app answer all errors in the one form."""

    @app.exception_handler(HarError)
    async def _har(request: Request, error: HarError) -> Response:
        return response(error, request.url.path)

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(ValidationError)
    async def _invalid(request: Request, error: Any) -> Response:
        return response(of_validation(error.errors()), request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return response(
            HttpError(error.status_code, str(error.detail), headers=error.headers or {}),
            request.url.path,
        )

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        _log.error("unexpected error", exc_info=error)
        return response(
            HttpError(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected error; the log has it"),
            request.url.path,
        )

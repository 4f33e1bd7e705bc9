"""Bodies of requests and errors, as they are checked and as the OpenAPI page shows them."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from har.serving.http.errors import of_validation

M = TypeVar("M", bound=BaseModel)


class ErrorFields(BaseModel):
    """What is wrong, where, and what to do."""

    message: str
    expected: str | None
    found: str | None
    hint: str | None
    field: str | None


class ErrorBody(BaseModel):
    """The form of all errors."""

    error: ErrorFields


ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorBody, "description": "No key that is known"},
    408: {"model": ErrorBody, "description": "The body did not arrive in time"},
    413: {"model": ErrorBody, "description": "The body is too large"},
    422: {"model": ErrorBody, "description": "The data of a field is refused"},
    429: {"model": ErrorBody, "description": "Too many requests of one client at once"},
    503: {"model": ErrorBody, "description": "Busy; Retry-After says when to try again"},
}


async def parsed(request: Request, kind: type[M]) -> M:
    """Return the JSON body of a request as a type.

    Not left to FastAPI, which makes Python's objects of a large body twice.

    Raises
    ------
    HttpError
        422, naming the field at fault.
    """
    body = await request.body()
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise of_validation(error.errors(include_url=False)) from None


def body_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Return what OpenAPI says of a body that is read by `parsed`."""
    schema = kind.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}

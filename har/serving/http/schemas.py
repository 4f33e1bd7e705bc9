"""Bodies of requests and errors, as they are checked and as the OpenAPI page shows them."""

from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from har.serving.http.errors import HttpError, of_body

# Each takes 270 bytes while it is read, also an empty one. A window of 128 samples has 129.
MOST_LISTS = 500_000
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
    return validated(await request.body(), kind)


def validated(text: bytes | str, kind: type[M]) -> M:
    """Return JSON as a type.

    Raises
    ------
    HttpError
        422, naming the field at fault; 413, if it has too many lists.
    """
    require_few_lists(text)
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise of_body(error) from None


def require_few_lists(text: bytes | str) -> None:
    """Refuse JSON that would take hundreds of times its size in memory.

    Raises
    ------
    HttpError
        413.
    """
    marks: Any = (b"[", b"{") if isinstance(text, bytes) else ("[", "{")
    n = sum(map(text.count, marks))
    if n > MOST_LISTS:
        raise HttpError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "the body has too many lists",
            expected=f"at most {MOST_LISTS:,} lists and objects",
            found=f"{n:,}",
            hint="send it in parts",
        )


def body_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Return what OpenAPI says of a body that is read by `parsed`."""
    schema = kind.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}

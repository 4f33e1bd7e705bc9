"""Tensors of the Open Inference Protocol V2: as JSON, or as bytes behind it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from har.errors import DataError
from har.serving.http.errors import HttpError, refused

LENGTH = "inference-header-content-length"
# By datatype of the protocol; BYTES are texts with their lengths.
TYPES: dict[str, np.dtype[Any]] = {
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    "BOOL": np.dtype("?"),
}
BYTES = "BYTES"


def from_bytes(data: bytes, datatype: str, field: str) -> npt.NDArray[Any]:
    """Return the numbers of a binary tensor, flat; 422 if they are not whole."""
    kind = TYPES[datatype]
    if len(data) % kind.itemsize:
        error = DataError(f"{field}: not whole numbers of {datatype}", found=f"{len(data)} bytes")
        raise refused(error, field)
    return np.frombuffer(data, kind)


def to_bytes(values: npt.NDArray[Any], datatype: str) -> bytes:
    """Return a tensor as bytes."""
    if datatype != BYTES:
        return values.astype(TYPES[datatype]).tobytes()
    texts = [str(text).encode() for text in values.ravel()]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def shaped(flat: npt.NDArray[Any], shape: Sequence[int], field: str) -> npt.NDArray[Any]:
    """Return numbers in a shape; 422 if there are more or fewer of them."""
    wanted = math.prod(shape)
    if min(shape) < 0 or flat.size != wanted:
        raise refused(
            DataError(
                f"{field}: not as many numbers as its shape says",
                expected=f"{wanted} for the shape {list(shape)}",
                found=str(flat.size),
            ),
            field,
        )
    return flat.reshape(tuple(shape))


def split_body(body: bytes, length: str | None) -> tuple[bytes, bytes]:
    """Return the JSON of a body, and the tensors behind it.

    Raises
    ------
    HttpError
        422, if the header that parts them does not fit.
    """
    if length is None:
        return body, b""
    if not length.isdigit() or int(length) > len(body):
        error = DataError(
            f"{LENGTH}: not the length of the JSON", expected=f"0 to {len(body)}", found=length[:40]
        )
        raise refused(error, LENGTH)
    return body[: int(length)], body[int(length) :]


def data_of(tensor: Mapping[str, Any], rest: bytes, field: str) -> tuple[npt.NDArray[Any], bytes]:
    """Return the numbers of an input, flat, and the bytes that belong to the next ones."""
    size = tensor["parameters"].get("binary_data_size")
    if size is None:
        return _of_json(tensor["data"], f"{field}.data"), rest
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(rest):
        where = f"{field}.parameters.binary_data_size"
        error = DataError(
            f"{where}: not the size of its data", expected=f"0 to {len(rest)}", found=str(size)[:40]
        )
        raise refused(error, where)
    return from_bytes(rest[:size], tensor["datatype"], field), rest[size:]


def _of_json(data: Any, field: str) -> npt.NDArray[Any]:
    flat = list(_flat(data, field, 0))
    for i, value in enumerate(flat):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _no_number(f"{field}[{i}]", value)
    try:
        return np.array(flat, np.float64)
    except OverflowError:
        raise _no_number(field, "an integer that is too large") from None


def _flat(data: Any, field: str, depth: int) -> Any:
    if not isinstance(data, list) or depth > 3:
        raise _no_number(field, data)
    for value in data:
        if isinstance(value, list):
            yield from _flat(value, field, depth + 1)
        else:
            yield value


def _no_number(field: str, found: Any) -> HttpError:
    error = DataError(f"{field}: not numbers", expected="numbers", found=str(found)[:80])
    return refused(error, field)

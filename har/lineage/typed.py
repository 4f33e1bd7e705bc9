"""Frozen types that are read from JSON, refuse a wrong type, and keep what they do not know."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainValidator,
    StrictStr,
    ValidationError,
    model_validator,
)

from har.errors import MissingError, VerificationError


def _number(value: Any) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if isinstance(value, int) else float(value)
    raise ValueError("should be a number")


# A whole number stays one: the bytes of what was read must not change.
Number = Annotated[int | float, PlainValidator(_number)]
Texts = Mapping[StrictStr, StrictStr]


class Typed(BaseModel):
    """Base of what is kept as JSON and read again by another `har`, older or newer.

    Every number is finite: JSON has no other. Fields that only a newer one knows are kept and
    written again, at any depth, so that the canonical bytes of what was read are the same.
    """

    model_config = ConfigDict(
        frozen=True, extra="allow", validate_by_name=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _computed_anew(cls, data: Any) -> Any:
        """Leave out what follows from the fields: it is written, but not believed."""
        computed = cls.model_computed_fields
        if not computed or not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if name not in computed}

    @classmethod
    def from_dict(cls, data: Any, where: str) -> Self:
        """Read it.

        Parameters
        ----------
        data : Any
            As `to_dict` returned it, or as JSON keeps it.
        where : str
            What it is called in errors.

        Raises
        ------
        VerificationError
            If a field is not there or has another type; it names the field.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            problem = error.errors()[0]
            field = ".".join(str(part) for part in problem["loc"]) or "the whole"
            message = problem["msg"].removeprefix("Value error, ")
            raise VerificationError(
                f"{where}: {field}: {message[:1].lower()}{message[1:]}",
                found=repr(problem["input"])[:200],
                hint="it was not written by `har`, or by one that this one cannot read",
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data: what was read or stated, and nothing else."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class TypedFile(Typed):
    """A JSON file that one step writes and others read: its name, type and version.

    Attributes
    ----------
    FILE : str
        Its name in a folder.
    VERSION : int
        Raised when a field changes its meaning; a new optional field does not raise it.
        A file of version 1 need not state it.
    """

    FILE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read it from a folder.

        Raises
        ------
        MissingError
            If it is not there.
        VerificationError
            If it is no JSON, is of a later version, lacks a field, or a field has another
            type; it names the field.
        """
        path = folder / cls.FILE
        if not path.exists():
            raise MissingError(f"{path}: not there", hint="`har run` makes it")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise VerificationError(f"{path}: not JSON", found=str(error)) from None
        if isinstance(content, dict) and (stated := content.pop("version", 1)) != cls.VERSION:
            raise VerificationError(
                f"{path}: of another version than this program reads",
                expected=f"version {cls.VERSION}",
                found=f"version {stated}",
                hint="update har",
            )
        return cls.from_dict(content, str(path))

    def write(self, folder: Path) -> None:
        """Write it into a folder."""
        content = {"version": self.VERSION, **self.to_dict()}
        text = json.dumps(content, indent=1, allow_nan=False)
        (folder / self.FILE).write_text(text + "\n", encoding="utf-8")

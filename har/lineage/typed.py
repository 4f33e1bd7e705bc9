"""Frozen types that are read from JSON, refuse a wrong type, and keep what they do not know."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, StrictFloat, StrictInt, StrictStr, ValidationError

from har.errors import VerificationError

# A whole number stays one: the bytes of what was read must not change.
Number = StrictInt | StrictFloat
Texts = Mapping[StrictStr, StrictStr]


class Typed(BaseModel):
    """Base of what is kept as JSON and read again by another `har`, older or newer.

    Fields that only a newer one knows are kept and written again, at any depth, so that the
    canonical bytes of what was read are the same.
    """

    model_config = ConfigDict(frozen=True, extra="allow", validate_by_name=True)

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
            message = problem["msg"]
            raise VerificationError(
                f"{where}: {field}: {message[:1].lower()}{message[1:]}",
                found=repr(problem["input"])[:200],
                hint="it was not written by `har`, or by one that this one cannot read",
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data: what was read or stated, and nothing else."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

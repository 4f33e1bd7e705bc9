"""Errors that users meet: what was expected, what was found, what to do."""

from typing import ClassVar

from har.addresses import without_credentials


class HarError(Exception):
    """An error with a cause that the user can act on; it shows no password of an address.

    Parameters
    ----------
    message : str
        What is wrong, naming the file, column or setting.
    expected, found : str, optional
        The two sides of the disagreement.
    hint : str, optional
        What to do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.message = without_credentials(message)
        self.expected, self.found, self.hint = (
            text and without_credentials(text) for text in (expected, found, hint)
        )
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = {"expected": self.expected, "found": self.found, "to do": self.hint}
        return "\n".join([self.message, *(f"  {k}: {v}" for k, v in parts.items() if v)])

    def __reduce__(self) -> tuple[object, ...]:
        # Prefect carries errors between processes: keep the keyword arguments.
        return _rebuild, (type(self), self.message, self.expected, self.found, self.hint)


def _rebuild(kind: type[HarError], message: str, expected: str, found: str, hint: str) -> HarError:
    return kind(message, expected=expected, found=found, hint=hint)


class UsageError(HarError):
    """A command, option or setting that does not exist or contradicts another."""

    exit_code = 2


class DataError(HarError):
    """Input data that cannot be trusted: nothing was registered or predicted."""

    exit_code = 3


class LimitError(DataError):
    """Input data beyond a bound that a setting raises: what it holds was not judged."""


class GateRefusal(HarError):
    """A model version that may not go where somebody wants it: trying again changes nothing."""

    exit_code = 4


class ConflictError(HarError):
    """Somebody else acts on the same model: what was judged or read no longer holds.

    Nothing was changed here. Whoever looks again may act, so a flow tries again.
    """

    exit_code = 4


class VerificationError(HarError):
    """Bytes that differ from their recorded digest."""

    exit_code = 5


class MissingError(HarError):
    """Something that was asked for and is not there, or cannot be reached."""

    exit_code = 6

"""What was looked at, and how it was found."""

from dataclasses import dataclass
from typing import Literal, Self

Standing = Literal[
    "whole",
    "changed",
    "missing",
    "disagrees",
    "broken chain",
    "unsigned",
    "untrusted signer",
    "broken signature",
    "not looked at",
]
GOOD = ("whole", "unsigned", "not looked at")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what : str
        As ``onnx/model-fp32.onnx`` or ``step clean``.
    standing : str
        ``whole``; what is wrong; or, which is no fault, ``unsigned`` and ``not looked at``.
    detail : str
        What was expected and found, or why it was not looked at.
    """

    what: str
    standing: Standing
    detail: str = ""

    @classmethod
    def of(cls, what: str, expected: str, found: str) -> Self:
        """Return how a digest was found beside the expected one."""
        if found == expected:
            return cls(what, "whole")
        return cls(what, "changed", instead(expected, found))

    @property
    def good(self) -> bool:
        """Whether nothing is wrong, as far as was looked."""
        return self.standing in GOOD


def instead(expected: object, found: object) -> str:
    """Return the detail of what was found instead of what was expected."""
    return f"expected {expected}, found {found}"

"""What was looked at, and how it was found."""

from dataclasses import dataclass
from typing import Literal

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

    @property
    def good(self) -> bool:
        """Whether nothing is wrong, as far as was looked."""
        return self.standing in GOOD

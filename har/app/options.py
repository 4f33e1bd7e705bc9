"""What the page was started with, as one argument of the script that Streamlit runs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

SERVICE = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class AppOptions:
    """What the page was started with.

    Attributes
    ----------
    model : str
        An ONNX file that answers in place of the registry's version; empty: none.
    version : str
        The version that answers: an alias, a number or a stage.
    overrides : tuple of str
        Settings, as ``--set`` has them.
    service : str
        Address of the `har serve` whose sessions are shown live.
    service_key : str
        File with the key that it asks for; empty: none.
    """

    model: str = ""
    version: str = "champion"
    overrides: tuple[str, ...] = ()
    service: str = SERVICE
    service_key: str = ""

    @property
    def model_file(self) -> Path | None:
        """The file that answers, if one was named."""
        return Path(self.model) if self.model else None

    def to_json(self) -> str:
        """Return it as text.

        >>> AppOptions.from_json(AppOptions(version="3").to_json()).version
        '3'
        """
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what `to_json` gave."""
        fields = json.loads(text)
        return cls(**{**fields, "overrides": tuple(fields["overrides"])})

"""What every group of settings is, and the numbers that settings are."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Values = TypeVar("Values", bound=tuple[Any, ...])


def _each_once(values: Values) -> Values:
    if len(set(values)) < len(values):
        raise ValueError("names something twice")
    return values


DATASET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
LONGEST_REASON = 1000  # characters; MLflow keeps an event of 6000 bytes


def _is_dataset(name: str) -> str:
    if not DATASET_NAME.fullmatch(name):
        raise ValueError("a name of a data set is 1 to 40 lower-case letters, digits, - . _")
    return name


DatasetName = Annotated[str, AfterValidator(_is_dataset)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Share = Annotated[float, Field(ge=0, le=1)]
Dropout = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
EachOnce = AfterValidator(_each_once)
# Of a window, a hop or a gap: what is longer is a slip.
LONGEST_S = 3600.0
# Of a window: the features of more take minutes to set up, and gigabytes.
MAX_SAMPLES = 3_600


class Section(BaseModel):
    """A frozen group of settings that refuses unknown names and numbers that are not finite."""

    # A value that does not fit may be a secret at the wrong place.
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True
    )


def flatten(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every leaf of nested settings by its dotted name; an empty section is a leaf.

    >>> dict(flatten({"window": {"hop_s": 1.28}, "seeds": [0]}))
    {'window.hop_s': 1.28, 'seeds': [0]}
    """
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value

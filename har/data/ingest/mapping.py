r"""What a person states of files of their own: which columns are what, in TOML or by flags.

.. code-block:: toml

   time = "timestamp"        # none: rows are rate_hz apart
   time_unit = "ms"          # s, ms, us, ns or datetime
   acc = ["ax", "ay", "az"]
   acc_unit = "g"            # m/s2, g or mg
   gyro = ["gx", "gy", "gz"]
   gyro_unit = "deg/s"       # rad/s, deg/s or mdeg/s
   mag = ["mx", "my", "mz"]  # magnetic field, in the same rows
   mag_unit = "uT"           # uT, mT, nT or gauss
   subject = "user"          # a column, or: subject_pattern = "s(\d+)" on the file's path
   activity = "label"

   [labels]                  # the file's word = an activity of any name, "" leaves it out
   Walk = "walking"
   Biceps = "biceps-curl"

   [activities]              # of your own, under a parent; "" for a root
   biceps-curl = "exercise"

``docs/recordings.md`` lists every entry. Who names `acc` states the whole of a table; any
other entries only settle what is in doubt, for tables and recorders alike.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from har import foreign
from har.data.activities import Taxonomy, name_of
from har.data.ingest.columns import Axes
from har.data.ingest.patterns import n_groups
from har.data.ingest.vocabulary import is_no_label
from har.errors import DataError

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
# Of a unit, the one that harmonising knows, and the factor to it.
ACC_UNITS = {"m/s2": ("m/s2", 1.0), "g": ("g", 1.0), "mg": ("g", 1e-3)}
MAG_UNITS = {"uT": 1.0, "mT": 1e3, "nT": 1e-3, "gauss": 100.0}  # µT in each
GYRO_UNITS = {"rad/s": ("rad/s", 1.0), "deg/s": ("deg/s", 1.0), "mdeg/s": ("deg/s", 1e-3)}
T = TypeVar("T", bound="Entries")
_LISTS = ("acc", "gyro", "mag", "names", "gravity")
_CHARACTERS = {"tab": "\t", "\\t": "\t", "blank": " ", "space": " "}
_ROLES = ("time", "subject", "recording", "activity", "sensor", "placement_column")
_COLUMNS = (*_LISTS, *_ROLES)
_PATTERNS = ("subject_pattern", "recording_pattern", "activity_pattern")


class Entries(BaseModel):
    """Some entries of a mapping; `model_fields_set` says which were stated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # how the text is written
    separator: str | None = Field(None, min_length=1, max_length=1)
    decimal: Literal[".", ","] | None = None
    encoding: str | None = None
    names: tuple[str, ...] = ()
    skip: int | None = Field(None, ge=0)
    comment: str = ""
    # time
    time: str | None = None
    time_unit: Literal["s", "ms", "us", "ns", "datetime"] = "s"
    date_order: Literal["ymd", "dmy", "mdy"] = "ymd"
    rate_hz: float | None = Field(None, gt=0)
    # sensors
    acc: Axes | None = None
    acc_unit: Literal["m/s2", "g", "mg"] = "m/s2"
    acc_scale: float = 1.0
    acc_offset: float = 0.0
    acc_sign: Literal["+", "-"] = "+"
    gravity: Literal["included", "none"] | Axes = "included"
    gyro: Axes | None = None
    gyro_unit: Literal["rad/s", "deg/s", "mdeg/s"] = "rad/s"
    gyro_scale: float = 1.0
    gyro_offset: float = 0.0
    mag: Axes | None = None
    mag_unit: Literal["uT", "mT", "nT", "gauss"] = "uT"
    sensor: str | None = None
    sensors: dict[Literal["acc", "gyro"], str] = {}
    # who, where, what
    subject: str | None = None
    subject_pattern: str | None = None
    recording: str | None = None
    recording_pattern: str | None = None
    activity: str | None = None
    activity_pattern: str | None = None
    placement: str = "unknown"
    placement_column: str | None = None
    placements: dict[str, str] = {}
    labels: dict[str, str] = {}
    activities: dict[str, str] = {}

    @field_validator("labels", "activities")
    @classmethod
    def _named(cls, meant: dict[str, str], field: ValidationInfo) -> dict[str, str]:
        for word in filter(None, meant.values()):
            if is_no_label(word) or is_no_label(name_of(word)):
                raise ValueError(f'{word!r} is no activity; "" says that there is none')
        keys = meant if field.field_name == "labels" else map(name_of, meant)
        return {key: name and name_of(name) for key, name in zip(keys, meant.values(), strict=True)}

    @field_validator("separator", mode="before")
    @classmethod
    def _character(cls, value: Any) -> Any:
        return _CHARACTERS.get(value, value) if isinstance(value, str) else value

    @field_validator(*_COLUMNS, mode="before")
    @classmethod
    def _trimmed(cls, value: Any) -> Any:
        """Return names of columns as they are read: without blanks around them."""
        if isinstance(value, (list, tuple)):
            return tuple(name.strip() if isinstance(name, str) else name for name in value)
        return value.strip() if isinstance(value, str) else value

    @field_validator(*_COLUMNS)
    @classmethod
    def _is_named(cls, value: Any, field: ValidationInfo) -> Any:
        # Of all names of a file, some may be empty: of columns that nobody reads.
        if value == "" or (
            field.field_name != "names" and isinstance(value, tuple) and "" in value
        ):
            raise ValueError("an empty text is the name of no column")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        try:
            "".encode(value or "utf-8")
        except LookupError:
            raise ValueError(f"no encoding {value!r}, such as latin-1") from None
        return value

    @model_validator(mode="after")
    def _sound_patterns(self) -> Self:
        for name in _PATTERNS:
            pattern = getattr(self, name)
            if pattern and _groups(name, pattern) != 1:
                raise ValueError(f"{name} needs one group, such as s(\\d+)")
        return self

    @model_validator(mode="after")
    def _sound_parents(self) -> Self:
        try:
            Taxonomy(self.activities)
        except DataError as error:
            raise ValueError(f"{error.message} ({error.found})") from None
        return self

    @property
    def stated(self) -> dict[str, Any]:
        """The entries that were stated."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def texts(self) -> dict[str, str]:
        """Return what was stated as a command line has it."""
        return {name: _text(value) for name, value in sorted(self.stated.items())}


class ColumnMapping(Entries):
    """Columns and units of tables: all that is needed to read them."""

    acc: Axes

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.time is None and self.rate_hz is None:
            raise ValueError("needs a column of time, or rate_hz")
        for own in self._used():
            names = [name for name in own if name]
            if len(names) != len(set(names)):
                raise ValueError("uses one column twice")
        if self.sensor and not self.sensors:
            raise ValueError('sensor needs the words of its column: [sensors] acc = "0"')
        if "gyro" in self.sensors and not self.gyro and not self.sensor:
            raise ValueError("sensors has gyro, whose columns are not named: gyro")
        if self.mag and self.sensor:
            raise ValueError("mag must stand in the rows of acceleration")
        if self.placement_column and not self.placements:
            raise ValueError("placement_column needs its words: [placements]")
        return self

    def _used(self) -> Iterable[tuple[str | None, ...]]:
        """Yield columns that must differ; there may be one recording per activity."""
        # Sensors in files or rows of their own may have columns of one name.
        axes = [(*self.acc, *self.gravity_columns), self.gyro or ()]
        sets = axes if self.sensors else [(*axes[0], *axes[1], *(self.mag or ()))]
        for columns in sets:
            for role in (self.activity, self.recording):
                yield (self.time, *columns, self.subject, role)

    @property
    def gravity_columns(self) -> tuple[str, ...]:
        """The columns of gravity, where it stands apart."""
        return () if isinstance(self.gravity, str) else self.gravity

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, those of numbers first."""
        axes = (*self.acc, *self.gravity_columns, *(self.gyro or ()), *(self.mag or ()))
        numbers = (self.time, *axes)
        return tuple(dict.fromkeys(name for name in (*numbers, *self._words) if name))

    @property
    def text(self) -> tuple[str, ...]:
        """Those of them that are words."""
        stamps = (self.time,) if self.time_unit == "datetime" else ()
        return tuple(dict.fromkeys(name for name in (*stamps, *self._words) if name))

    @property
    def _words(self) -> tuple[str | None, ...]:
        return (self.subject, self.recording, self.activity, self.sensor, self.placement_column)

    @property
    def worn(self) -> tuple[str, ...]:
        """The placements."""
        return tuple(dict.fromkeys(self.placements.values())) or (self.placement,)


def _groups(name: str, pattern: str) -> int:
    try:
        return n_groups(pattern)
    except ValueError as error:
        raise ValueError(f"{name} is no regular expression: {error}") from None


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}={word}" for key, word in value.items())
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def load_mapping(path: Path) -> "Entries":
    """Read entries from a TOML file; with `acc`, they are the whole of a mapping.

    Raises
    ------
    MissingError
        If there is no such file.
    DataError
        If it is no mapping.
    """
    values = foreign.toml_of(path)
    return make_mapping(values, str(path)) if "acc" in values else make_entries(values, str(path))


def make_mapping(values: Mapping[str, Any], where: str) -> ColumnMapping:
    """Return a mapping from its entries, or say which of them does not fit."""
    return _checked(ColumnMapping, values, where)


def make_entries(values: Mapping[str, Any], where: str) -> Entries:
    """Return some entries of a mapping, as TOML or a command line has them.

    >>> make_entries({"acc": "ax,ay,az", "labels.Walk": "walking"}, "flags").texts()
    {'acc': 'ax,ay,az', 'labels': 'Walk=walking'}
    """
    return _checked(Entries, values, where)


def _checked(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    try:
        return kind(**_typed(values))
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"]) or "the mapping"
        raise DataError(
            f"{where}: {name}: {problem['msg'].lower()}",
            hint="`har data ingest --help` shows the flags; a TOML file takes the same names",
        ) from None


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return entries with the lists and tables that a command line writes as text."""
    typed: dict[str, Any] = {}
    for entry, value in values.items():
        outer, dot, inner = entry.partition(".")
        if dot:
            typed[outer] = {**typed.get(outer, {}), inner: value}
        elif entry in _LISTS and isinstance(value, str) and "," in value:
            typed[entry] = tuple(value.split(","))
        else:
            typed[entry] = value
    return typed

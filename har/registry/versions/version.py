"""One version of the registered model, as its tags describe it."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import UTC, datetime
from functools import cached_property

from har.errors import UsageError
from har.registry.handle import Registry
from har.registry.reading import RegisteredVersion
from har.registry.versions.decision import Decision
from har.registry.versions.gate_file import kept

# Every version that `har` registered or adopted carries it.
CANDIDATE_DIGEST = "har.candidate_digest"
# Every version that `har` registered carries it: of its lineage record.
LINEAGE_DIGEST = "har.lineage_digest"
# Every version with an ONNX build carries it: of the file that serves.
ONNX_DIGEST = "har.onnx_sha256"
# Among its files: its model card, and what MLflow was told of it.
CARD, REGISTERED = "model-card.md", "registered.json"
# An adopted version carries it: the digests that its files had when it was adopted.
FILES = "har.files"


@dataclass(frozen=True)
class Version:
    """A version of the registered model.

    Attributes
    ----------
    model : str
        Name of the registered model.
    number : int
        Counts from 1.
    stage : str
        ``None``, ``Staging``, ``Production`` or ``Archived``.
    aliases : tuple of str
        ``champion``, ``challenger``, ``previous``, or none of them.
    candidate, dataset : str
        What was registered.
    run_id : str
        The MLflow run behind it.
    macro_f1, macro_f1_interval
        On the test windows, with the interval over subjects; None of an adopted version.
    serving : str
        The ONNX build that serves.
    tags : dict
        All tags; ours start with ``har.``.
    created : str
        UTC.
    url : str or None
        Its page in MLflow, where a server shows one.
    """

    model: str
    number: int
    stage: str
    aliases: tuple[str, ...]
    candidate: str
    dataset: str
    run_id: str
    macro_f1: float | None
    macro_f1_interval: tuple[float, float] | None
    serving: str
    tags: dict[str, str]
    created: str
    url: str | None
    registry: InitVar[Registry | None] = None

    def __post_init__(self, registry: Registry | None) -> None:
        # Not a field: two versions that say the same are equal, whoever asked.
        object.__setattr__(self, "_registry", registry)

    @cached_property
    def gate(self) -> Decision | None:
        """The gate's decision on record, read when it is first asked for."""
        return kept(vars(self)["_registry"], self.run_id, self.tags)

    @property
    def adopted(self) -> bool:
        """Whether it was registered without `har` (`har.registry.moves.adoption`)."""
        return FILES in self.tags

    @classmethod
    def of(
        cls, registered: RegisteredVersion, aliases: Mapping[str, int], registry: Registry
    ) -> "Version":
        """Return what MLflow knows of a version, with those of the model's aliases that name it."""
        tags = dict(registered.tags)
        number = registered.number
        created = datetime.fromtimestamp(registered.created_ms / 1000, UTC)
        return cls(
            model=registry.model,
            number=number,
            stage=tags["har.stage"],
            aliases=tuple(sorted(alias for alias, n in aliases.items() if n == number)),
            candidate=tags["har.candidate"],
            dataset=tags["har.dataset"],
            run_id=registered.run_id,
            macro_f1=float(tags["har.macro_f1"]) if "har.macro_f1" in tags else None,
            macro_f1_interval=_interval(tags),
            serving=tags["har.serving"],
            tags=tags,
            created=created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            url=registry.version_url(number),
            registry=registry,
        )


def require_measured(version: Version) -> None:
    """Refuse a version that was adopted: nothing is known of it but its bytes.

    Raises
    ------
    UsageError
        If it was.
    """
    if version.adopted:
        raise UsageError(
            f"version {version.number} was adopted: nobody measured it",
            expected="a version with scores, builds and a lineage record",
            hint="register the model with `har run`; `har registry rollback` returns to one",
        )


def _interval(tags: Mapping[str, str]) -> tuple[float, float] | None:
    if "har.macro_f1" not in tags:
        return None
    return float(tags["har.macro_f1_low"]), float(tags["har.macro_f1_high"])

"""What the registry says of where versions stand, and where that is not as expected."""

from collections.abc import Mapping
from dataclasses import dataclass

from har.registry.handle import Registry
from har.registry.history.stages import CHALLENGER, CHAMPION, PREVIOUS, Placement

# In the order in which they are written: the former champion gets its name first, so that a
# kill in between leaves a version with two names, and never a model without a champion.
ALIASES = (PREVIOUS, CHAMPION, CHALLENGER)


@dataclass(frozen=True)
class Observed:
    """What the registry says.

    Attributes
    ----------
    aliases : dict of str to int
        All aliases of the model.
    tags, native : dict of int to str
        The tag ``har.stage`` and MLflow's own stage of every version.
    """

    aliases: dict[str, int]
    tags: dict[int, str]
    native: dict[int, str]


@dataclass(frozen=True)
class Difference:
    """Something in the registry that is not as expected."""

    what: str
    expected: str
    found: str


def observe(registry: Registry) -> Observed:
    """Read where versions stand; nothing of a model that is not there."""
    reader = registry.reader
    aliases = reader.aliases(registry.model)
    if aliases is None:
        return Observed({}, {}, {})
    versions = reader.versions(registry.model)
    return Observed(
        aliases,
        {v.number: v.tags.get("har.stage", "None") for v in versions},
        {v.number: v.stage for v in versions if v.stage},
    )


def own_aliases(aliases: Mapping[str, int]) -> dict[str, int]:
    """Return those of a model's aliases that `har` sets, whatever their letter case."""
    return {alias: version for alias, version in aliases.items() if alias.lower() in ALIASES}


def differences(expected: Placement, observed: Observed) -> list[Difference]:
    """Return where the registry is not as expected."""
    aliases = own_aliases(observed.aliases)
    names = sorted({*aliases, *expected.aliases})
    held = [
        Difference(f"alias {name}", str(expected.aliases.get(name)), str(aliases.get(name)))
        for name in names
    ]
    staged = [
        Difference(f"{what} of version {version}", expected.stage(version), stage)
        for what, stages in (("tag har.stage", observed.tags), ("MLflow stage", observed.native))
        for version, stage in sorted(stages.items())
    ]
    return [d for d in (*held, *staged) if d.expected != d.found]

"""What the registry says of where versions stand, and where that is not as expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.placement import judged_content
from har.registry.history.stages import CHALLENGER, CHAMPION, PREVIOUS, Placement
from har.registry.versions.version import LINEAGE_DIGEST

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
    contents : dict of int to str
        Digest of the lineage record of every version that has one.
    """

    aliases: dict[str, int]
    tags: dict[int, str]
    native: dict[int, str]
    contents: dict[int, str] = field(default_factory=dict)


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
        {v.number: v.tags[LINEAGE_DIGEST] for v in versions if LINEAGE_DIGEST in v.tags},
    )


def lost(expected: Placement, events: Sequence[Event], observed: Observed) -> dict[int, str]:
    """Return the versions that have a place by the history and are not there, each with why.

    A version is what was judged, not a number: a model that was made anew in MLflow gives the
    same numbers to other versions.
    """
    found = {}
    for number in sorted({*expected.aliases.values(), *expected.stages}):
        judged = judged_content(events, number)
        if number not in observed.tags:
            found[number] = "deleted in MLflow"
        elif judged is not None and observed.contents.get(number) != judged:
            found[number] = "another version of this number"
    return found


def own_aliases(aliases: Mapping[str, int]) -> dict[str, int]:
    """Return those of a model's aliases that `har` sets, whatever their letter case."""
    return {alias: version for alias, version in aliases.items() if alias.lower() in ALIASES}


def differences(
    expected: Placement, events: Sequence[Event], observed: Observed
) -> list[Difference]:
    """Return where the registry is not as the history says."""
    absent = [
        Difference(f"version {number}", _place(expected, number), why)
        for number, why in lost(expected, events, observed).items()
    ]
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
    return absent + [d for d in (*held, *staged) if d.expected != d.found]


def _place(placement: Placement, number: int) -> str:
    names = [alias for alias, version in placement.aliases.items() if version == number]
    return ", ".join(names) or placement.stage(number)

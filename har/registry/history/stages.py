"""Stages and the moves between them, as rules alone: nothing here talks to a registry.

========== ============ ==========================================
stage      alias        meaning
========== ============ ==========================================
None                    registered; may not serve, or not judged
Staging    challenger   may serve, is not the champion
Production champion     serves
Archived   previous     served, or was replaced as challenger
========== ============ ==========================================

One version at most is in Staging and one in Production. ``previous`` is the champion
before the present one, whatever its stage.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from har.errors import UsageError

Stage = Literal["None", "Staging", "Production", "Archived"]
STAGES: tuple[Stage, ...] = get_args(Stage)
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
LEGAL: Mapping[Stage, tuple[Stage, ...]] = {
    "None": ("Staging", "Production"),
    "Staging": ("Production", "None", "Archived"),
    "Production": ("Archived",),
    "Archived": ("Staging", "Production"),
}
HOLDER: Mapping[Stage, str] = {"Staging": CHALLENGER, "Production": CHAMPION}


@dataclass(frozen=True)
class Placement:
    """Which version has which alias, and at which stage versions are.

    Attributes
    ----------
    aliases : mapping of str to int
        The aliases that name a version.
    stages : mapping of int to str
        By version; a version that is not in it is at ``None``.
    """

    aliases: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[int, Stage] = field(default_factory=dict)

    def stage(self, version: int) -> Stage:
        """Return the stage of a version."""
        return self.stages.get(version, "None")

    def without(self, versions: Collection[int]) -> "Placement":
        """Return the placement of the other versions."""
        return Placement(
            {alias: v for alias, v in self.aliases.items() if v not in versions},
            {v: stage for v, stage in self.stages.items() if v not in versions},
        )

    def after(self, change: "Change") -> "Placement":
        """Return the placement that a change makes of this one."""
        aliases = {**self.aliases, **{alias: new for alias, (_, new) in change.aliases.items()}}
        stages = {**self.stages, **{version: new for version, (_, new) in change.stages.items()}}
        return Placement(
            {a: v for a, v in aliases.items() if v is not None},
            {v: stage for v, stage in stages.items() if stage != "None"},
        )


@dataclass(frozen=True)
class Change:
    """What differs between two placements: the old value and the new one.

    Attributes
    ----------
    aliases : mapping of str to (int or None, int or None)
        By alias, the version that it named and the one that it names.
    stages : mapping of int to (str, str)
        By version.
    """

    aliases: Mapping[str, tuple[int | None, int | None]]
    stages: Mapping[int, tuple[Stage, Stage]]

    @classmethod
    def between(cls, old: Placement, new: Placement) -> "Change":
        """Return what makes the new placement of the old one."""
        names = sorted({*old.aliases, *new.aliases})
        versions = sorted({*old.stages, *new.stages})
        aliases = {name: (old.aliases.get(name), new.aliases.get(name)) for name in names}
        stages = {version: (old.stage(version), new.stage(version)) for version in versions}
        return cls(
            {name: pair for name, pair in aliases.items() if pair[0] != pair[1]},
            {version: pair for version, pair in stages.items() if pair[0] != pair[1]},
        )

    @property
    def reverse(self) -> "Change":
        """The change that undoes this one."""
        return Change(
            {name: (new, old) for name, (old, new) in self.aliases.items()},
            {version: (new, old) for version, (old, new) in self.stages.items()},
        )


def move(now: Placement, version: int, stage: Stage) -> Placement:
    """Return the placement after a version went to a stage.

    Raises
    ------
    UsageError
        If it may not go there from where it is; it names where it may go.
    """
    here = now.stage(version)
    if stage not in LEGAL[here]:
        ways = ", ".join(LEGAL[here])
        raise UsageError(
            f"version {version} cannot go from {here} to {stage}",
            expected=f"from {here}: {ways}",
            hint="a version that served before goes back with `har registry rollback`"
            if here == "Archived"
            else None,
        )
    return place(now, version, stage)


def rollback(now: Placement, version: int) -> Placement:
    """Return the placement after a version that served before took the champion's place.

    Raises
    ------
    UsageError
        If the version is the champion.
    """
    if now.stage(version) == "Production":
        raise UsageError(f"version {version} is the champion: there is nothing to go back to")
    return place(now, version, "Production")


def place(now: Placement, version: int, stage: Stage) -> Placement:
    """Return the placement with a version at a stage, legal or not: who was there gives way."""
    stages = {**now.stages, version: stage}
    aliases = {alias: v for alias, v in now.aliases.items() if (alias, v) != (CHALLENGER, version)}
    if stage == "Archived" and aliases.get(CHAMPION) == version:
        aliases[PREVIOUS] = aliases.pop(CHAMPION)
    if holder := HOLDER.get(stage):
        replaced = aliases.get(holder)
        aliases[holder] = version
        if holder == CHAMPION and aliases.get(PREVIOUS) == version:
            del aliases[PREVIOUS]
        if replaced is not None:
            stages[replaced] = "Archived"
            if holder == CHAMPION:
                aliases[PREVIOUS] = replaced
    return Placement(aliases, stages)

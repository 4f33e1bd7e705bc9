"""The gate's policy as a registry keeps it, and how the settings of one command bend it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from har.config import ExportSettings, GateSettings, IntervalSettings, flatten
from har.config.section import Section
from har.registry.history.events import Event, PolicyRejected, PolicyRequested, PolicySet

S = TypeVar("S", bound=Section)
# Of the sections beside `gate`, what the gate holds versions against.
_HELD = {
    "export": ("max_probability_gap", "max_answer_gap", "max_latency_ms"),
    "intervals": ("bootstrap", "confidence", "seed"),
}


@dataclass(frozen=True)
class Bounds:
    """All settings that the gate judges by.

    Attributes
    ----------
    gate : GateSettings
        Floors, budgets and margins, and who approves.
    export : ExportSettings
        Bounds of the serving build.
    intervals : IntervalSettings
        Of the difference between two versions.
    """

    gate: GateSettings
    export: ExportSettings
    intervals: IntervalSettings

    @classmethod
    def of(cls, kept: Mapping[str, Mapping[str, Any]]) -> "Bounds":
        """Return the bounds of a policy; what it does not state is as by default."""
        return cls(GateSettings(), ExportSettings(), IntervalSettings()).with_stated(kept)

    def with_stated(self, stated: Mapping[str, Mapping[str, Any]]) -> "Bounds":
        """Return these bounds with others instead, by section and name.

        Settings that only another `har` knows have no meaning here and are left out.
        """
        return Bounds(
            _with(self.gate, stated.get("gate", {})),
            _with(self.export, stated.get("export", {})),
            _with(self.intervals, stated.get("intervals", {})),
        )

    def bent_by(
        self, gate: GateSettings, export: ExportSettings, intervals: IntervalSettings
    ) -> "Bounds":
        """Return these bounds with what settings state, not what they have by default."""
        given = {"gate": gate, "export": export, "intervals": intervals}
        return self.with_stated(
            {name: section.model_dump(exclude_unset=True) for name, section in given.items()}
        )

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return what the gate judges by as JSON-able data, by section and name."""
        sections = {"export": self.export, "intervals": self.intervals}
        held = {
            name: section.model_dump(mode="json", include=set(_HELD[name]))
            for name, section in sections.items()
        }
        return {"gate": self.gate.model_dump(mode="json"), **held}

    def flat(self) -> dict[str, Any]:
        """Return what the gate judges by under dotted names; those of ``gate`` without it."""
        tree = self.to_dict()
        return dict(flatten({**tree.pop("gate"), **tree}))


def kept(events: Sequence[Event]) -> PolicySet | None:
    """Return the policy in force, or None where none was recorded yet."""
    policies = [event for event in events if isinstance(event, PolicySet)]
    return policies[-1] if policies else None


def waiting(events: Sequence[Event]) -> PolicyRequested | None:
    """Return the change that waits for a second person; a later one takes its place."""
    asked = None
    for event in events:
        match event:
            case PolicyRequested():
                asked = event
            case PolicySet() | PolicyRejected():
                asked = None
    return asked


def bounds(events: Sequence[Event]) -> Bounds:
    """Return the bounds of the policy in force; without one, those by default."""
    policy = kept(events)
    return Bounds.of(policy.settings if policy else {})


def differences(new: Bounds, old: Bounds) -> tuple[str, ...]:
    """Return what one has instead of the other, in words.

    >>> standard = Bounds.of({})
    >>> differences(standard.with_stated({"gate": {"approval": "never"}}), standard)
    ('approval: never instead of replacing',)
    """
    ours, theirs = new.flat(), old.flat()
    names = [*theirs, *(name for name in ours if name not in theirs)]
    return tuple(
        f"{name}: {_said(ours.get(name))} instead of {_said(theirs.get(name))}"
        for name in names
        if ours.get(name) != theirs.get(name)
    )


def _said(value: Any) -> str:
    return "nothing" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _with(section: S, stated: Mapping[str, Any]) -> S:
    whole = section.model_dump()
    for name, value in stated.items():
        if isinstance(getattr(section, name, None), Section):
            whole[name] |= value
        elif name in whole:
            whole[name] = value
    return type(section).model_validate(whole)

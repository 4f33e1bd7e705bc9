"""What differs between two lineage records: data, people, code, settings, libraries, steps."""

import re
from typing import Any

from har.config import flatten
from har.lineage.record import Descriptor, Record

Difference = dict[str, dict[str, dict[str, Any]]]

_CODE = {"commit": "source code", "source files": "source files", "lock file": "lock file"}
_DIGEST = re.compile("[0-9a-f]{40,64}")


def difference(a: Record, b: Record) -> Difference:
    """Return what differs between two records.

    Parameters
    ----------
    a, b : Record
        Lineage records.

    Returns
    -------
    dict
        JSON-able: by part and by name, what ``a`` and ``b`` have there, None where one has
        nothing. Of people, those whom the other lacks in that split. A part in which nothing
        differs is empty.
    """
    parts_a, parts_b = _parts(a), _parts(b)
    found = {part: _differing(parts_a[part], parts_b[part]) for part in parts_a}
    for both in found["people"].values():
        of_a, of_b = (set(people or ()) for people in both.values())
        both.update(a=sorted(of_a - of_b), b=sorted(of_b - of_a))
    return found


def rows(found: Difference) -> list[tuple[str, str, str, str]]:
    """Return the part, the name and what either version has, as short texts."""
    return [
        (part, name, *(_steps(**both) if part == "steps" else (_text(both["a"]), _text(both["b"]))))
        for part, names in found.items()
        for name, both in names.items()
    ]


def sentence(found: Difference) -> str:
    """Say which parts differ, with the number of differences, and which are the same."""
    differing = [f"{part} ({len(names)})" for part, names in found.items() if names]
    if not differing:
        return "Same data, code and settings."
    same = [part for part, names in found.items() if not names]
    rest = f" The same: {', '.join(same)}." if same else ""
    return f"Different: {', '.join(differing)}.{rest}"


def _parts(record: Record) -> dict[str, dict[str, Any]]:
    predicate = record.predicate
    dependencies = predicate.build.dependencies
    only = {item.role: item for item in dependencies}  # raw data alone has more than one item
    code = {name: _digest(only.get(role)) for name, role in _CODE.items()}
    changes = only[_CODE["commit"]].annotations["changes_sha256"] if code["commit"] else None
    return {
        "raw data": {item.name: _digest(item) for item in dependencies if item.role == "raw data"},
        "people": {split: list(people) for split, people in predicate.people.items() if people},
        "code": {**code, "uncommitted changes": changes},
        "settings": dict(flatten(dict(predicate.build.external_parameters.settings))),
        "seed": dict(predicate.build.internal_parameters),
        "base checkpoint": {"weights": _digest(only.get("base checkpoint"))},
        "libraries": dict(predicate.details.builder.version),
        "steps": {
            name: {"key": step.key, "content": step.content}
            for name, step in predicate.steps.items()
        },
    }


def _differing(a: dict[str, Any], b: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what each has under the names where the two differ."""
    return {
        name: {"a": a.get(name), "b": b.get(name)}
        for name in {**a, **b}
        if a.get(name) != b.get(name)
    }


def _digest(item: Descriptor | None) -> str | None:
    return next(iter(item.digest.values())) if item else None


def _steps(a: dict[str, str] | None, b: dict[str, str] | None) -> tuple[str, str]:
    """Tell two steps apart by what they made, or by their keys where they made the same."""
    if a and b and a["content"] == b["content"]:
        return f"key {_text(a['key'])}", f"key {_text(b['key'])}"
    return _text(a and a["content"]), _text(b and b["content"])


def _text(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return _DIGEST.sub(lambda found: found[0][:12], str(value))

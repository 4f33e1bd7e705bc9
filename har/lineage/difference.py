"""What differs between two lineage records: data, people, code, settings, libraries, steps."""

import re
from typing import Any

from har.config import flatten
from har.lineage.record import Descriptor, Record, Step

Difference = dict[str, dict[str, dict[str, Any]]]

# Of more files, the first ones are named.
MOST_FILES = 4
_ROLES = {"train": "training", "pretrain": "pretraining"}
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
    steps_a, steps_b = a.predicate.steps, b.predicate.steps
    for name, both in found["steps"].items():
        if name in steps_a and name in steps_b:
            both["because"] = _causes(steps_a[name], steps_b[name])
    for both in found["people"].values():
        of_a, of_b = (set(people or ()) for people in both.values())
        both.update(a=sorted(of_a - of_b), b=sorted(of_b - of_a))
    return found


def rows(found: Difference) -> list[tuple[str, str, str, str]]:
    """Return the part, the name and what either version has, as short texts."""
    return [
        (
            part,
            name,
            *(
                _steps(both["a"], both["b"])
                if part == "steps"
                else (_text(both["a"]), _text(both["b"]))
            ),
        )
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


def words(found: Difference, *, since: str) -> list[str]:
    """Say what differs, a sentence for each part: people and settings by name, no digests.

    Parameters
    ----------
    found : dict
        As `difference` returned it: what is told of is ``a``, held against ``b``.
    since : str
        What ``b`` is called, as ``version 1``.

    Returns
    -------
    list of str
        None of them where nothing differs.
    """
    told = {part: _told(part, names, since) for part, names in found.items() if names}
    return [f"{part.capitalize()}: {'; '.join(parts)}." for part, parts in told.items() if parts]


def _told(part: str, names: dict[str, dict[str, Any]], since: str) -> list[str]:
    if part == "people":
        return [told for split, both in names.items() for told in _people(split, both)]
    if part == "raw data":
        return _files(names)
    if part == "code":
        return _code(names, since)
    if part == "steps":
        return [f"{name} {why}" for name, both in names.items() if (why := _why(both, since))]
    if part == "base checkpoint":
        return [_one_of_two(names["weights"], since)]
    return [
        f"{name} is {_text(both['a'])}, in {since} {_text(both['b'])}"
        for name, both in names.items()
    ]


def _people(split: str, both: dict[str, list[str]]) -> list[str]:
    """Say who was added to a split, and who left it."""
    role = _ROLES.get(split, split)
    return [
        f"{len(people)} {how} for {role} ({', '.join(people)})"
        for how, people in (("more", both["a"]), ("fewer", both["b"]))
        if people
    ]


def _files(names: dict[str, dict[str, str | None]]) -> list[str]:
    """Say which files are new, gone and changed."""
    kinds: dict[str, list[str]] = {"new": [], "gone": [], "changed": []}
    for name, both in names.items():
        kinds["gone" if not both["a"] else "changed" if both["b"] else "new"].append(name)
    return [
        f"{len(files)} {kind} ({', '.join(files[:MOST_FILES])}"
        f"{', …' if len(files) > MOST_FILES else ''})"
        for kind, files in kinds.items()
        if files
    ]


def _code(names: dict[str, dict[str, str | None]], since: str) -> list[str]:
    told = []
    for name, both in names.items():
        if name == "commit":
            told.append(f"commit {_text(both['a'])}, in {since} {_text(both['b'])}")
        elif name == "uncommitted changes":
            told.append(f"uncommitted changes: {_one_of_two(both, since)}")
        else:
            told.append(f"{name} changed")
    return told


def _one_of_two(both: dict[str, str | None], since: str) -> str:
    if both["a"] and both["b"]:
        return f"others than in {since}"
    return f"none, but in {since}" if both["b"] else f"some, and none in {since}"


def _why(both: dict[str, Any], since: str) -> str:
    """Say why a step made something else, as far as its own record tells; empty if it did not."""
    if not both["a"]:
        return f"is in {since} alone"
    if not both["b"]:
        return f"is not in {since}"
    if both["a"]["content"] == both["b"]["content"]:
        return ""
    causes = ", ".join(both["because"])
    return "made something else" + (f" (other {causes})" if causes else "")


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


def _causes(a: Step, b: Step) -> list[str]:
    """Return what two steps were made of that differs."""
    kinds = {"inputs": "inputs", "settings": "params", "code": "code", "libraries": "libraries"}
    return [kind for kind, name in kinds.items() if getattr(a, name) != getattr(b, name)]


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

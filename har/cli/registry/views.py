"""``har registry list|show``: what there is."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from har.cli.output import AsJson, Overrides, err, out, print_json, table
from har.cli.registry.common import Selector, asked_by, rules_table, score, told_of, version_facts

if TYPE_CHECKING:
    pass


def list_(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """List the versions of the registered model, newest first.

    Example: har registry list
    """
    from har.config import load
    from har.registry.handle import Registry
    from har.registry.versions.lookup import foreign_versions, list_versions

    registry = Registry.open(load(overrides).environment)
    versions, waiting = list_versions(registry), asked_by(registry)
    if as_json:
        return print_json([version_facts(version, waiting) for version in versions])
    rows = [
        (v.number, v.candidate, v.stage, ", ".join(v.aliases), v.created[:10], *score(v))
        for v in versions
    ]
    columns = ["no", "model", "stage", "alias", "created", "macro-F1", "interval"]
    out.print(table("Versions", columns, rows))
    for number, who in waiting.items():
        err.print(f"Version {number} waits for approval; {who} asked for it.")
    if foreign := foreign_versions(registry):
        numbers = ", ".join(str(found.number) for found in foreign)
        err.print(f"Registered without har: {numbers}. `har registry adopt` takes them in.")
    return None


def show(selector: Selector, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show one version: its scores, its stage and the gate's decision.

    Example: har registry show champion --json
    """
    from har.config import load
    from har.registry.handle import Registry
    from har.registry.history.promotions import promotion_of
    from har.registry.history.trail import Trail
    from har.registry.versions.lookup import find

    registry = Registry.open(load(overrides).environment)
    version = find(registry, selector)
    facts = version_facts(version, asked_by(registry))
    came = promotion_of(Trail(registry).events, version.number)
    if as_json:
        return print_json({**facts, "promotion": came and asdict(came)})
    shown = {k: v for k, v in facts.items() if k not in ("tags", "gate") and v is not None}
    shown |= {
        "aliases": ", ".join(version.aliases),
        "macro_f1": ", ".join(filter(None, score(version))),
    }
    del shown["macro_f1_interval"]
    if came:
        shown |= {("in Production" if k == "came by" else k): v for k, v in came.facts.items()}
    out.print(table(f"{version.model} {version.number}", ["", ""], shown.items()), "")
    if version.gate:
        out.print(rules_table(version.gate), *told_of(version.gate), sep="\n")

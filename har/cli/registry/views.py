"""``har registry list|show``: what there is."""

from har.cli.output import AsJson, Overrides, err, out, print_json, table
from har.cli.registry.common import Selector, asked_by, rules_table, score_text, version_facts


def list_(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """List the versions of the registered model, newest first.

    Example: har registry list
    """
    from har.config import load
    from har.registry.versions import foreign_versions, list_versions

    settings = load(overrides)
    versions, waiting = list_versions(settings), asked_by(settings)
    if as_json:
        return print_json([version_facts(version, waiting) for version in versions])
    rows = [
        (
            *(v.number, v.candidate, v.stage + (", waits" if v.number in waiting else "")),
            *(", ".join(v.aliases), v.serving, v.created, score_text(v)),
        )
        for v in versions
    ]
    columns = ["version", "model", "stage", "alias", "serves", "created", "macro-F1"]
    out.print(table("Versions", columns, rows))
    if foreign := foreign_versions(settings):
        numbers = ", ".join(str(found.version) for found in foreign)
        err.print(f"Registered without har: {numbers}. `har registry adopt` takes them in.")
    return None


def show(selector: Selector, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show one version: its scores, its stage and the gate's decision.

    Example: har registry show champion --json
    """
    from har.config import load
    from har.registry.versions import find

    settings = load(overrides)
    version = find(selector, settings)
    facts = version_facts(version, asked_by(settings))
    if as_json:
        return print_json(facts)
    shown = {k: v for k, v in facts.items() if k not in ("tags", "gate") and v is not None}
    shown |= {"aliases": ", ".join(version.aliases), "macro_f1": score_text(version)}
    del shown["macro_f1_interval"]
    out.print(table(f"{version.model} {version.number}", ["", ""], shown.items()), "")
    if version.gate:
        out.print(rules_table(version.gate))

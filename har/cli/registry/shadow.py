"""``har registry shadow``: a challenger beside the champion on the same recordings."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from har.cli.flags import refuse_ignored
from har.cli.output import AsJson, Overrides, err, indented, out, print_json, table
from har.cli.registry.common import Reason, Selector
from har.cli.understood import stated_by
from har.cli.user_files import Entries, MappingFile, Yes
from har.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from har.monitoring.shadow import Agreement
    from har.registry.shadow import ShadowReport


def shadow(
    context: typer.Context,
    selector: Selector,
    files: Annotated[
        list[Path], typer.Argument(help="Files, folders, archives, as for `har data ingest`.")
    ],
    reason: Reason,
    mapping: MappingFile = None,
    entries: Entries = None,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Score, but write nothing.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Score a version beside the champion on the same recordings; the gate counts the windows.

    Ends with exit code 3 if a file could not be scored; the others are.

    Example: har registry shadow challenger week-47/*.csv --reason "before promotion"
    """
    from har.config import load
    from har.errors import DataError
    from har.monitoring.shadow import Columns
    from har.registry.handle import Registry
    from har.registry.shadow import shadow as run

    refuse_ignored(context, exclusive=("--mapping", "--map"))
    stated = stated_by(mapping, entries or [])
    recipe, environment = load(overrides)
    registry = Registry.open(environment)
    report = run(
        registry,
        selector,
        files,
        export=recipe.export,
        reason=reason,
        dry_run=dry_run,
        columns=Columns(stated, guessed=yes),
    )
    if as_json:
        print_json(asdict(report))
    else:
        _print(report, recorded=not dry_run)
    for file in report.repeated:
        err.print(f"{file}: the bytes of another file, not counted again")
    for file, why in report.rejected.items():
        err.print(Text(f"{visible(file)}: {indented(why)}"))
    if report.rejected:
        raise DataError(
            f"{len(report.rejected)} file(s) could not be scored",
            hint="correct them and score again: nothing is counted twice",
        )


def _print(report: "ShadowReport", *, recorded: bool) -> None:
    from har.data.cleaning import Changes

    sides = (report.champion, report.challenger)
    rows = [
        ("version", *(side.version for side in sides)),
        ("model", *(side.candidate for side in sides)),
        ("unknown windows", *(side.unknown for side in sides)),
        ("mean probability", *(f"{side.probability:.3f}" for side in sides)),
        ("median latency, ms", *(f"{side.latency_ms:.2f}" for side in sides)),
        ("95th percentile, ms", *(f"{side.latency_p95_ms:.2f}" for side in sides)),
    ]
    columns = ["windows", "agree, %", "challenger says instead"]
    out.print(
        table("In the champion's shadow", ["", "champion", "challenger"], rows),
        f"One window on one thread of {report.machine}.",
        "",
        table("By activity", ["champion says", *columns], _rows(report.by_activity)),
        "",
        table("By subject", ["subject", *columns], _rows(report.by_subject)),
        "",
        f"{report.overall.windows} windows of {len(report.recordings)} recording(s): "
        f"{100 * report.overall.agreement:.1f} % agree.",
        f"{Changes(**report.rows).describe()}.",
        "Recorded in the history." if recorded else "Nothing was recorded.",
        sep="\n",
    )


def _rows(found: "dict[str, Agreement]") -> "Iterator[tuple[object, ...]]":
    for name, part in found.items():
        yield name, part.windows, f"{100 * part.agreement:.1f}", part.instead

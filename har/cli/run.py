"""``har run``: the main job, end to end."""

import os
from typing import Annotated

import typer

from har.cli.output import (
    AsJson,
    Classes,
    DatasetOption,
    Overrides,
    debugging,
    out,
    print_json,
    settings_of,
    show_progress,
    table,
)


def run(
    datasets: DatasetOption = None,
    classes: Classes = None,
    overrides: Overrides = None,
    reason: Annotated[
        str, typer.Option(help="Why a version may be promoted; kept in its history.")
    ] = "har run",
    as_json: AsJson = False,
) -> None:
    """Run the whole chain: data, models, evaluation, ONNX, registry, gate.

    Unchanged steps are found in the store. Runs with no server, or against those
    that PREFECT_API_URL and MLFLOW_TRACKING_URI name.

    Example: har run --dataset hapt --dataset sp-sw-har --set registry.model=har-both
    """
    _prepare_prefect()
    show_progress()
    recipe, environment = settings_of(overrides, classes, datasets)
    from flows.main import main_job
    from har.config import using
    from har.steps.tables import reuse, tables

    with using(environment):
        summary = main_job(recipe, reason)
    if as_json:
        return print_json(summary)
    for part in tables(summary):
        out.print(table(**part), "")
    out.print(f"Report: {summary['report']}")
    out.print(reuse(summary).capitalize() + ".")


def _prepare_prefect() -> None:
    """Set what Prefect reads at import, unless the user did."""
    defaults = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # A temporary server makes its database first: 17 s and more on a busy machine.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        # The steps' own lines go to Prefect; of Prefect's, only with --debug, to the terminal.
        "PREFECT_LOGGING_EXTRA_LOGGERS": "har",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO" if debugging() else "CRITICAL",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)

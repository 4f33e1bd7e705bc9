"""``har run``: the main job, end to end."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from har.cli.flags import as_reason
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
from har.cli.writable import require_writable

if TYPE_CHECKING:
    from har.config import Environment, Recipe
    from har.steps.summary import Summary


def run(
    datasets: DatasetOption = None,
    classes: Classes = None,
    overrides: Overrides = None,
    reason: Annotated[
        str,
        typer.Option(
            help="Why a version may be promoted; kept in its history.", callback=as_reason
        ),
    ] = "har run",
    as_json: AsJson = False,
) -> None:
    """Run the whole chain: data, models, evaluation, ONNX, registry, gate.

    Unchanged steps are found in the store. Runs with no server, or against those that
    PREFECT_API_URL (or a Prefect profile) and MLFLOW_TRACKING_URI name.

    Example: har run --dataset hapt --dataset sp-sw-har --set registry.model=har-both
    """
    _prepare_prefect()
    show_progress()
    recipe, environment = settings_of(overrides, classes, datasets)
    from har.steps.tables import ingestions, reuse, tables

    summary = _settled(recipe, environment) or _carried_out(recipe, environment, reason)
    if as_json:
        return print_json(summary)
    for part in tables(summary):
        out.print(table(**part), "")
    out.print(f"Data sets: {ingestions(summary)}")
    out.print(f"Report: {summary.report}")
    out.print(reuse(summary).capitalize() + ".")


def _settled(recipe: "Recipe", environment: "Environment") -> "Summary | None":
    """Return the summary of a run that has nothing left to do: no server is started for it.

    Where one is named, the run shows there.
    """
    from har.registry.handle import Registry
    from har.steps.release import settled
    from har.steps.run import start
    from har.steps.summary import summarise

    if not environment.store.exists() or names_server():
        return None
    run = start(recipe, environment)
    outcomes = settled(run, Registry.open(environment))
    return None if outcomes is None else summarise(run, outcomes)


def _require_places(environment: "Environment") -> None:
    """Refuse a run whose outputs, versions or flow could not be written."""
    from har.registry.connection import sqlite_file, tracking_uri

    places = {"store": environment.store}
    if database := sqlite_file(tracking_uri(environment.registry)):
        places["registry.tracking_uri"] = database.parent
    if not names_server():
        places["PREFECT_HOME"] = _prefect_home()
    require_writable(places)


def _prefect_home() -> Path:
    return Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect").expanduser()


def names_server() -> bool:
    """Tell whether a variable or a file names a Prefect server.

    Importing Prefect takes a second, so it is asked only where it finds settings of its own.
    """
    if os.environ.get("PREFECT_API_URL"):
        return True
    profiles = os.environ.get("PREFECT_PROFILES_PATH") or _prefect_home() / "profiles.toml"
    files = map(Path, (profiles, "prefect.toml", ".env"))
    if "PREFECT_PROFILE" not in os.environ and not any(path.is_file() for path in files):
        return False
    from prefect.settings import PREFECT_API_URL

    return bool(PREFECT_API_URL.value())


def _carried_out(recipe: "Recipe", environment: "Environment", reason: str) -> "Summary":
    _require_places(environment)
    from flows.main import main_job
    from flows.server import server
    from har.config import using

    with using(environment), server():
        return main_job(recipe, reason)


def _prepare_prefect() -> None:
    """Set what Prefect reads at import, unless the user did."""
    defaults = {
        # A temporary server makes its database first: 17 s and more on a busy machine.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        # The steps' own lines go to Prefect; of Prefect's, only with --debug, to the terminal.
        "PREFECT_LOGGING_EXTRA_LOGGERS": "har",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO" if debugging() else "CRITICAL",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)

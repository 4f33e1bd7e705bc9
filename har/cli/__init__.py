"""The command line: one file per noun, heavy imports inside the commands.

Exit codes: 0 done, 1 unexpected, 2 usage, 3 bad input data, 4 gate refused,
5 verification failed, 6 missing or unreachable.
"""

import os
import sys
from typing import Annotated

import typer

import har
from har.cli import app as page
from har.cli import (
    benchmark,
    data,
    edge,
    lineage,
    models,
    predict,
    registry,
    run,
    serve,
    settings,
)
from har.cli.extras import not_installed
from har.cli.output import debugging, print_error, print_text, print_traceback
from har.cli.signals import end_when_asked
from har.cli.streams import prepare_streams, readers_may_leave, speak_utf8
from har.cli.writable import require_home, unnamable
from har.disk import explained
from har.errors import HarError
from har.processes import THREADS

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help=(
        "Human activity recognition from inertial sensors: raw data in, a registered, "
        "gated, quantized model out.\n\nExample: [bold]har run[/], then "
        "[bold]har predict my-recording.csv[/]"
    ),
)
app.command(name="run")(run.run)
app.add_typer(data.app, name="data")
app.command(name="pretrain")(models.pretrain)
app.command(name="train")(models.train)
app.command(name="evaluate")(models.evaluate)
app.command(name="export")(models.export)
app.add_typer(registry.app, name="registry")
app.add_typer(lineage.app, name="lineage")
app.command(name="predict")(predict.predict)
app.command(name="app")(page.app)
app.command(name="serve")(serve.serve)
app.command(name="edge")(edge.edge)
app.add_typer(benchmark.app, name="benchmark")
app.command(name="config")(settings.config)


def _print_version(wanted: bool) -> None:
    if wanted:
        print_text(f"har {har.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    if debug:
        os.environ["HAR_DEBUG"] = "1"


def main() -> None:
    """Run the command line; errors end with their exit code and without a traceback."""
    speak_utf8()
    # Threads that spin while they wait make small models many times slower on busy cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Cores are shared out by processes, and a step gives the same bits wherever it is made.
    for name in THREADS:
        os.environ.setdefault(name, "1")
    end_when_asked()
    prepare_streams()
    require_home()
    try:
        with readers_may_leave():
            app()
    except ModuleNotFoundError as error:
        _fail(not_installed(error) or error)
    except UnicodeEncodeError as error:
        _fail(unnamable(error) or error)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        _fail(error)


def _fail(error: Exception) -> None:
    if debugging():
        print_traceback(error)
    if not isinstance(error, HarError):
        error = explained(error) or error
    if not debugging():
        print_error(error)
    sys.exit(error.exit_code if isinstance(error, HarError) else HarError.exit_code)

"""``har serve``: the served model over HTTP."""

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from har.cli.flags import refuse_ignored
from har.cli.output import Overrides, err, settings_of
from har.cli.served import ModelFile, source_of
from har.terminal.log import LineFormatter
from har.terminal.stream import guard

if TYPE_CHECKING:
    from fastapi import FastAPI

    from har.config import Environment, ServeSettings


def serve(
    context: typer.Context,
    version: Annotated[
        str, typer.Option(help="champion, challenger, previous, or a number.")
    ] = "champion",
    model: ModelFile = None,
    host: Annotated[
        str | None, typer.Option(help="Address; default: this machine alone (serve.host).")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="0: any that is free; default: serve.port.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that share the port.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Serve the champion over HTTP, and its successor as soon as there is one.

    Windows, recordings of any recorder, MLflow's scoring protocol and the Open Inference
    Protocol V2; /docs shows all routes. Beyond this machine, clients need a key. Every
    setting is `serve.…` in `har config`; docs/serving.md explains them.

    Example: har serve --port 8080

    Example: har serve --model model-fp32.onnx
    """
    refuse_ignored(context, exclusive=("--version", "--model"))
    flags = {"host": host, "port": port, "workers": workers}
    given = {name: value for name, value in flags.items() if value is not None}
    owned = {f"serve.{name}": f"--{name}" for name in given}
    environment = settings_of(overrides, owned=owned).environment
    settings = environment.serve.model_copy(update=given)
    environment = environment.model_copy(update={"serve": settings})
    _serve(environment, version, model)


def app_of(environment: "Environment", version: str, model: Path | None) -> "FastAPI":
    """Return the app of one serving process."""
    from har.config.environment import begin
    from har.serving.http.app import make_app

    begin(environment)  # flags are not heard of in a further process
    _log_to_stderr()
    return make_app(source_of(environment, version, model), environment.serve)


def _serve(environment: "Environment", version: str, model: Path | None) -> None:
    from har.serving.http.keys import Keys, require_keys
    from har.serving.http.running import listen
    from har.serving.http.running import serve as run

    settings = environment.serve
    keys = Keys.of(settings)
    require_keys(settings, keys)
    _log_to_stderr()
    # Here first, so that a model that cannot be served ends the command with its exit code.
    served = source_of(environment, version, model).load()
    listening = listen(settings)
    guarded = "a key is needed" if keys else "without keys"
    url = _url(settings, listening.getsockname()[1])
    err.print(f"serving {served} at {url}, {guarded}; routes: {url}/docs", soft_wrap=True)
    run(partial(app_of, environment, version, model), settings, listening)


def _url(settings: "ServeSettings", port: int) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{port}"


def _log_to_stderr() -> None:
    guard()
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("har").setLevel(logging.INFO)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # an outage is told once, by the holder

"""``har app``: the page for recordings, a phone's stream and the registry."""

from pathlib import Path
from typing import Annotated

import typer

from har.cli.flags import refuse_ignored
from har.cli.output import Overrides


def app(
    context: typer.Context,
    version: Annotated[
        str, typer.Option(help="champion, challenger, previous, a stage, or a number.")
    ] = "champion",
    model: Annotated[
        Path | None, typer.Option(help="ONNX file that answers instead of the registry's.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    service: Annotated[
        str, typer.Option(help="Address of the `har serve` whose sessions are shown live.")
    ] = "http://127.0.0.1:8000",
    service_key: Annotated[
        Path | None, typer.Option(help="File with the key that this `har serve` asks for.")
    ] = None,
    upload_mb: Annotated[int, typer.Option(min=1, help="Largest file that is taken, MB.")] = 200,
    overrides: Overrides = None,
) -> None:
    """Serve a page: drop a recording, see what was understood and what the person did.

    Takes what `har predict` takes, and asks on the page what the files leave open. Beside
    it: a phone's session in `har serve`, live, and the registry with its versions, the
    gate's decisions and the history. Nothing is sent anywhere; whoever reaches the address
    can use the page, so put it behind a proxy that asks who they are before you open it.

    Example: har app

    Example: har app --model model.onnx --port 8600
    """
    from har.app.options import AppOptions
    from har.app.server import serve
    from har.config import load
    from har.foreign import require_regular

    refuse_ignored(context, exclusive=("--version", "--model"))
    for path in filter(None, (model, service_key)):
        require_regular(path)
    # So that a wrong setting is told here, and not on the page.
    names = load(overrides).environment.serve.hosts
    options = AppOptions(
        model=str(model.resolve()) if model else "",
        version=version,
        overrides=tuple(overrides or ()),
        service=service,
        service_key=str(service_key.resolve()) if service_key else "",
    )
    serve(options, host=host, port=port, upload_mb=upload_mb, names=names)

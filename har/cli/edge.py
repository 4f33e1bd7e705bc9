"""``har edge``: the model as a folder of files that a browser answers with."""

from pathlib import Path
from typing import Annotated

import typer

from har.cli.flags import refuse_ignored
from har.cli.output import Overrides, err
from har.cli.served import ModelFile, source_of


def edge(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to write; made unless it is there.")],
    version: Annotated[
        str, typer.Option(help="champion, challenger, previous, or a number.")
    ] = "champion",
    model: ModelFile = None,
    runtime: Annotated[
        Path | None,
        typer.Option(help="The package onnxruntime-web; by default that of node_modules."),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write a folder to serve, whose page answers on the phone itself, offline too.

    The page reads the phone's motion sensors and runs the same ONNX file; nothing leaves
    the phone. Any web server can serve the folder. Browsers give motion sensors to secure
    pages alone: by https, or on localhost. It needs `npm install onnxruntime-web@1.30.0`
    once; see docs/edge.md.

    Example: har edge site
    """
    refuse_ignored(context, exclusive=("--version", "--model"))
    from har.config import load
    from har.serving.edge.folder import runtime_folder, write

    package = runtime_folder(runtime)
    served = source_of(load(overrides).environment, version, model).load()
    write(folder, served, package)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    err.print(
        f"wrote {served.label} to {folder} ({size / 1e6:.0f} MB)\n"
        f"look at it: python -m http.server --directory {folder}",
        soft_wrap=True,
        markup=False,
    )

"""``har edge``: the model as a folder of files that a browser answers with."""

from pathlib import Path
from typing import Annotated

import typer

from har.cli.output import Overrides, err


def edge(
    folder: Annotated[Path, typer.Argument(help="Where to write; made unless it is there.")],
    version: Annotated[
        str, typer.Option(help="champion, challenger, previous, or a number.")
    ] = "champion",
    runtime: Annotated[
        Path | None,
        typer.Option(help="The package onnxruntime-web; by default that of node_modules."),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write a folder to serve, whose page answers on the phone itself, offline too.

    The page reads the phone's motion sensors and runs the same ONNX file; nothing leaves
    the phone. Any web server can serve the folder. Browsers give motion sensors to secure
    pages alone: by https, or on localhost. See docs/edge.md.

    Example: npm install onnxruntime-web@1.30.0, then har edge site
    """
    from har.config import load
    from har.registry.handle import Registry
    from har.registry.versions.files import fetch
    from har.registry.versions.lookup import find
    from har.serving.edge.folder import runtime_folder, write
    from har.serving.predictor import Predictor

    package = runtime_folder(runtime)
    registry = Registry.open(load(overrides).environment)
    found = find(registry, version)
    write(folder, Predictor(fetch(registry, found)), package, found.model, str(found.number))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    err.print(
        f"wrote {found.model} version {found.number} to {folder} ({size / 1e6:.0f} MB)\n"
        f"look at it: python -m http.server --directory {folder}",
        soft_wrap=True,
        markup=False,
    )

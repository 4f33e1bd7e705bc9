"""Which model answers: the flags for it, and where it comes from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from har.config import Environment
    from har.serving.served import Source

ModelFile = Annotated[
    Path | None, typer.Option("--model", help="An ONNX file, or a folder with one: no registry.")
]


def source_of(environment: "Environment", version: str, model: Path | None) -> "Source":
    """Return where a model comes from: a file that was named, else the registry."""
    threads = environment.serve.threads
    if model:
        from har.serving.served import FileSource

        return FileSource(model, threads=threads)
    from har.registry.handle import Registry
    from har.registry.versions.served import RegistrySource

    return RegistrySource(Registry.open(environment), version, threads=threads)

"""``har benchmark``: measurements against named baselines, in the same run."""

import typer

from har.cli.benchmark import data, models, served

app = typer.Typer(no_args_is_help=True, help="Measure HAR against named baselines.")
for command in (
    *(data.ingest, data.features, data.sensors),
    *(models.run, models.models, models.labels, models.checkpoint, models.unlike),
    *(served.runtimes, served.onnx, served.serve),
):
    app.command()(command)

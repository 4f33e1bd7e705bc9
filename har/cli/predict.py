"""``har predict``: activities over time for a recording."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from har.cli.flags import refuse_ignored
from har.cli.output import AsJson, Overrides, err, out, print_json, table


def predict(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="CSV or Parquet: time_s, acc_x, acc_y, acc_z, gyro_x, …")
    ],
    version: Annotated[
        str, typer.Option(help="champion, challenger, previous, or a number.")
    ] = "champion",
    windows: Annotated[bool, typer.Option("--windows", help="One row per window.")] = False,
    smooth: Annotated[
        Literal["none", "average", "hmm"],
        typer.Option(help="Smooth answers over time: running mean or hidden Markov model."),
    ] = "none",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Print what the person did, with the champion's ONNX from the registry.

    Time in s, acceleration in m/s² with gravity, angular velocity in rad/s.

    What was removed, filled or left without an answer is counted; samples behind the last
    whole window have none.

    Smoothing takes the windows before each one into account, and is what
    `har evaluate --continuous` scores.

    Example: har predict my-recording.csv

    Example: har predict my-recording.csv --smooth hmm
    """
    refuse_ignored(context, exclusive=("--csv", "--json"))
    from har.config import load
    from har.registry.handle import Registry
    from har.registry.versions.files import fetch
    from har.registry.versions.lookup import find
    from har.serving.predictor import Predictor
    from har.serving.recordings import read_user_recording

    registry = Registry.open(load(overrides).environment)
    found = find(registry, version)
    predictor = Predictor(fetch(registry, found))
    parts, rows = read_user_recording(
        file, rate_hz=predictor.rate_hz, needs_gyro=predictor.needs_gyro
    )
    frame = predictor.predict_parts(parts, predictor.smoother(smooth))
    shown = frame if windows else predictor.timeline(frame)
    unanswered = predictor.unanswered(parts)
    if as_json:
        return print_json(
            {
                "model": found.model,
                "version": found.number,
                "file": str(file),
                "rows": rows.to_dict(),
                "unanswered": unanswered,
                "activities": shown.to_dict("records"),
            }
        )
    left = f"; {unanswered:,} of them in no window" if unanswered else ""
    err.print(f"{file}: {rows.describe()}{left}", markup=False, soft_wrap=True)
    if as_csv:
        return shown.to_csv(sys.stdout, index=False)
    err.print(f"{found.model} version {found.number} ({found.candidate}, {found.stage})")
    cells = [[f"{v:.2f}" if isinstance(v, float) else v for v in row] for row in shown.to_numpy()]
    out.print(table(f"Activities in {file.name}", list(shown.columns), cells))

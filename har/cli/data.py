"""``har data``: data sets, ingestion, validation, export of recordings."""

from pathlib import Path
from typing import Annotated

import typer

from har.cli.output import AsJson, Overrides, err, out, print_json, show_progress, table

app = typer.Typer(no_args_is_help=True, help="Data sets: list, ingest, validate, export.")


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the data sets that can be ingested.

    Example: har data list
    """
    from har.data import sources

    found = [sources.get(name) for name in sources.names()]
    if as_json:
        return print_json(
            [
                {"name": s.name, "title": s.title, "licence": s.licence, "rate_hz": s.rate_hz}
                for s in found
            ]
        )
    rows = [(s.name, s.title, s.placement, s.licence, f"{s.rate_hz:g}") for s in found]
    out.print(table("Data sets", ["name", "title", "placement", "licence", "Hz"], rows))


@app.command()
def ingest(
    dataset: Annotated[str, typer.Option(help="Name of the data set.")] = "hapt",
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Turn a data set into validated, cleaned, split recordings and windows.

    Example: har data ingest --dataset hapt
    """
    from har import steps
    from har.config import load

    show_progress()
    settings = load(overrides, data={"dataset": dataset})
    made = [step(settings) for step in (steps.ingest, steps.clean, steps.split, steps.windows)]
    if as_json:
        return print_json([{"step": a.step, "path": a.path, "reused": a.reused} for a in made])
    rows = [(a.step, a.path, "reused" if a.reused else f"{a.seconds:.1f} s") for a in made]
    out.print(table("Steps", ["step", "output", ""], rows))


@app.command()
def recordings(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """List the cleaned recordings with their subject, split and length.

    Example: har data recordings
    """
    import json

    from har import steps
    from har.config import load
    from har.data.recording import read_meta

    settings = load(overrides)
    split = json.loads((steps.split(settings).path / "split.json").read_text())
    split_of = {who: name for name, subjects in split.items() for who in subjects}
    rows = []
    for path in sorted(steps.clean(settings).path.glob("*.parquet")):
        meta, n = read_meta(path)
        rows.append(
            {
                "recording": meta.recording_id,
                "subject": meta.subject_id,
                "split": split_of[meta.subject_id],
                "samples": n,
                "seconds": n / meta.rate_hz,
            }
        )
    if as_json:
        return print_json(rows)
    cells = [[*list(row.values())[:-1], f"{row['seconds']:.1f}"] for row in rows]
    out.print(table("Recordings", list(rows[0]), cells))


@app.command()
def export(
    recording: Annotated[str, typer.Argument(help="Id of a recording, as `har data recordings`.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; .csv or .parquet.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write one cleaned recording as CSV or Parquet, in SI units.

    Example: har data export hapt-02-exp03 -o walk.csv
    """
    from har import steps
    from har.config import load
    from har.data.recording import read_recording
    from har.errors import MissingError, UsageError

    folder = steps.clean(load(overrides)).path
    source = folder / f"{recording}.parquet"
    if not source.exists():
        raise MissingError(f"no recording {recording!r}", hint="`har data recordings` lists them")
    target = output or Path(f"{recording}.csv")
    frame = read_recording(source).table
    if target.suffix == ".csv":
        frame.to_csv(target, index=False)
    elif target.suffix == ".parquet":
        frame.to_parquet(target, index=False)
    else:
        raise UsageError(f"{target}: unknown format", expected=".csv or .parquet")
    err.print(f"wrote {target}: {len(frame)} samples")


@app.command()
def validate(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet with the canonical columns.")],
    rate_hz: Annotated[float, typer.Option(help="Sampling rate that a model expects.")] = 50.0,
) -> None:
    """Check a recording of your own, as `har predict` would.

    Example: har data validate my-recording.csv
    """
    from har.serving.recordings import read_user_recording

    parts = read_user_recording(file, rate_hz=rate_hz, needs_gyro=False)
    samples = sum(len(part.table) for part in parts)
    out.print(f"{file}: {samples} samples in {len(parts)} stretch(es), fit for prediction")

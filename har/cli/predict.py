"""``har predict``: activities over time for recordings."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from har.cli.flags import refuse_ignored
from har.cli.output import AsJson, Overrides, err, out, print_json, print_text, table
from har.cli.served import ModelFile, source_of
from har.cli.user_files import Entries, MappingFile, Paths, Yes, tell_account, user_files

if TYPE_CHECKING:
    import pandas as pd

    from har.serving.predictor import Predictor
    from har.serving.recordings import UserFiles
    from har.serving.served import Served
    from har.serving.timeline import Predicted

Smooth = Literal["none", "average", "hmm"]


def predict(
    context: typer.Context,
    paths: Paths,
    version: Annotated[
        str, typer.Option(help="champion, challenger, previous, or a number.")
    ] = "champion",
    model_file: ModelFile = None,
    mapping: MappingFile = None,
    entries: Entries = None,
    yes: Yes = False,
    raw: Annotated[bool, typer.Option("--raw", help="The windows' own answers.")] = False,
    smooth: Annotated[
        Smooth | None,
        typer.Option(help="Running mean or hidden Markov model; default: the model's best."),
    ] = None,
    windows: Annotated[bool, typer.Option("--windows", help="One row per window.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Answer recordings that are far unlike training, too.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="PNG file to draw the activities into.")] = None,
    page: Annotated[
        Path | None, typer.Option("--html", help="HTML file to show the activities in.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Print what a person did, with the champion's ONNX from the registry, or a file's.

    Takes what `har data ingest` takes: files of known recorders and data sets, and tables whose
    columns are guessed and shown, or stated by --map or a TOML file. Tables with the columns
    time_s, acc_x, acc_y, acc_z, gyro_x, gyro_y, gyro_z in s, m/s² with gravity and rad/s
    need no word. Other rates are resampled as in training.

    Answers are smoothed over time as was best on validation subjects; --raw leaves them. A
    recording that is unlike all training recordings is told; with a wrong unit or sign, or far
    unlike them, it is not answered. Every column is explained in docs/glossary.md.

    Example: har predict my-recording.csv

    Example: har predict phone-export.zip --html day.html
    """
    refuse_ignored(context, exclusive=("--csv", "--json"))
    refuse_ignored(context, exclusive=("--raw", "--smooth"))
    refuse_ignored(context, exclusive=("--mapping", "--map"))
    refuse_ignored(context, exclusive=("--version", "--model"))
    from har.config import load
    from har.data.channels import placements_of
    from har.page.sheet import to_csv
    from har.serving.content import content, rows_of

    served = source_of(load(overrides).environment, version, model_file).load()
    predictor = served.predictor
    smoothing = "none" if raw else smooth or predictor.default_smoother
    number = int(served.version) if served.version else None
    model = {**served.to_dict(), "version": number, "smoothing": smoothing}
    worn = placements_of(predictor.channels)
    with user_files(paths, mapping, entries, yes=yes, placements=worn) as files:
        predicted = []
        for one in _predicted(predictor, files, smoothing, anyway=anyway):
            predicted.append(one)
            _tell(one)
        tell_account(files.account)
        account = files.account.to_dict()
    if plot or page:
        _draw(predicted, model, account, plot, page)
    shown = rows_of(predicted, windows=windows)
    if as_json:
        told = content(predicted, shown, account)
        return print_json({**model, "files": [str(path) for path in paths], **told})
    if as_csv:
        return print_text(to_csv(shown.assign(**model)).removesuffix("\n"))
    _print(predicted, shown, served, smoothing, windows=windows)
    return None


def _predicted(
    predictor: "Predictor", files: "UserFiles", smoothing: Any, *, anyway: bool
) -> Iterator["Predicted"]:
    from har.serving.recordings import Aim
    from har.serving.timeline import predict_recording

    smoother = predictor.smoother(smoothing)
    predict = partial(predict_recording, predictor, smoother=smoother, anyway=anyway)
    yield from files.each(predict, Aim.of(predictor))


def _tell(one: "Predicted") -> None:
    """Say what became of a recording's rows, and what speaks against its answers."""
    left = f"; {one.unanswered:,} of them in no window" if one.unanswered else ""
    err.print(f"{one.name}: {one.rows.describe()}{left}", soft_wrap=True)
    for number, warned in enumerate(one.likeness.notes):
        is_unlike = one.likeness.is_unlike and not number
        word = Text("unlike training" if is_unlike else "note", style="yellow")
        err.print(word, f"{one.name}: {warned.what}; {warned.hint}", soft_wrap=True)


def _print(
    predicted: "list[Predicted]",
    shown: "pd.DataFrame",
    served: "Served",
    smoothing: str,
    *,
    windows: bool,
) -> None:
    how = {"none": "not smoothed", "average": "smoothed by the mean of the last windows"}
    told = how.get(smoothing, "smoothed by a hidden Markov model")
    if served.predictor.smoothing is None:
        told = "not smoothed: its file has no smoother"
    err.print(f"{served.label}, {told}", soft_wrap=True)
    for one in predicted:
        if one.likeness.is_withheld and (one.windows["activity"] == "unknown").all():
            continue  # the warning has said all there is to say
        rows = shown[shown["recording"] == one.name]
        title = f"{'Windows' if windows else 'Activities'} in {one.name}"
        out.print(table(title, *_cells(rows, windows=windows)), "")
        sums = [
            (
                _name(row["activity"], row["reason"]),
                f"{row['minutes']:.1f}",
                f"{row['share']:.0%}",
                row["segments"],
            )
            for row in one.summary.to_dict("records")
        ]
        out.print(table("Sum", ["activity", "minutes", "share", "segments"], sums))


def _cells(rows: "pd.DataFrame", *, windows: bool) -> tuple[list[str], list[list[str]]]:
    """Return the columns and cells that a person reads: time of day where there is one."""
    clock = rows["start_time"].any()
    times = ("start_time", "end_time") if clock else ("start_s", "end_s")
    cells = []
    for row in rows.to_dict("records"):
        start, end = (
            str(row[t]).replace("T", " ").rstrip("Z") if clock else f"{row[t]:.2f}" for t in times
        )
        known = row["activity"] != "unknown"
        cell = [start, end, _name(row["activity"], row["reason"])]
        if not windows:
            cell.append(f"{row['end_s'] - row['start_s']:.1f}")
        cells.append([*cell, f"{row['probability']:.2f}" if known else ""])
    zone = " (UTC)" if str(rows["start_time"].iloc[0]).endswith("Z") else ""
    named = [f"start{zone}", f"end{zone}"] if clock else ["start_s", "end_s"]
    return [*named, "activity", *([] if windows else ["seconds"]), "confidence"], cells


def _name(activity: str, reason: str) -> str:
    return f"{activity} ({reason})" if reason else activity


def _draw(
    predicted: "list[Predicted]",
    model: dict[str, Any],
    account: dict[str, Any],
    plot: Path | None,
    page: Path | None,
) -> None:
    from har.disk import whole, write_text

    if plot:
        from har.monitoring.picture import picture

        with whole(plot) as new:
            new.write_bytes(picture(predicted))
        err.print(f"wrote {plot}")
    if page:
        from har.monitoring.page import page as html

        write_text(page, html(predicted, model, account))
        err.print(f"wrote {page}")

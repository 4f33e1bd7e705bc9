"""``har data validate``: what is understood of a user's files, and whether a model can use it."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.flags import refuse_ignored
from har.cli.output import AsJson, Overrides, out, print_json, table
from har.cli.served import source_of
from har.cli.user_files import Entries, MappingFile, Paths, Yes, tell_account, user_files

if TYPE_CHECKING:
    from har.serving.recordings import UserFiles, UserRecording


def validate(
    context: typer.Context,
    paths: Paths,
    rate_hz: Annotated[
        float | None, typer.Option(min=1, help="Sampling rate that a model expects; default: 50.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Hold the recordings against this version of the model.")
    ] = None,
    mapping: MappingFile = None,
    entries: Entries = None,
    yes: Yes = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Check recordings of your own, as `har predict` would, and say what was understood.

    Units, rate, sign, gravity, gaps and length of each recording, and what would be
    resampled. Ends with 3 where a recording does not fit the rate or the model.

    Example: har data validate my-recording.csv

    Example: har data validate phone-export.zip --version champion
    """
    from har.data.channels import placements_of
    from har.errors import DataError
    from har.serving.recordings import Aim

    refuse_ignored(context, exclusive=("--rate-hz", "--version"))
    refuse_ignored(context, exclusive=("--mapping", "--map"))
    model = _model(version, overrides) if version else None
    rate = model.rate_hz if model else rate_hz or 50.0
    worn = placements_of(model.channels) if model else ()
    with user_files(paths, mapping, entries, yes=yes, placements=worn) as files:
        check = partial(_facts, rate_hz=rate, model=model)
        checked = list(files.each(check, Aim.of(model) if model else Aim(rate, gravity=None)))
        tell_account(files.account)
        understood = _understood(files)
    if as_json:
        content = {"understood": understood, "recordings": checked}
        print_json({**content, "account": files.account.to_dict()})
    else:
        _print(understood, checked)
    unfit = [*files.account.refused, *(one["recording"] for one in checked if one["unfit"])]
    if unfit:
        raise DataError(
            f"{len(unfit)} recording(s) not fit for prediction",
            expected=f"recordings at {rate:g} Hz or more, like those of training",
            found=", ".join(unfit[:5]),
            hint="what is wrong with each is said above",
        )


def _model(version: str, overrides: list[str] | None) -> Any:
    from har.config import load

    return source_of(load(overrides).environment, version, None).load().predictor


def _understood(files: "UserFiles") -> list[dict[str, Any]]:
    """Return what is made of each layout among the files."""
    return [
        {"layout": group.title, "files": sum(len(item.files) for item in group.items)}
        | {fact: value for fact, value in group.facts.items() if value}
        for group in files.plan.groups
    ]


def _facts(recording: "UserRecording", *, rate_hz: float, model: Any) -> dict[str, Any]:
    """Return what a person wants to know of a recording before it is predicted."""
    from har.serving.timeline import predict_recording

    unfit: list[str] = []
    not_judged = None
    if model:
        likeness = predict_recording(model, recording, None).likeness.to_dict()
        gravity, unfit = likeness["gravity_m_s2"], likeness["warnings"]
        not_judged = likeness["not_judged"]
    else:
        gravity = _gravity(recording)
    meta, rows = recording.meta, recording.rows
    return {
        "recording": recording.name,
        "subject": recording.subject,
        "recorder": meta.recorder,
        "device": meta.device,
        "placement": meta.placement,
        "rate_hz": round(meta.rate_hz, 3),
        "resampled_to_hz": rate_hz if rows.rows_resampled else None,
        "seconds": round(recording.samples / rate_hz, 2),
        "rows": rows.to_dict(),
        "told": rows.describe(),
        "conversions": list(meta.conversions),
        "gravity": meta.gravity,
        "gravity_m_s2": gravity,
        "unfit": unfit,
        "not_judged": not_judged,
    }


def _gravity(recording: "UserRecording") -> list[float]:
    """Return the mean, over all parts, of the median of each axis of acceleration, m/s²."""
    import numpy as np

    from har.data.recording import ACC

    parts = [(len(part.table), part.table[list(ACC)].median()) for part in recording.parts()]
    sizes, medians = zip(*parts, strict=True)
    return [round(float(v), 2) for v in np.average(medians, axis=0, weights=sizes)]


def _print(understood: list[dict[str, Any]], checked: list[dict[str, Any]]) -> None:
    for layout in understood:
        title, *facts = layout.items()
        out.print(table(f"Understood: {title[1]}", ["", ""], facts), "")
    for one in checked:
        out.print(table(one["recording"], ["", ""], list(_lines(one))), "")
        fit = "not fit for prediction" if one["unfit"] else "fit for prediction"
        out.print(f"{one['recording']}: {one['told']}, {fit}", soft_wrap=True)
        for reason in (*one["unfit"], *filter(None, [one["not_judged"]])):
            out.print(f"  {reason}", soft_wrap=True)


def _lines(one: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("subject", "recorder", "device", "placement"):
        if one[key] and one[key] != "unknown":
            yield key, one[key]
    resampled = one["resampled_to_hz"]
    yield (
        "rate",
        f"{one['rate_hz']:g} Hz" + (f", resampled to {resampled:g} Hz" if resampled else ""),
    )
    yield "length", f"{one['seconds']:,.1f} s"
    if not one["gravity"]:
        yield "gravity", "none: linear acceleration"
    elif one["gravity_m_s2"]:
        x, y, z = one["gravity_m_s2"]
        yield "gravity", f"x {x:.2f}, y {y:.2f}, z {z:.2f} m/s² most of the time"
    if one["conversions"]:
        yield "converted", "; ".join(one["conversions"])

"""Recordings of a request, read and predicted as `har predict` does it.

What a file does not say, as a unit, is asked: the request is refused with the questions, and
``map`` answers them when it is sent again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

from har.data.ingest import own, published
from har.data.ingest.files import open_files
from har.data.ingest.plan import Plan
from har.errors import DataError, HarError, UsageError
from har.serving.canonical import units_by_name, with_canonical
from har.serving.content import content, rows_of
from har.serving.http.errors import HttpError, refused
from har.serving.http.watched import WatchedFiles
from har.serving.recordings import Aim, UserFiles, UserRecording
from har.serving.served import Served
from har.serving.timeline import Predicted, predict_recording

Smooth = Literal["none", "average", "hmm"]
# Names of files are kept to what every disk takes.
LONGEST_NAME = 200


@dataclass(frozen=True)
class Asked:
    """How recordings are to be read and answered.

    Attributes
    ----------
    map : mapping of str to str
        What the client states of columns and units, as ``--map`` does.
    smooth : {"none", "average", "hmm"} or None
        None: as was best on validation subjects.
    windows : bool
        Whether there is one row per window, and not per segment.
    anyway : bool
        Whether recordings unlike training are answered, too.
    yes : bool
        Whether columns are taken as guessed.
    """

    map: Mapping[str, str] = field(default_factory=dict)
    smooth: Smooth | None = None
    windows: bool = False
    anyway: bool = False
    yes: bool = False

    def __post_init__(self) -> None:
        for entry in self.map:
            if entry.endswith("_pattern"):
                # A pattern may take hours to search, and holds all other requests up.
                raise refused(
                    UsageError(
                        f"map.{entry}: patterns are not taken here",
                        hint="name people and activities by columns, or use `har predict`",
                    ),
                    f"map.{entry}",
                )


def entries_of(texts: list[str]) -> dict[str, str]:
    """Return entries of a mapping that are written as on a command line.

    Raises
    ------
    HttpError
        422, if one is no ENTRY=VALUE.
    """
    found = {}
    for text in texts:
        entry, equals, value = text.partition("=")
        if not equals:
            error = UsageError(f"map: {text[:80]}", expected="ENTRY=VALUE", found="no '='")
            raise refused(error, "map")
        found[entry] = value
    return found


def smooth_of(word: str | None) -> Smooth | None:
    """Return the name of a smoother; 422 if it is none."""
    if word in (None, ""):
        return None
    for known in get_args(Smooth):
        if word == known:
            return known  # type: ignore[no-any-return]
    expected = ", ".join(get_args(Smooth))
    raise refused(
        DataError("smooth: no smoother", expected=expected, found=str(word)[:80]), "smooth"
    )


def file_name(name: str | None) -> str:
    """Return the bare name of an uploaded file; 422 if it has none that a disk takes."""
    bare = PurePosixPath((name or "").replace("\\", "/")).name
    is_odd = not bare or bare in (".", "..") or not bare.isprintable()
    if is_odd or len(bare.encode(errors="replace")) > LONGEST_NAME:
        raise refused(
            DataError("file: no name", expected="a file with the name that its recorder gave it"),
            "file",
        )
    return bare


def predicted(
    served: Served, folder: Path, asked: Asked, deadline: float
) -> tuple[list[Predicted], dict[str, Any]]:
    """Return what is predicted of all files in a folder, and the answer.

    Parameters
    ----------
    served : Served
        The model.
    folder : Path
        Holds uploaded files, and nothing else.
    asked : Asked
        How they are read.
    deadline : float
        Of `time.monotonic`, after which nobody waits any longer.

    Raises
    ------
    HttpError
        422, with what was understood and asked, or with what is wrong.
    """
    try:
        check = _until(deadline)
        check()  # it may have waited for others all the time
        files = _opened(folder, asked, check)
        smoothing = asked.smooth or served.predictor.default_smoother
        smoother = served.predictor.smoother(smoothing)

        def predict(recording: UserRecording) -> Predicted:
            recording.before_each(check)
            return predict_recording(served.predictor, recording, smoother, anyway=asked.anyway)

        found = list(files.each(predict, Aim.of(served.predictor)))
    except HttpError:
        raise
    except HarError as error:
        raise _over_http(error, folder) from None
    rows = rows_of(found, windows=asked.windows)
    told = content(found, rows, files.account.to_dict())
    head = {**served.to_dict(), "smoothing": smoothing}
    return found, {**head, **files.plan.to_dict(), **told}


def _opened(folder: Path, asked: Asked, check: Callable[[], None]) -> UserFiles:
    inside = sorted(folder.iterdir())
    path = inside[0] if len(inside) == 1 else folder
    files = WatchedFiles(open_files(path), check)
    where = path.name if len(inside) == 1 else "the files"
    if not asked.map and (known := published.recognise(files)):
        return UserFiles(*known, where)
    plan = with_canonical(own.plan(files, {**units_by_name(files), **asked.map}, where))
    if plan.doubts:
        raise _in_doubt(plan)
    if plan.is_guess and not asked.yes:
        raise _guessed(plan, where)
    return UserFiles(files, plan, where)


def _in_doubt(plan: Plan) -> HttpError:
    error = UsageError(
        "; ".join(doubt.question for doubt in plan.doubts),
        expected="what the files do not say to be stated in `map`",
        hint=" and ".join(
            " or ".join(f"map={doubt.entry}={choice}" for choice in doubt.choices or ("…",))
            for doubt in plan.doubts
        ),
    )
    doubts = [
        {"entry": doubt.entry, "question": doubt.question, "choices": list(doubt.choices)}
        for doubt in plan.doubts
    ]
    return refused(error, f"map.{plan.doubts[0].entry}", doubts=doubts, **plan.to_dict())


def _guessed(plan: Plan, where: str) -> HttpError:
    error = UsageError(
        f"{where}: columns were guessed and nobody confirmed them",
        hint="yes=true takes them as guessed; map=ENTRY=VALUE states them",
    )
    return refused(error, "yes", **plan.to_dict())


def _over_http(error: HarError, folder: Path) -> HttpError:
    """Return an error whose words are those of a request, and which names no folder of ours."""

    def said(text: str | None) -> str | None:
        if text is None:
            return None
        return (
            text.replace(f"{folder}/", "")
            .replace(str(folder), "the files")
            .replace("--map ", "map=")
        )

    kind = UsageError(
        said(error.message) or "",
        expected=said(error.expected),
        found=said(error.found),
        hint=said(error.hint),
    )
    return refused(kind, "file")


def _until(deadline: float) -> Callable[[], None]:
    def check() -> None:
        if time.monotonic() > deadline:
            raise HttpError(503, "the answer took too long", headers={"Retry-After": "5"})

    return check

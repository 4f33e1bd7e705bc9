"""A challenger in the champion's shadow: both answer the same recordings, one of them counts.

A recording is known by its bytes: scored twice it counts once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float32
from har.data.cleaning import Cleaning, CleanReport
from har.data.recording import Recording
from har.errors import DataError, HarError, UsageError
from har.lineage import digest
from har.models.answers import UNKNOWN
from har.models.runtime import latencies
from har.progress import track
from har.serving.predictor import Predictor
from har.serving.recordings import READERS, read_user_recording


@dataclass(frozen=True)
class Rival:
    """One of the two models.

    Attributes
    ----------
    version : int
        Number of the registered version.
    candidate : str
        Name of the model, as ``svm``.
    predictor : Predictor
        The build that serves.
    """

    version: int
    candidate: str
    predictor: Predictor


@dataclass(frozen=True)
class Side:
    """What one of the two models did.

    Attributes
    ----------
    version, candidate
        Which one it is.
    unknown : int
        Windows that it found out of distribution.
    probability : float
        Mean over all windows of the probability of its answer, 0 where unknown.
    latency_ms, latency_p95_ms : float
        Median and 95th percentile for one window on one thread of this machine, ms.
    """

    version: int
    candidate: str
    unknown: int
    probability: float
    latency_ms: float
    latency_p95_ms: float


@dataclass(frozen=True)
class Agreement:
    """How often the two give the same answer for some windows.

    Attributes
    ----------
    windows : int
        How many windows.
    agreement : float
        Share of them with the same activity.
    instead : str
        The challenger's most frequent answer where it differs; empty if it never does.
    """

    windows: int
    agreement: float
    instead: str


@dataclass(frozen=True)
class Scores:
    """A challenger beside the champion on the same recordings.

    Attributes
    ----------
    champion, challenger : Side
        The two models.
    overall : Agreement
        On all windows.
    by_activity, by_subject : dict of str to Agreement
        By the champion's answer, and by person; lowest agreement first.
    recordings : dict of str to int
        Windows by the first 16 hexadecimal digits of the file's SHA-256.
    rows : dict of str to int
        What became of the rows of these files, as `har.data.cleaning.Changes` counts them.
    repeated : tuple of str
        Files with the same bytes as one before, which are not counted again.
    rejected : dict of str to str
        Files that could not be scored, each with the reason.
    """

    champion: Side
    challenger: Side
    overall: Agreement
    by_activity: dict[str, Agreement]
    by_subject: dict[str, Agreement]
    recordings: dict[str, int]
    rows: dict[str, int]
    repeated: tuple[str, ...]
    rejected: dict[str, str]


@dataclass
class _Answered:
    """Answers of both by recording, one window of the input, and the files left out."""

    answers: dict[str, pd.DataFrame] = field(default_factory=dict)
    rows: list[CleanReport] = field(default_factory=list)
    window: Float32 | None = None
    repeated: list[str] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)


def score(
    files: Sequence[Path], champion: Rival, challenger: Rival, *, latency_repeats: int
) -> Scores:
    """Let two models answer the same files, and count where they agree.

    Parameters
    ----------
    files : sequence of Path
        Recordings as for `har.serving.recordings.read_user_recording`, or folders of them.
        The column ``subject_id`` tells people apart; without it, the file's name does.
    champion, challenger : Rival
        The models, which read the same windows (`require_same_windows`).
    latency_repeats : int
        How often the latency of each is measured.

    Raises
    ------
    DataError
        If no file could be scored.
    """
    answered = _answer(list(_recordings(files)), champion.predictor, challenger.predictor)
    frame = pd.concat(answered.answers.values(), ignore_index=True)
    paths = [rival.predictor.path for rival in (champion, challenger)]
    one_ms, other_ms = latencies(paths, answered.window, latency_repeats)
    return Scores(
        champion=_side(champion, frame["champion"], frame["champion_probability"], one_ms),
        challenger=_side(
            challenger, frame["challenger"], frame["challenger_probability"], other_ms
        ),
        overall=_agreement(frame),
        by_activity=_agreements(frame, "champion"),
        by_subject=_agreements(frame, "subject"),
        recordings={name: len(rows) for name, rows in answered.answers.items()},
        rows=Cleaning(recordings=tuple(answered.rows)).totals.to_dict(),
        repeated=tuple(answered.repeated),
        rejected=answered.rejected,
    )


def require_same_windows(champion: Rival, challenger: Rival) -> None:
    """Refuse two models that cut recordings differently.

    Raises
    ------
    UsageError
        If length, hop, rate or channels differ.
    """
    ours, theirs = _reads(champion.predictor), _reads(challenger.predictor)
    if ours != theirs:
        raise UsageError(
            f"versions {champion.version} and {challenger.version} read different windows",
            expected=f"as version {champion.version}: {ours}",
            found=f"version {challenger.version}: {theirs}",
            hint="train the challenger with the champion's windows (`har config`: window)",
        )


def _reads(p: Predictor) -> str:
    channels = ", ".join(p.channels)
    return f"{p.n_samples} samples every {p.n_hop} at {p.rate_hz:g} Hz of {channels}"


def _recordings(files: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, and those of a folder by name; a folder without any is yielded itself."""
    for path in files:
        inside = sorted(p for p in path.glob("*") if p.suffix.lower() in READERS)
        yield from inside or [path]


def _answer(paths: Sequence[Path], champion: Predictor, challenger: Predictor) -> _Answered:
    answered = _Answered()
    for path in track(paths, what="scoring"):
        try:
            parts, rows = read_user_recording(
                path, rate_hz=champion.rate_hz, needs_gyro=champion.needs_gyro
            )
            if (recording := digest.of_file(path)[:16]) in answered.answers:
                answered.repeated.append(str(path))
            else:
                answered.answers[recording] = _answers(parts, champion, challenger)
                answered.rows.append(rows)
                if answered.window is None:
                    answered.window = _first_window(parts, champion)
        except HarError as error:
            answered.rejected[str(path)] = str(error).removeprefix(f"{path}: ")
    if not answered.answers:
        reasons = "\n".join(f"{path}: {reason}" for path, reason in answered.rejected.items())
        raise DataError(f"none of {len(paths)} file(s) could be scored\n{reasons}")
    return answered


def _answers(
    parts: Sequence[Recording], champion: Predictor, challenger: Predictor
) -> pd.DataFrame:
    """Return both answers for each window of a recording."""
    one, other = champion.predict_parts(parts), challenger.predict_parts(parts)
    return pd.DataFrame(
        {
            "subject": parts[0].meta.subject_id,
            "champion": one["activity"],
            "challenger": other["activity"],
            "champion_probability": one["probability"],
            "challenger_probability": other["probability"],
        }
    )


def _first_window(parts: Sequence[Recording], predictor: Predictor) -> Float32:
    """Return one window of a recording as the model takes it, (1, n_samples, n_channels)."""
    return next(X for part in parts if len(X := predictor.windows(part)))[:1]


def _side(
    rival: Rival,
    activity: "pd.Series[str]",
    probability: "pd.Series[float]",
    taken_ms: npt.NDArray[np.float64],
) -> Side:
    return Side(
        version=rival.version,
        candidate=rival.candidate,
        unknown=int((activity == UNKNOWN).sum()),
        probability=float(probability.mean()),
        latency_ms=float(np.median(taken_ms)),
        latency_p95_ms=float(np.quantile(taken_ms, 0.95)),
    )


def _agreements(frame: pd.DataFrame, column: str) -> dict[str, Agreement]:
    by_name = {str(name): _agreement(rows) for name, rows in frame.groupby(column)}
    return dict(sorted(by_name.items(), key=lambda item: item[1].agreement))


def _agreement(rows: pd.DataFrame) -> Agreement:
    differs = rows["challenger"] != rows["champion"]
    # Of answers that are equally frequent, the first by name.
    instead = rows.loc[differs, "challenger"].mode()
    return Agreement(len(rows), float(1 - differs.mean()), str(instead[0]) if len(instead) else "")

"""A challenger in the champion's shadow: both answer the same recordings, one of them counts.

The report goes to the challenger's run, and what it was scored on to the history, where
the gate looks for it (``gate.min_shadow_windows``). A recording is known by its bytes:
scored twice it counts once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.config import ExportSettings
from har.data.recording import CHANNELS, Recording
from har.data.windows import Floats, cut
from har.errors import DataError, HarError, MissingError, UsageError
from har.export.measure import latencies
from har.lineage import digest, origin
from har.progress import track
from har.registry.handle import Registry
from har.registry.history.events import ShadowScored
from har.registry.history.stages import CHAMPION, Placement
from har.registry.moves.mover import Mover
from har.registry.versions.files import fetch
from har.registry.versions.lookup import find
from har.registry.versions.version import Version
from har.serving.predictor import UNKNOWN, Predictor
from har.serving.recordings import READERS, read_user_recording

MAX_RECORDINGS = 100  # of one event, which MLflow would cut off if it were too long


@dataclass(frozen=True)
class Side:
    """What one of the two versions did.

    Attributes
    ----------
    version, candidate
        Which version it is.
    unknown : int
        Windows that it found unlike anything seen in training.
    probability : float
        Mean over all windows of that of its answer, 0 where unknown.
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
    """How often the two say the same of some windows.

    Attributes
    ----------
    windows : int
        How many windows.
    agreement : float
        Share of them with the same activity.
    instead : str
        What the challenger says most often where it says something else; else empty.
    """

    windows: int
    agreement: float
    instead: str


@dataclass(frozen=True)
class ShadowReport:
    """A challenger beside the champion on the same recordings.

    Attributes
    ----------
    model, time, machine : str
        The registered model, when (UTC) and where it was scored.
    champion, challenger : Side
        The two versions.
    overall : Agreement
        On all windows.
    by_activity, by_subject : dict of str to Agreement
        By what the champion says, and by person; lowest agreement first.
    recordings : dict of str to int
        Windows by the first 16 hexadecimal digits of the file's SHA-256.
    repeated : tuple of str
        Files with the same bytes as one before, which are not counted again.
    rejected : dict of str to str
        Files that could not be scored, each with the reason.
    """

    model: str
    time: str
    machine: str
    champion: Side
    challenger: Side
    overall: Agreement
    by_activity: dict[str, Agreement]
    by_subject: dict[str, Agreement]
    recordings: dict[str, int]
    repeated: tuple[str, ...]
    rejected: dict[str, str]


@dataclass(frozen=True)
class _Rival:
    version: Version
    path: Path
    predictor: Predictor


@dataclass(frozen=True)
class _Scored:
    """Answers of both by recording, one window of the input, and the files left out."""

    answers: dict[str, pd.DataFrame]
    window: Floats
    repeated: tuple[str, ...]
    rejected: dict[str, str]


def shadow(
    registry: Registry,
    selector: str,
    files: Sequence[Path],
    *,
    export: ExportSettings,
    reason: str,
    dry_run: bool = False,
) -> ShadowReport:
    """Score a version beside the champion on the same files, and record it.

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str
        The challenger, as for `har.registry.versions.lookup.find`.
    files : sequence of Path
        Recordings as for `har.serving.recordings.read_user_recording`, or folders of them.
        A person is told from others by the column ``subject_id``, else by the file's name.
    export : ExportSettings
        How often latency is measured.
    reason : str
        Why; kept in the history.
    dry_run : bool
        Score, but write nothing.

    Returns
    -------
    ShadowReport
        With the files that could not be scored; the others were.

    Raises
    ------
    DataError
        If no file could be scored.
    ConflictError
        If somebody moves a version at the same time.
    MissingError
        If there is no such version, or no champion.
    UsageError
        If the version is the champion, or the two read different windows.
    VerificationError
        If the registry is not as its history says, or a build is not the registered one.
    """
    mover = Mover(registry)
    champion, challenger = _rivals(registry, selector, mover.recover(dry_run=dry_run))
    scored = _score(list(_recordings(files)), champion.predictor, challenger.predictor)
    report = _report(registry.model, champion, challenger, scored, export.latency_repeats)
    if not dry_run:
        mover.recover()  # Scoring takes minutes, in which the history may have grown.
        _record(mover, challenger.version, report, reason=reason)
    return report


def _rivals(registry: Registry, selector: str, now: Placement) -> tuple[_Rival, _Rival]:
    """Return champion and challenger, which must read the same windows."""
    challenger = find(registry, selector)
    reigning = now.aliases.get(CHAMPION)
    if reigning is None:
        raise MissingError(
            f"{registry.model}: no champion to score version {challenger.number} beside",
            hint="`har registry promote` makes one",
        )
    if reigning == challenger.number:
        raise UsageError(
            f"version {reigning} is the champion: it would be scored beside itself",
            expected="another version, as challenger",
        )
    versions = find(registry, str(reigning)), challenger
    paths = [fetch(registry, version) for version in versions]
    first, second = (_Rival(v, p, Predictor(p)) for v, p in zip(versions, paths, strict=True))
    if (ours := _reads(first)) != (theirs := _reads(second)):
        raise UsageError(
            f"versions {reigning} and {challenger.number} read different windows",
            expected=f"as version {reigning}: {ours}",
            found=f"version {challenger.number}: {theirs}",
            hint="train the challenger with the champion's windows (`har config`: window)",
        )
    return first, second


def _reads(rival: _Rival) -> str:
    p = rival.predictor
    channels = ", ".join(p.channels)
    return f"{p.n_samples} samples every {p.n_hop} at {p.rate_hz:g} Hz of {channels}"


def _recordings(files: Sequence[Path]) -> Iterator[Path]:
    """Yield the files, those of a folder by name; a folder of none is told as it is read."""
    for path in files:
        found = sorted(p for p in path.glob("*") if p.suffix.lower() in READERS)
        yield from found or [path]


def _score(paths: Sequence[Path], champion: Predictor, challenger: Predictor) -> _Scored:
    answers: dict[str, pd.DataFrame] = {}
    windows: list[Floats] = []
    repeated: list[str] = []
    rejected: dict[str, str] = {}
    for path in track(paths, what="scoring"):
        try:
            parts = read_user_recording(
                path, rate_hz=champion.rate_hz, needs_gyro=champion.needs_gyro
            )
            if (recording := digest.of_file(path)[:16]) in answers:
                repeated.append(str(path))
            else:
                answers[recording] = _answers(parts, champion, challenger)
                windows = windows or [_window(parts, champion)]
        except HarError as error:
            rejected[str(path)] = str(error).removeprefix(f"{path}: ")
    if not answers:
        reasons = "\n".join(f"{path}: {reason}" for path, reason in rejected.items())
        raise DataError(f"none of {len(paths)} file(s) could be scored\n{reasons}")
    return _Scored(answers, windows[0], tuple(repeated), rejected)


def _answers(
    parts: Sequence[Recording], champion: Predictor, challenger: Predictor
) -> pd.DataFrame:
    """Return what both say of each window of a recording."""
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


def _window(parts: Sequence[Recording], predictor: Predictor) -> Floats:
    """Return one window of a recording as the model takes it, shape (1, n_samples, n_channels)."""
    X = next(X for part in parts if len(X := cut(part, predictor.window)[0]))
    return X[:1, :, [CHANNELS.index(channel) for channel in predictor.channels]]


def _report(
    model: str, champion: _Rival, challenger: _Rival, scored: _Scored, latency_repeats: int
) -> ShadowReport:
    frame = pd.concat(scored.answers.values(), ignore_index=True)
    paths = [champion.path, challenger.path]
    one_ms, other_ms = latencies(paths, scored.window, latency_repeats)
    return ShadowReport(
        model=model,
        time=origin.now_utc(),
        machine=origin.processor(),
        champion=_side(champion.version, frame["champion"], frame["champion_probability"], one_ms),
        challenger=_side(
            challenger.version, frame["challenger"], frame["challenger_probability"], other_ms
        ),
        overall=_agreement(frame),
        by_activity=_agreements(frame, "champion"),
        by_subject=_agreements(frame, "subject"),
        recordings={name: len(rows) for name, rows in scored.answers.items()},
        repeated=scored.repeated,
        rejected=scored.rejected,
    )


def _side(
    version: Version,
    said: "pd.Series[str]",
    probability: "pd.Series[float]",
    taken_ms: npt.NDArray[np.float64],
) -> Side:
    return Side(
        version=version.number,
        candidate=version.candidate,
        unknown=int((said == UNKNOWN).sum()),
        probability=float(probability.mean()),
        latency_ms=float(np.median(taken_ms)),
        latency_p95_ms=float(np.quantile(taken_ms, 0.95)),
    )


def _agreements(frame: pd.DataFrame, column: str) -> dict[str, Agreement]:
    found = {str(name): _agreement(rows) for name, rows in frame.groupby(column)}
    return dict(sorted(found.items(), key=lambda item: item[1].agreement))


def _agreement(rows: pd.DataFrame) -> Agreement:
    differs = rows["challenger"] != rows["champion"]
    instead = rows.loc[differs, "challenger"].mode()  # ties by name
    return Agreement(len(rows), float(1 - differs.mean()), str(instead[0]) if len(instead) else "")


def _record(mover: Mover, challenger: Version, report: ShadowReport, *, reason: str) -> None:
    """Keep the report, then say in the history what was scored; a repetition adds nothing."""
    content = asdict(report)
    name = f"shadow/{report.time.replace(':', '')}.json"
    mover.registry.client.log_dict(challenger.run_id, content, name)
    scored = list(report.recordings.items())
    starts = range(0, len(scored), MAX_RECORDINGS)
    for number, start in enumerate(starts, 1):
        mover.record(
            ShadowScored(
                version=challenger.number,
                reason=reason,
                champion=report.champion.version,
                windows=report.overall.windows,
                agreement=report.overall.agreement,
                report=digest.of_json(content),
                part=(number, len(starts)),
                recordings=dict(scored[start : start + MAX_RECORDINGS]),
            )
        )

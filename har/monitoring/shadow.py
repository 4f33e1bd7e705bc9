"""A challenger in the champion's shadow: both answer the same recordings, one of them counts.

A recording is known by its bytes: scored twice it counts once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from har.arrays import Float32
from har.data.cleaning import Cleaning, CleanReport
from har.data.gravity import KINDS
from har.data.ingest.mapping import ColumnMapping
from har.errors import DataError, HarError, UsageError
from har.lineage import digest
from har.models.answers import UNKNOWN
from har.models.runtime import latencies
from har.progress import track
from har.serving.predictor import Predictor
from har.serving.recordings import Aim, UserFiles, UserRecording, open_user_files


@dataclass(frozen=True)
class Columns:
    """What a person said of the columns of their tables.

    Attributes
    ----------
    stated : mapping or ColumnMapping
        Entries of a mapping, or the whole of it.
    guessed : bool
        Whether columns are taken as guessed where nothing is stated.
    """

    stated: Mapping[str, Any] | ColumnMapping = field(default_factory=dict)
    guessed: bool = False

    def open(self, path: Path) -> UserFiles:
        """Open the recordings of a path.

        Raises
        ------
        UsageError
            If columns would have to be guessed.
        """
        files = open_user_files(path, stated=self.stated)
        if files.plan.is_guess and not self.guessed:
            raise UsageError(
                f"{path}: columns were guessed and nobody confirmed them",
                hint="--yes takes them as guessed; --map WHAT=COLUMN or --mapping FILE state them",
            )
        return files


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


AS_NAMED = Columns()


def score(
    files: Sequence[Path],
    champion: Rival,
    challenger: Rival,
    *,
    latency_repeats: int,
    columns: Columns = AS_NAMED,
) -> Scores:
    """Let two models answer the same files, and count where they agree.

    Parameters
    ----------
    files : sequence of Path
        Files, folders and archives as `har.serving.recordings.open_user_files` takes them.
        People are told apart as in ingestion; where nothing names them, the file's name does.
    champion, challenger : Rival
        The models, which read the same windows (`require_same_windows`).
    latency_repeats : int
        How often the latency of each is measured.
    columns : Columns, optional
        What was said of tables whose columns have other names than ours.

    Raises
    ------
    DataError
        If no file could be scored.
    """
    answered = _answer(files, champion.predictor, challenger.predictor, columns)
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
        If length, hop, rate or channels differ, or one takes acceleration without gravity.
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
    cut = f"{p.n_samples} samples every {p.n_hop} at {p.rate_hz:g} Hz"
    upright = f", upright along {p.upright}" if p.upright else ""
    return f"{cut} of {channels}, acceleration {KINDS[p.gravity]}{upright}"


def _answer(
    paths: Sequence[Path], champion: Predictor, challenger: Predictor, columns: Columns
) -> _Answered:
    answered = _Answered()
    aim = Aim.of(champion)
    for path in track(paths, what="scoring"):
        try:
            files = columns.open(path)
            compare = _Comparison(answered, files, path, champion, challenger)
            for _ in files.each(compare.of, aim):
                pass
            for name, error in files.account.refused.items():
                answered.rejected[str(path / name) if path.is_dir() else str(path)] = str(error)
        except HarError as error:
            reason = str(error).removeprefix(f"{path}: ").removeprefix(f"{path.name}: ")
            answered.rejected[str(path)] = reason
    if not answered.answers:
        reasons = "\n".join(f"{path}: {reason}" for path, reason in answered.rejected.items())
        raise DataError(f"none of {len(paths)} file(s) could be scored\n{reasons}")
    return answered


@dataclass
class _Comparison:
    """Adds both answers for the recordings of a path."""

    answered: _Answered
    files: UserFiles
    path: Path
    champion: Predictor
    challenger: Predictor
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    def of(self, recording: UserRecording) -> None:
        """Add the answers for each window of a recording, unless the same bytes were answered."""
        key = self.files.digest(recording.files)
        if recording.files in self._seen:  # a file of several recordings
            key = digest.of_bytes(f"{key}/{recording.name}".encode())
        self._seen.add(recording.files)
        if key[:16] in self.answered.answers:
            inside = self.path / recording.files[0]
            self.answered.repeated.append(str(inside if self.path.is_dir() else self.path))
            return
        self.answered.answers[key[:16]] = self._answers(recording)
        self.answered.rows.append(recording.rows)

    def _answers(self, recording: UserRecording) -> pd.DataFrame:
        rivals = (self.champion, self.challenger)
        longest, pairs = 0, []
        for part in recording.parts():
            longest = max(longest, len(part.table))
            pairs.append([rival.predict(part) for rival in rivals])
            if self.answered.window is None:
                X = self.champion.windows(part)
                self.answered.window = X[:1] if len(X) else None
        one, other = (
            rival.joined([pair[place] for pair in pairs], longest)
            for place, rival in enumerate(rivals)
        )
        return pd.DataFrame(
            {
                "subject": recording.subject,
                "champion": one["activity"],
                "challenger": other["activity"],
                "champion_probability": one["probability"],
                "challenger_probability": other["probability"],
            }
        )


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

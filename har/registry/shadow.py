"""A challenger scored in the champion's shadow, on the record.

`har.monitoring.shadow` scores the two. The report goes to the challenger's run, and what
it was scored on to the history, where the gate looks for it (``gate.min_shadow_windows``).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from har.config import Settings
from har.errors import MissingError, UsageError
from har.lineage import digest, origin
from har.monitoring.shadow import Rival, Scores, require_same_windows, score
from har.registry import history
from har.registry.moves import Mover
from har.registry.stages import CHAMPION, Placement
from har.registry.versions import Version, fetch, find
from har.serving.predictor import Predictor

# More recordings in one event would make it so long that MLflow cuts it off.
MAX_RECORDINGS = 100


@dataclass(frozen=True)
class ShadowReport(Scores):
    """A challenger beside the champion on the same recordings, as it is recorded.

    Attributes
    ----------
    model, time, machine : str
        The registered model, when (UTC) and where it was scored.
    """

    model: str
    time: str
    machine: str


def shadow(
    selector: str,
    files: Sequence[Path],
    settings: Settings,
    *,
    reason: str,
    dry_run: bool = False,
) -> ShadowReport:
    """Score a version beside the champion on the same files, and record it.

    Parameters
    ----------
    selector : str
        The challenger, as for `har.registry.versions.find`.
    files : sequence of Path
        Recordings as for `har.serving.recordings.read_user_recording`, or folders of them.
        The column ``subject_id`` tells people apart; without it, the file's name does.
    settings : Settings
        Where the registry is, and how often latency is measured.
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
    GateRefusal
        If somebody moves a version at the same time.
    MissingError
        If there is no such version, or no champion.
    UsageError
        If the version is the champion, or the two read different windows.
    VerificationError
        If the registry is not as its history says, or a build is not the registered one.
    """
    mover = Mover(settings.registry)
    champion, challenger = _versions(selector, mover.settle(dry_run=dry_run), settings)
    rivals = [_rival(version, settings) for version in (champion, challenger)]
    require_same_windows(*rivals)
    scores = score(files, *rivals, latency_repeats=settings.export.latency_repeats)
    report = ShadowReport(
        **vars(scores),
        model=settings.registry.model,
        time=origin.now_utc(),
        machine=origin.processor(),
    )
    if not dry_run:
        mover.settle()  # Scoring takes minutes, in which the history may have grown.
        _record(mover, challenger, report, reason=reason)
    return report


def _versions(selector: str, now: Placement, settings: Settings) -> tuple[Version, Version]:
    """Return the champion and the challenger, which must be another version."""
    challenger = find(selector, settings)
    reigning = now.aliases.get(CHAMPION)
    if reigning is None:
        raise MissingError(
            f"{settings.registry.model}: no champion to score version {challenger.number} beside",
            hint="`har registry promote` makes one",
        )
    if reigning == challenger.number:
        raise UsageError(
            f"version {reigning} is the champion: it would be scored beside itself",
            expected="another version, as challenger",
        )
    return find(str(reigning), settings), challenger


def _rival(version: Version, settings: Settings) -> Rival:
    return Rival(version.number, version.candidate, Predictor(fetch(version, settings)))


def _record(mover: Mover, challenger: Version, report: ShadowReport, *, reason: str) -> None:
    """Keep the report, then say in the history what was scored; a repetition adds nothing."""
    content = asdict(report)
    name = f"shadow/{report.time.replace(':', '')}.json"
    mover.client.log_dict(challenger.run_id, content, name)
    scored = list(report.recordings.items())
    starts = range(0, len(scored), MAX_RECORDINGS)
    for number, start in enumerate(starts, 1):
        mover.record(
            history.SHADOW,
            challenger.number,
            reason=reason,
            champion=report.champion.version,
            windows=report.overall.windows,
            agreement=report.overall.agreement,
            report=digest.of_json(content),
            part=[number, len(starts)],
            recordings=dict(scored[start : start + MAX_RECORDINGS]),
        )

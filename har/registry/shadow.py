"""A challenger scored in the champion's shadow, on the record.

`har.monitoring.shadow` scores the two. The report goes to the challenger's run, and what
it was scored on to the history, where the gate looks for it (``gate.min_shadow_windows``).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from har.config import ExportSettings
from har.errors import MissingError, UsageError
from har.lineage import digest, origin
from har.monitoring.shadow import (
    AS_NAMED,
    Columns,
    Rival,
    Scores,
    require_same_windows,
    score,
)
from har.registry.handle import Registry
from har.registry.history.events import ShadowScored
from har.registry.history.stages import CHAMPION, Placement
from har.registry.locations import log_json
from har.registry.moves.mover import Mover
from har.registry.versions.lookup import find
from har.registry.versions.served import RegistrySource
from har.registry.versions.version import Version

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
    registry: Registry,
    selector: str,
    files: Sequence[Path],
    *,
    export: ExportSettings,
    reason: str,
    dry_run: bool = False,
    columns: Columns = AS_NAMED,
) -> ShadowReport:
    """Score a version beside the champion on the same files, and record it.

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str
        The challenger, as for `har.registry.versions.lookup.find`.
    files : sequence of Path
        Files, folders and archives as `har.serving.recordings.open_user_files` takes them.
        People are told apart as in ingestion; where nothing names them, the file's name does.
    export : ExportSettings
        How often latency is measured.
    reason : str
        Why; kept in the history.
    dry_run : bool
        Score, but write nothing.
    columns : Columns, optional
        What was said of tables whose columns have other names than ours.

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
    champion, challenger = _versions(registry, selector, mover.recover(dry_run=dry_run))
    rivals = [_rival(registry, version) for version in (champion, challenger)]
    require_same_windows(*rivals)
    scores = score(files, *rivals, latency_repeats=export.latency_repeats, columns=columns)
    report = ShadowReport(
        **vars(scores),
        model=registry.model,
        time=origin.now_utc(),
        machine=origin.processor(),
    )
    if not dry_run:
        mover.recover()  # Scoring takes minutes, in which the history may have grown.
        _record(mover, challenger, report, reason=reason)
    return report


def _versions(registry: Registry, selector: str, now: Placement) -> tuple[Version, Version]:
    """Return the champion and the challenger, which must be another version."""
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
    return find(registry, str(reigning)), challenger


def _rival(registry: Registry, version: Version) -> Rival:
    """Return a version as it is served."""
    served = RegistrySource(registry, str(version.number)).load()
    return Rival(version.number, served.candidate, served.predictor)


def _record(mover: Mover, challenger: Version, report: ShadowReport, *, reason: str) -> None:
    """Keep the report, then say in the history what was scored; a repetition adds nothing."""
    content = asdict(report)
    name = f"shadow/{report.time.replace(':', '')}.json"
    log_json(mover.registry, challenger.run_id, name, content)
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

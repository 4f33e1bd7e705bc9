"""What nobody needs any more: versions that nobody judged or moved, and what kills left.

The history says what is removed before it is, with the digests; so a removal that was
killed is completed by the next one, and the history names every version that there was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from har.registry.handle import Registry
from har.registry.history.events import Event, VersionPruned
from har.registry.moves.mover import Mover
from har.registry.moves.observation import Observed
from har.registry.versions.leftovers import remove_run
from har.registry.versions.lookup import list_versions
from har.registry.versions.version import LINEAGE_DIGEST, Version


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be.

    Attributes
    ----------
    versions : tuple of Version
        Versions, with their runs and files.
    runs : tuple of str
        Ids of runs that a killed registration left without a version.
    kept : tuple of (Version, str)
        Every other version, and why it stays.
    """

    versions: tuple[Version, ...]
    runs: tuple[str, ...]
    kept: tuple[tuple[Version, str], ...]


def prune(
    registry: Registry, *, reason: str, older_than_days: int, dry_run: bool = False
) -> Pruned:
    """Remove versions that nobody judged, moved or named, and runs without a version.

    Never touched: what is in Staging or Production, what has an alias, what the history
    names, and what was registered without `har`.

    Parameters
    ----------
    registry : Registry
        The model.
    reason : str
        Why; kept in the history.
    older_than_days : int
        What is younger stays.
    dry_run : bool
        Look, but remove nothing.

    Raises
    ------
    ConflictError
        If somebody moves a version at the same time.
    VerificationError
        If the registry is not as its history says.
    """
    mover = Mover(registry)
    mover.recover(dry_run=dry_run)
    before = datetime.now(UTC) - timedelta(days=older_than_days)
    versions, observed = list_versions(registry), mover.look()
    judged = [(v, _why_kept(v, observed, mover.trail.events, before)) for v in versions]
    unneeded = tuple(version for version, why in judged if not why)
    runs = tuple(_abandoned(registry, before))
    if not dry_run:
        for version in unneeded:
            mover.record(_removal(version, reason))
        for event in mover.trail.events:
            if isinstance(event, VersionPruned):
                _remove(registry, event)
        for run in runs:
            remove_run(registry, run)
    return Pruned(
        unneeded,
        tuple(run.info.run_id for run in runs),
        tuple((version, why) for version, why in judged if why),
    )


def _why_kept(
    version: Version, observed: Observed, events: Sequence[Event], before: datetime
) -> str:
    """Return why a version stays, or nothing if it need not."""
    number = version.number
    if (stage := version.stage) != "None" or observed.native.get(number, "None") != "None":
        return f"at {stage}"
    reasons = {
        ", ".join(a for a, v in observed.aliases.items() if v == number): "alias {}",
        "adopted" if version.adopted else "": "{}",
        "named in the history" if any(number in event.versions for event in events) else "": "{}",
        "young" if datetime.fromisoformat(version.created) > before else "": "{}",
    }
    return next((text.format(what) for what, text in reasons.items() if what), "")


def _removal(version: Version, reason: str) -> VersionPruned:
    return VersionPruned(
        version=version.number,
        reason=reason,
        run=version.run_id,
        candidate=version.tags["har.candidate"],
        candidate_digest=version.tags["har.candidate_digest"],
        lineage_digest=version.tags[LINEAGE_DIGEST],
    )


def _remove(registry: Registry, event: VersionPruned) -> None:
    """Remove what an event says, if it is still there: the version first, then its files."""
    client = registry.writer
    try:
        client.delete_model_version(event.model, str(event.version))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
    run = client.get_run(event.run)
    if run.info.lifecycle_stage == "active":
        remove_run(registry, run)


def _abandoned(registry: Registry, before: datetime) -> Iterator[Run]:
    """Yield the runs of registrations that were killed before they made a version."""
    client = registry.client
    experiments = [
        e.experiment_id for e in client.search_experiments(filter_string="name LIKE 'har/%'")
    ]
    for status in ("RUNNING", "KILLED", "FAILED"):
        query = f"attributes.status = '{status}' and tags.`har.candidate_digest` != ''"
        for run in client.search_runs(experiments, query, max_results=10_000):
            young = run.info.start_time / 1000 > before.timestamp()
            if not young and not client.search_model_versions(f"run_id = '{run.info.run_id}'"):
                yield run

"""Promotion: judge a version once, write the decision down, then move the alias.

The decision goes to the audit log, to ``gate.json`` in the version's run and to its tag
``har.gate`` before any alias moves; the tag ``har.applied`` says that the move is done.
A kill at any point is completed by the next call.
"""

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from filelock import FileLock

from har.config import Settings
from har.errors import UsageError
from har.lineage import audit, origin
from har.registry import stages
from har.registry.connection import connect
from har.registry.gate import Decision, Evidence, judge
from har.registry.versions import Version, list_versions

if TYPE_CHECKING:
    from mlflow import MlflowClient


def promote(
    version: Version,
    settings: Settings,
    *,
    reason: str,
    dry_run: bool = False,
    rejudge: bool = False,
) -> Decision:
    """Move a version to the stage that it earns, or find the decision made before.

    Parameters
    ----------
    version : Version
        The version to judge.
    settings : Settings
        Floors, bounds and where the registry is.
    reason : str
        Why it may be promoted; kept with the decision.
    dry_run : bool
        Judge only: nothing is written or moved.
    rejudge : bool
        Judge again although there is a decision, for example against a new champion.

    Raises
    ------
    UsageError
        If the champion itself is to be judged again.
    MissingError
        If the version or the server is not there.
    """
    client = connect(settings.registry)
    with _one_at_a_time(settings.registry.audit):
        versions = {v.number: v for v in list_versions(settings)}
        version = versions[version.number]
        champion = next((v for v in versions.values() if stages.CHAMPION in v.aliases), None)
        if rejudge and champion == version:
            raise UsageError(
                f"version {version.number} is the champion: there is nothing to hold it against",
                hint="judge another version: it takes the place if it is better",
            )
        decision = None if rejudge else _standing(version, champion)
        if decision is None:
            decision = judge(
                _evidence(client, version),
                _evidence(client, champion) if champion else None,
                settings=settings,
            )
            if not dry_run:
                decision = _record(client, version, decision, settings, purpose=reason)
        if not dry_run and version.tags.get("har.applied") != decision.audit:
            _move(client, decision, settings)
    return decision


def _standing(version: Version, champion: Version | None) -> Decision | None:
    """Return the decision on record, unless it was never applied and its premise is gone."""
    decision = version.gate
    if decision is None or version.tags.get("har.applied") == decision.audit:
        return decision
    reigning = champion.number if champion else None
    return decision if reigning in (decision.champion, version.number) else None


def _evidence(client: "MlflowClient", version: Version) -> Evidence:
    """Read what was registered, so that any machine judges alike."""
    with tempfile.TemporaryDirectory() as folder:
        names = ("evaluation/metrics.json", "onnx/builds.json", "evaluation/predictions.parquet")
        metrics, builds, predictions = (
            Path(client.download_artifacts(version.run_id, name, folder)) for name in names
        )
        return Evidence(
            number=version.number,
            metrics=json.loads(metrics.read_text()),
            builds=json.loads(builds.read_text()),
            predictions=pd.read_parquet(predictions),
        )


def _record(
    client: "MlflowClient",
    version: Version,
    decision: Decision,
    settings: Settings,
    *,
    purpose: str,
) -> Decision:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    decision = replace(decision, purpose=purpose, by=origin.actor(), at=now)
    event = {
        "event": "gate",
        **decision.to_dict(),
        "run_id": version.run_id,
        "lineage_digest": version.tags["har.lineage_digest"],
    }
    del event["audit"]
    decision = replace(decision, audit=audit.append(settings.registry.audit, event))
    client.log_dict(version.run_id, decision.to_dict(), "gate.json")
    text = json.dumps(decision.to_dict())
    client.set_model_version_tag(version.model, str(version.number), "har.gate", text)
    return decision


def _move(client: "MlflowClient", decision: Decision, settings: Settings) -> None:
    stages.apply(client, decision)
    moved = {
        "event": "stage",
        "model": decision.model,
        "version": decision.version,
        "stage": decision.stage,
        "decision": decision.audit,
    }
    audit.append(settings.registry.audit, moved)
    number = str(decision.version)
    client.set_model_version_tag(decision.model, number, "har.applied", decision.audit)


def _one_at_a_time(log: Path) -> FileLock:
    """Return the lock under which the champion is compared and replaced."""
    log.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(log.with_name("promotion.lock"))

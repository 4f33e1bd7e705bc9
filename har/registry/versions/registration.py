"""A candidate becomes a version, once, whatever is killed in between."""

from typing import TYPE_CHECKING

from filelock import FileLock

from har.registry.connection import require_not_deleted
from har.registry.handle import Registry
from har.registry.history.trail import Trail
from har.registry.versions.candidate import Candidate
from har.registry.versions.description import introduce
from har.registry.versions.lookup import find
from har.registry.versions.signature import require_key
from har.registry.versions.version import CANDIDATE_DIGEST, Version

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion


def require_ready(registry: Registry, dataset: str) -> None:
    """Refuse what could not be registered and recorded once it is made.

    Raises
    ------
    MissingError
        If the registry cannot be reached or written, something of it was deleted, or there is
        no key of the name that is to sign.
    UsageError
        If that key cannot be read.
    """
    require_key(registry)
    require_not_deleted(registry.writer, f"har/{dataset}")
    Trail(registry).require_open()


def register(registry: Registry, candidate: Candidate) -> Version:
    """Make a version of a candidate, or find the one that it already is.

    What counts is the registry, not the local store: the same files are never
    registered twice, and what a killed run left of them is completed or removed.

    Parameters
    ----------
    registry : Registry
        The model that gets a version.
    candidate : Candidate
        A trained, evaluated and exported model.

    Raises
    ------
    MissingError
        If the server does not answer, or a file of the candidate is not there.
    """
    with _one_at_a_time(registry, candidate):
        version = _registered(registry, candidate)
        if version is None:
            # Here, because a version that is there already must not cost the import of ONNX.
            from har.registry.versions.mlflow_run import make_version

            version = make_version(registry, candidate)
        elif registry.client.get_run(str(version.run_id)).info.status != "FINISHED":
            # Its process was killed between the version and the end of the run.
            registry.writer.set_terminated(str(version.run_id))
        introduce(registry, find(registry, str(version.version)))
    return find(registry, str(version.version))


def _registered(registry: Registry, candidate: Candidate) -> "ModelVersion | None":
    tag = f"tags.`{CANDIDATE_DIGEST}` = '{candidate.digest}'"
    same = registry.client.search_model_versions(f"name = '{registry.model}' and {tag}")
    return same[0] if same else None


def _one_at_a_time(registry: Registry, candidate: Candidate) -> FileLock:
    """Return the lock that keeps two runs here from registering the same candidate."""
    path = registry.store / ".locks" / f"register-{candidate.digest[:16]}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)

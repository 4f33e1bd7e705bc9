"""Versions in the registry: made once, listed, found by name, fetched by content."""

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from har.config import Settings
from har.errors import MissingError, UsageError, VerificationError
from har.lineage import digest, record
from har.registry.connection import connect, experiment_id, tracking_uri, version_url
from har.registry.gate.judge import Decision
from har.registry.versions.candidate import Candidate

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion


FILES = "har.files"  # tag of an adopted version: the digests of its files when it was adopted


@dataclass(frozen=True)
class Version:
    """A version of the registered model.

    Attributes
    ----------
    model : str
        Name of the registered model.
    number : int
        Counts from 1.
    stage : str
        ``None``, ``Staging``, ``Production`` or ``Archived``.
    aliases : tuple of str
        ``champion``, ``challenger``, ``previous``, or none of them.
    candidate, dataset : str
        What was registered.
    run_id : str
        The MLflow run behind it.
    macro_f1, macro_f1_interval
        On the test windows, with the interval over subjects; None of an adopted version.
    serving : str
        The ONNX build that serves.
    tags : dict
        All tags; ours start with ``har.``.
    created : str
        UTC.
    gate : Decision or None
        The gate's decision on record.
    url : str or None
        Its page in MLflow, where a server shows one.
    """

    model: str
    number: int
    stage: str
    aliases: tuple[str, ...]
    candidate: str
    dataset: str
    run_id: str
    macro_f1: float | None
    macro_f1_interval: tuple[float, float] | None
    serving: str
    tags: dict[str, str]
    created: str
    gate: Decision | None
    url: str | None

    @property
    def adopted(self) -> bool:
        """Whether it was registered without `har` (`har.registry.moves.adoption`)."""
        return FILES in self.tags


def register(candidate: Candidate) -> Version:
    """Make a version of a candidate, or find the one that it already is.

    What counts is the registry, not the local store: the same files are never
    registered twice, and what a killed run left of them is completed or removed.

    Parameters
    ----------
    candidate : Candidate
        A trained, evaluated and exported model.

    Raises
    ------
    MissingError
        If the server does not answer, or a file of the candidate is not there.
    """
    settings = candidate.settings
    client = connect(settings.registry)
    with _one_at_a_time(candidate):
        found = _with_digest(client, settings.registry.model, candidate.digest)
        if found is None:
            # Here, because reading versions must not cost the import of ONNX.
            from har.registry.versions.mlflow_run import make_version

            found = make_version(
                client, candidate, experiment_id(client, f"har/{candidate.dataset}")
            )
        elif client.get_run(str(found.run_id)).info.status != "FINISHED":
            client.set_terminated(str(found.run_id))  # killed between the version and the end
    return find(str(found.version), settings)


def list_versions(settings: Settings) -> list[Version]:
    """Return all versions of the registered model, newest first."""
    from mlflow.exceptions import MlflowException

    client, model = connect(settings.registry), settings.registry.model
    try:
        aliases = {a: int(v) for a, v in client.get_registered_model(model).aliases.items()}
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return []
    found = client.search_model_versions(f"name = '{model}'", max_results=10_000)
    uri = tracking_uri(settings.registry)
    ours = [v for v in found if "har.candidate_digest" in v.tags]
    return sorted((_version(v, aliases, uri) for v in ours), key=lambda v: -v.number)


def foreign_versions(settings: Settings) -> list["ModelVersion"]:
    """Return the versions that were registered without `har` and not adopted, oldest first."""
    client, model = connect(settings.registry), settings.registry.model
    found = client.search_model_versions(f"name = '{model}'", max_results=10_000)
    foreign = [v for v in found if "har.candidate_digest" not in v.tags]
    return sorted(foreign, key=lambda v: int(v.version))


def find(selector: str, settings: Settings) -> Version:
    """Return the newest version that a name stands for.

    Parameters
    ----------
    selector : str
        An alias (``champion``, ``challenger``, ``previous``), a number or a stage.
    settings : Settings
        Where the registry is.

    Raises
    ------
    MissingError
        If there is none; it names what there is.
    """
    versions = list_versions(settings)
    wanted = selector.lower()
    for version in versions:
        if wanted in (*version.aliases, str(version.number), version.stage.lower()):
            return version
    names = {name for v in versions for name in (*v.aliases, str(v.number), v.stage)}
    raise MissingError(
        f"no version {selector!r} of the model {settings.registry.model}",
        expected=f"one of {', '.join(sorted(names))}" if names else None,
        found=None if names else f"no version at all in {tracking_uri(settings.registry)}",
        hint=None if names else "`har run` makes the first",
    )


def fetch(version: Version, settings: Settings, folder: Path | None = None) -> Path:
    """Return the serving ONNX file of a version, downloaded unless it is there.

    Parameters
    ----------
    version : Version
        The version.
    settings : Settings
        Where the registry is.
    folder : Path, optional
        Where to keep it; by default in the store, under the digest of its content.

    Raises
    ------
    VerificationError
        If the bytes are not the registered ones.
    """
    sha256 = version.tags.get("har.onnx_sha256")
    if sha256 is None:
        raise MissingError(
            f"version {version.number} has no ONNX build",
            found="a version that was adopted as it was",
            hint="use another version, or register the model with `har run`",
        )
    folder = folder or settings.store / "onnx" / sha256[:16]
    path = folder / "model.onnx"
    if path.exists() and digest.of_file(path) == sha256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        got = download(version.number, settings, Path(scratch), "model.onnx")
        _require_digest(got, sha256, f"version {version.number}, model.onnx")
        got.replace(path)
    return path


def download(number: int, settings: Settings, folder: Path, name: str = "") -> Path:
    """Download a file of a version's MLflow model, or all of them; return where it is."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    client = connect(settings.registry)
    uri = client.get_model_version_download_uri(settings.registry.model, str(number))
    repository = get_artifact_repository(uri, tracking_uri=tracking_uri(settings.registry))
    return Path(repository.download_artifacts(name, str(folder)))  # type: ignore[no-untyped-call]


def read_lineage(version: Version, settings: Settings) -> dict[str, Any]:
    """Return the lineage record of a version, checked against its digest.

    Raises
    ------
    MissingError
        If the version was adopted: nobody recorded what it was made of.
    VerificationError
        If the bytes of ``lineage.json`` are not the registered ones.
    """
    if version.adopted:
        raise MissingError(
            f"version {version.number} has no lineage record",
            found="a version that was adopted as it was",
            hint="`har registry history` says who adopted it, and when",
        )
    client = connect(settings.registry)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(client.download_artifacts(version.run_id, record.FILE, folder))
        return checked_lineage(version, path)


def checked_lineage(version: Version, path: Path) -> dict[str, Any]:
    """Read the lineage record of a version from a file, checked against its digest.

    Raises
    ------
    VerificationError
        If the bytes are not the registered ones.
    """
    wanted = version.tags["har.lineage_digest"]
    _require_digest(path, wanted, f"version {version.number}, {record.FILE}")
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def require_measured(version: Version) -> None:
    """Refuse a version that was adopted: nothing is known of it but its bytes.

    Raises
    ------
    UsageError
        If it was.
    """
    if version.adopted:
        raise UsageError(
            f"version {version.number} was adopted: nobody measured it",
            expected="a version with scores, builds and a lineage record",
            hint="register the model with `har run`; one that served comes back by rollback",
        )


def _version(found: "ModelVersion", aliases: dict[str, int], uri: str) -> Version:
    tags = dict(found.tags)
    number = int(found.version)
    created = datetime.fromtimestamp(found.creation_timestamp / 1000, UTC)
    return Version(
        model=found.name,
        number=number,
        stage=tags["har.stage"],
        aliases=tuple(sorted(alias for alias, n in aliases.items() if n == number)),
        candidate=tags["har.candidate"],
        dataset=tags["har.dataset"],
        run_id=str(found.run_id),
        macro_f1=float(tags["har.macro_f1"]) if "har.macro_f1" in tags else None,
        macro_f1_interval=_interval(tags),
        serving=tags["har.serving"],
        tags=tags,
        created=created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        gate=Decision.from_json(tags["har.gate"]) if "har.gate" in tags else None,
        url=version_url(uri, found.name, number),
    )


def _interval(tags: dict[str, str]) -> tuple[float, float] | None:
    if "har.macro_f1" not in tags:
        return None
    return float(tags["har.macro_f1_low"]), float(tags["har.macro_f1_high"])


def _with_digest(client: "MlflowClient", model: str, sha256: str) -> "ModelVersion | None":
    query = f"name = '{model}' and tags.`har.candidate_digest` = '{sha256}'"
    found = client.search_model_versions(query)
    return found[0] if found else None


def _one_at_a_time(candidate: Candidate) -> FileLock:
    """Return the lock that keeps two runs here from registering the same candidate."""
    path = candidate.settings.store / ".locks" / f"register-{candidate.digest[:16]}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def _require_digest(path: Path, expected: str, what: str) -> None:
    found = digest.of_file(path) if path.is_file() else "of no file: it is not there"
    if found != expected:
        raise VerificationError(
            f"{what}: the bytes are not the registered ones",
            expected=f"SHA-256 {expected}",
            found=f"SHA-256 {found}",
            hint="do not use this version; restore the file or register it again",
        )

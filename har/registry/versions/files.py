"""The files of a version: fetched, and verified byte for byte against what was registered."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from har.disk import is_unwritable
from har.errors import MissingError, VerificationError
from har.lineage import digest
from har.lineage.record import FILE, Record
from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.trail import Trail
from har.registry.locations import download, local_path
from har.registry.versions.judgement import require_judged
from har.registry.versions.version import FILES, LINEAGE_DIGEST, ONNX_DIGEST, Version

MODEL = "model.onnx"


def fetch(
    registry: Registry,
    version: Version,
    folder: Path | None = None,
    *,
    record: Record | None = None,
) -> Path:
    """Return the serving ONNX file of a version, downloaded unless it is there.

    Parameters
    ----------
    registry : Registry
        The model.
    version : Version
        The version.
    folder : Path, optional
        Where to keep it; by default in the store, under the digest of its content.
    record : Record, optional
        Its lineage record, where it was read already.

    Raises
    ------
    MissingError
        If the version has no ONNX build.
    VerificationError
        If the bytes are not the registered ones, or those are not what was judged.
    """
    sha256 = _serving_digest(registry, version, record)
    folder = folder or registry.store / "onnx" / sha256[:16]
    path, what = folder / MODEL, f"version {version.number}, {MODEL}"
    if path.exists() and digest.of_file(path) == sha256:
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=folder)
    except OSError as error:
        if original := is_unwritable(error) and _original(registry, version):
            _require_digest(original, sha256, what)
            return original
        raise
    with scratch:
        downloaded = download_model(registry, version.number, Path(scratch.name), MODEL)
        _require_digest(downloaded, sha256, what)
        downloaded.replace(path)
    return path


def _serving_digest(registry: Registry, version: Version, record: Record | None) -> str:
    """Return what the serving file has to be: by the lineage record that was judged."""
    stated = version.tags.get(ONNX_DIGEST)
    if stated is None:
        raise MissingError(
            f"version {version.number} has no ONNX build",
            found="a version that was adopted as it was",
            hint="use another version, or register the model with `har run`",
        )
    if version.adopted:
        return stated
    recorded = (record or read_lineage(registry, version)).predicate.serving.sha256
    if recorded != stated:
        raise VerificationError(
            f"version {version.number}: its tag names another model than its lineage record",
            expected=f"SHA-256 {recorded}",
            found=f"SHA-256 {stated}",
            hint="do not use this version; somebody changed it in MLflow",
        )
    return recorded


def _original(registry: Registry, version: Version) -> Path | None:
    """Return the serving file itself in a local registry, where no copy can be made."""
    location = registry.reader.model_location(registry.model, version.number)
    folder = local_path(registry, location)
    return folder / MODEL if folder else None


def download_model(registry: Registry, number: int, folder: Path, name: str = "") -> Path:
    """Download a file of a version's MLflow model, or all of them; return where it is."""
    location = registry.reader.model_location(registry.model, number)
    return download(registry, location, folder, name)


def _download_run(registry: Registry, run: str, folder: Path, name: str = "") -> Path:
    return download(registry, registry.reader.run_location(run), folder, name)


def read_lineage(
    registry: Registry, version: Version, events: Sequence[Event] | None = None
) -> Record:
    """Return the lineage record of a version, checked against its digest.

    Parameters
    ----------
    registry : Registry
        The model.
    version : Version
        The version.
    events : sequence of Event, optional
        The model's history, where it was read already.

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
    # Of a local registry it is read where it lies: there may be no place for a copy.
    if folder := local_path(registry, registry.reader.run_location(version.run_id)):
        return _checked_lineage(registry, version, folder / FILE, events)
    with tempfile.TemporaryDirectory() as scratch:
        path = _download_run(registry, version.run_id, Path(scratch), FILE)
        return _checked_lineage(registry, version, path, events)


def verified_files(registry: Registry, version: Version, folder: Path) -> dict[str, Path]:
    """Download every shipped file and compare it with the digest in the lineage record.

    An adopted version has no record: its files are compared with what they were when it
    was adopted.

    Parameters
    ----------
    registry : Registry
        The model.
    version : Version
        The version.
    folder : Path
        Where to put them.

    Returns
    -------
    dict of str to Path
        The files by name, as ``evaluation/metrics.json``, and ``lineage.json`` itself; of
        an adopted version those of its MLflow model.

    Raises
    ------
    VerificationError
        If a file is not there or is not the registered one; it names them all.
    """
    if version.adopted:
        expected = json.loads(version.tags[FILES])
        downloaded = download_model(registry, version.number, folder)
        _require_same(version, downloaded, expected)
        return {name: downloaded / name for name in expected}
    downloaded = _download_run(registry, version.run_id, folder)
    record = _checked_lineage(registry, version, downloaded / FILE)
    _require_same(version, downloaded, record.files)
    fetch(registry, version, folder / "serving", record=record)
    return {name: downloaded / name for name in (*record.files, FILE)}


def verified_file(
    registry: Registry, version: Version, record: Record, name: str, folder: Path
) -> Path:
    """Download one file of a version, checked against its lineage record; return where it is.

    Raises
    ------
    VerificationError
        If it is not there or is not the registered one.
    """
    path = _download_run(registry, version.run_id, folder, name)
    expected = record.files.get(name, "of no file: it was registered without")
    _require_digest(path, expected, f"version {version.number}, {name}")
    return path


def require_verified(registry: Registry, version: Version) -> None:
    """Refuse a version whose files are not the registered ones.

    Raises
    ------
    VerificationError
        If they are not; see `verified_files`.
    """
    with tempfile.TemporaryDirectory() as folder:
        verified_files(registry, version, Path(folder))


def _checked_lineage(
    registry: Registry, version: Version, path: Path, events: Sequence[Event] | None = None
) -> Record:
    """Read the lineage record of a version from a file, checked against what was judged."""
    known = Trail(registry).events if events is None else events
    wanted = require_judged(version, known).tags[LINEAGE_DIGEST]
    where = f"version {version.number}, {FILE}"
    _require_digest(path, wanted, where)
    return Record.from_bytes(path.read_bytes(), where)


def _require_digest(path: Path, expected: str, what: str) -> None:
    actual = digest.of_file(path) if path.is_file() else "of no file: it is not there"
    if actual != expected:
        raise VerificationError(
            f"{what}: the bytes are not the registered ones",
            expected=f"SHA-256 {expected}",
            found=f"SHA-256 {actual}",
            hint="do not use this version; restore the file or register it again",
        )


def _require_same(version: Version, folder: Path, expected: dict[str, str]) -> None:
    wrong = {
        name: "changed" if (folder / name).is_file() else "not there"
        for name, sha256 in expected.items()
        if not (folder / name).is_file() or digest.of_file(folder / name) != sha256
    }
    if wrong:
        raise VerificationError(
            f"version {version.number}: the files are not the registered ones",
            expected=f"{len(expected)} files with the digests that were recorded",
            found=", ".join(f"{name} {how}" for name, how in wrong.items()),
            hint="restore them from a backup, or register the model again",
        )

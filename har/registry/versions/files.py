"""Whether the files of a version are the registered ones, byte for byte."""

import json
import tempfile
from pathlib import Path

from har.config import Settings
from har.errors import VerificationError
from har.lineage import digest
from har.lineage.record import FILE
from har.registry.connection import connect
from har.registry.versions.lookup import FILES, Version, checked_lineage, download, fetch


def verified_files(version: Version, settings: Settings, folder: Path) -> dict[str, Path]:
    """Download every shipped file and compare it with the digest in the lineage record.

    Of an adopted version, which has none, with what was there when it was adopted.

    Parameters
    ----------
    version : Version
        The version.
    settings : Settings
        Where the registry is.
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
        got = download(version.number, settings, folder)
        _require_same(version, got, expected)
        return {name: got / name for name in expected}
    got = Path(connect(settings.registry).download_artifacts(version.run_id, "", str(folder)))
    record = checked_lineage(version, got / FILE)
    listed = [*record["subject"], *record["predicate"]["runDetails"]["byproducts"]]
    expected = {item["name"]: item["digest"]["sha256"] for item in listed}
    _require_same(version, got, expected)
    fetch(version, settings, folder / "serving")
    return {name: got / name for name in (*expected, FILE)}


def require_verified(version: Version, settings: Settings) -> None:
    """Refuse a version whose files are not the registered ones.

    Raises
    ------
    VerificationError
        If they are not; see `verified_files`.
    """
    with tempfile.TemporaryDirectory() as folder:
        verified_files(version, settings, Path(folder))


def _require_same(version: Version, got: Path, expected: dict[str, str]) -> None:
    wrong = {
        name: "changed" if (got / name).is_file() else "not there"
        for name, sha256 in expected.items()
        if not (got / name).is_file() or digest.of_file(got / name) != sha256
    }
    if wrong:
        raise VerificationError(
            f"version {version.number}: the files are not the registered ones",
            expected=f"{len(expected)} files with the digests that were recorded",
            found=", ".join(f"{name} {how}" for name, how in wrong.items()),
            hint="restore them from a backup, or register the model again",
        )

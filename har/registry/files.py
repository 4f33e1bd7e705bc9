"""Whether the files of a version are the registered ones, byte for byte."""

import tempfile
from pathlib import Path

from har.config import Settings
from har.errors import VerificationError
from har.lineage import digest
from har.registry.connection import connect
from har.registry.versions import Version, fetch, read_lineage


def verify_files(version: Version, settings: Settings) -> int:
    """Compare every shipped file with the digest in the lineage record.

    Parameters
    ----------
    version : Version
        The version.
    settings : Settings
        Where the registry is.

    Returns
    -------
    int
        How many files there are.

    Raises
    ------
    VerificationError
        If a file is not there or is not the registered one; it names them all.
    """
    predicate = read_lineage(version, settings)
    listed = [*predicate["subject"], *predicate["predicate"]["runDetails"]["byproducts"]]
    expected = {item["name"]: item["digest"]["sha256"] for item in listed}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(connect(settings.registry).download_artifacts(version.run_id, "", scratch))
        wrong = {
            name: "changed" if (folder / name).is_file() else "not there"
            for name, sha256 in expected.items()
            if not (folder / name).is_file() or digest.of_file(folder / name) != sha256
        }
        if wrong:
            raise VerificationError(
                f"version {version.number}: the files are not the registered ones",
                expected=f"{len(expected)} files with the digests in lineage.json",
                found=", ".join(f"{name} {how}" for name, how in wrong.items()),
                hint="restore them from a backup, or register the model again",
            )
        fetch(version, settings, Path(scratch) / "serving")
    return len(expected)

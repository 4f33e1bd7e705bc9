"""Archives from their official addresses, pinned by digest."""

import json
from pathlib import Path
from urllib.parse import unquote_plus, urlsplit

from har.data.sources.base import Archive, Source
from har.disk import write_text
from har.errors import MissingError, UsageError, VerificationError
from har.lineage import digest

PINS = "sha256.json"
ENOUGH = 2  # independent statements of a digest that outweigh what the address sends


def download(source: Source, folder: Path, *, accept_licence: bool, url: str | None = None) -> Path:
    """Download a data set's archive, unless it is there, and check its digest.

    Parameters
    ----------
    source : Source
        With an archive.
    folder : Path
        Gets the archive, and ``sha256.json``: the digests of what came first.
    accept_licence : bool
        Whether the user accepts the data set's licence.
    url : str, optional
        Another address than the official one.

    Returns
    -------
    Path
        The archive.

    Raises
    ------
    UsageError
        If the licence is not accepted.
    MissingError
        If the data set has no archive, or its address cannot be reached.
    VerificationError
        If the archive is not the one that was published, or that came the first time.
    """
    archive = source.archive
    if archive is None:
        raise MissingError(f"{source.name} has no archive to download", hint=source.homepage)
    if not accept_licence:
        raise UsageError(
            f"the licence of {source.name} is not accepted",
            expected="--accept-licence, once you have read it",
            found=f"{source.licence} ({source.homepage})",
        )
    address = url or archive.url
    path = folder / _file_name(source, address)
    if not path.exists():
        _fetch(address, path)
    _check(path, source, archive)
    return path


def _file_name(source: Source, address: str) -> str:
    name = Path(unquote_plus(urlsplit(address).path)).name
    return f"{source.name}-{name.replace(' ', '-')}"


def _fetch(address: str, path: Path) -> None:
    import pooch
    import requests

    try:
        pooch.retrieve(address, None, path.name, path.parent, progressbar=True)
    except (requests.RequestException, OSError, ValueError) as error:  # or no address at all
        raise MissingError(
            f"{address}: cannot be reached",
            found=str(error).splitlines()[0],
            hint="download it by hand and give its path to `har data ingest`",
        ) from None


def _check(path: Path, source: Source, archive: Archive) -> None:
    """Compare an archive with the published digest, and with the one that came first."""
    place = path.parent / PINS
    pins = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
    found = digest.of_file(path)
    pinned = pins.get(path.name)
    published = archive.sha256 if archive.seen >= ENOUGH else None
    for expected, whose in ((pinned, "that came the first time"), (published, "published")):
        if expected and expected != found:
            raise VerificationError(
                f"{path}: not the archive {whose}",
                expected=f"sha256 {expected}",
                found=f"sha256 {found}",
                hint=f"remove the file and download it again; ask the provider: {source.homepage}",
            )
    if pinned is None:
        write_text(place, json.dumps({**pins, path.name: found}, indent=1) + "\n")

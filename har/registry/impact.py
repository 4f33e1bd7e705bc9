"""What a person, a file, a package, a commit or a checkpoint touches: versions, and their use."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from har.lineage.record import Record
from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.placement import of_version
from har.registry.history.production import production_periods
from har.registry.history.trail import Trail
from har.registry.versions.files import read_lineage, verified_file
from har.registry.versions.lookup import list_versions
from har.registry.versions.version import Version

Kind = Literal["subject", "file", "package", "commit", "checkpoint"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PACKAGES = "environment/packages.json"
# Of a digest or a commit that is given in part.
MIN_DIGITS = 7
_DIGEST = re.compile(rf"[0-9a-f]{{{MIN_DIGITS},64}}")


@dataclass(frozen=True)
class Touched:
    """A version that something touches.

    Attributes
    ----------
    version : int
        Its number.
    candidate, stage : str
        What it is, and where it stands.
    aliases : tuple of str
        As ``champion``.
    how : tuple of str
        What it has to do with it, as ``in training``.
    served : tuple of (str, str)
        When it was in Production, UTC, from and to; the last end is empty while it is.
    """

    version: int
    candidate: str
    stage: str
    aliases: tuple[str, ...]
    how: tuple[str, ...]
    served: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Impact:
    """All that something touches.

    Attributes
    ----------
    kind, what : str
        What was asked about.
    touched : tuple of Touched
        The newest first.
    unknown : tuple of int
        Versions of which nobody can tell: they were adopted, without a lineage record.
    """

    kind: Kind
    what: str
    touched: tuple[Touched, ...]
    unknown: tuple[int, ...]


def impact(registry: Registry, kind: Kind, what: str) -> Impact:
    """Return the versions that something touches.

    Parameters
    ----------
    registry : Registry
        The model.
    kind : {"subject", "file", "package", "commit", "checkpoint"}
        What it is.
    what : str
        A subject; a file's name, or the first digits of its SHA-256 or of a commit, seven or
        more; a package, as ``numpy`` or ``numpy 2.4.6``; a checkpoint's source or digest.
    """
    events, touched, unknown = Trail(registry).events, [], []
    for version in list_versions(registry):
        if version.adopted:
            unknown.append(version.number)
            continue
        record = read_lineage(registry, version, events)
        if kind == "package":
            how = tuple(_of_package(_packages(registry, version, record), what))
        else:
            how = tuple(_IN_RECORD[kind](record, what))
        if how:
            touched.append(_touched(version, how, events))
    return Impact(kind, what, tuple(touched), tuple(unknown))


def _touched(version: Version, how: tuple[str, ...], events: tuple[Event, ...]) -> Touched:
    periods = production_periods(of_version(events, version.number))
    return Touched(
        version=version.number,
        candidate=version.candidate,
        stage=version.stage,
        aliases=version.aliases,
        how=how,
        served=tuple((p.since, p.until) for p in periods if p.version == version.number),
    )


def _of_subject(record: Record, subject: str) -> Iterator[str]:
    yield from (f"in {part}" for part, who in record.predicate.people.items() if subject in who)
    for checkpoint in record.predicate.checkpoints:
        if checkpoint.people == "unknown":
            yield f"perhaps seen by {checkpoint.source}: nobody knows whom it has seen"


def _of_file(record: Record, file: str) -> Iterator[str]:
    for item in record.predicate.build.dependencies:
        if _is(file, item.name, item.digest.get("sha256", "")):
            yield f"{item.role} {item.name}"
    yield from (f"its {name}" for name, sha256 in record.files.items() if _is(file, name, sha256))


def _of_commit(record: Record, digits: str) -> Iterator[str]:
    commits = [item.digest.get("gitCommit", "") for item in record.predicate.build.dependencies]
    yield from (f"made by commit {commit}" for commit in commits if _is(digits, "", commit))


def _of_checkpoint(record: Record, what: str) -> Iterator[str]:
    for checkpoint in record.predicate.checkpoints:
        digests = checkpoint.files.values()
        if checkpoint.source == what or any(_is(what, "", sha256) for sha256 in digests):
            yield f"began from {checkpoint.source}"


def _of_package(installed: Mapping[str, str], what: str) -> Iterator[str]:
    name, _, wanted = what.replace("==", " ").partition(" ")
    if name in installed and wanted in ("", installed[name]):
        yield f"made with {name} {installed[name]}"


_IN_RECORD: dict[Kind, Callable[[Record, str], Iterator[str]]] = {
    "subject": _of_subject,
    "file": _of_file,
    "commit": _of_commit,
    "checkpoint": _of_checkpoint,
}


def _is(what: str, name: str, digest: str) -> bool:
    """Tell whether a name, its last part, or the first digits of a digest were given."""
    if what in (name, name.rpartition("/")[2]):
        return bool(what)
    return bool(_DIGEST.fullmatch(what)) and digest.startswith(what)


def _packages(registry: Registry, version: Version, record: Record) -> dict[str, str]:
    """Return the version of each package where it was made; of older ones of the main ones."""
    if PACKAGES not in record.files:
        return dict(record.predicate.details.builder.version)
    with tempfile.TemporaryDirectory() as folder:
        path = verified_file(registry, version, record, PACKAGES, Path(folder))
        named = (name.rpartition(" ") for name in json.loads(path.read_bytes()))
        return {name: number for name, _, number in named}

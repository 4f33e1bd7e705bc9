"""Versions listed, and found by alias, number or stage."""

from har.errors import MissingError
from har.registry.handle import Registry
from har.registry.reading import RegisteredVersion
from har.registry.versions.version import CANDIDATE_DIGEST, Version


def list_versions(registry: Registry) -> list[Version]:
    """Return all versions of the registered model, newest first."""
    reader = registry.reader
    aliases = reader.aliases(registry.model)
    if aliases is None:
        return []
    known = [v for v in reader.versions(registry.model) if CANDIDATE_DIGEST in v.tags]
    return sorted((Version.of(v, aliases, registry) for v in known), key=lambda v: -v.number)


def foreign_versions(registry: Registry) -> list[RegisteredVersion]:
    """Return the versions that were registered without `har` and not adopted, oldest first."""
    registered = registry.reader.versions(registry.model)
    foreign = [v for v in registered if CANDIDATE_DIGEST not in v.tags]
    return sorted(foreign, key=lambda v: v.number)


def with_digest(registry: Registry, candidate_digest: str) -> Version | None:
    """Return the version that was made of a candidate; None if there is none."""
    versions = list_versions(registry)
    return next((v for v in versions if v.tags[CANDIDATE_DIGEST] == candidate_digest), None)


def find(registry: Registry, selector: str) -> Version:
    """Return the newest version that a name stands for.

    Parameters
    ----------
    registry : Registry
        The model.
    selector : str
        An alias (``champion``, ``challenger``, ``previous``), a number or a stage.

    Raises
    ------
    MissingError
        If there is none; it names what there is.
    """
    versions = list_versions(registry)
    wanted = selector.lower()
    for version in versions:
        if wanted in (*version.aliases, str(version.number), version.stage.lower()):
            return version
    names = {name for v in versions for name in (*v.aliases, str(v.number), v.stage)}
    raise MissingError(
        f"no version {selector!r} of the model {registry.model}",
        expected=f"one of {', '.join(sorted(names))}" if names else None,
        found=None if names else f"no version at all in {registry.uri}",
        hint=None if names else "`har run` makes the first",
    )

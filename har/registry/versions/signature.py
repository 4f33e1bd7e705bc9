"""A version's files signed as one folder, and signed claims about it, where there is a key."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har.lineage.record import FILE as RECORD
from har.lineage.signing import CLAIMS
from har.registry.handle import Registry
from har.registry.history.events import Event
from har.registry.history.placement import carried_out
from har.registry.versions import gate_file, judgement
from har.registry.versions.files import read_lineage
from har.registry.versions.version import Version

if TYPE_CHECKING:
    from har.lineage.signing.claims import Kind
    from har.lineage.signing.keys import PublicKey

# What is written into a version's run after its files were signed, and is told in no record.
LATER = (RECORD, CLAIMS, gate_file.FILE, judgement.FOLDER)


def sign(registry: Registry, files: Mapping[str, Path], texts: Mapping[str, str]) -> bytes | None:
    """Return the signature over a version's files; None where no key was named.

    Parameters
    ----------
    registry : Registry
        Whose environment names the key.
    files, texts : mapping of str to Path, mapping of str to str
        Files, and contents of others, by path in the run.
    """
    settings = registry.environment.registry
    if settings.signing_key is None:
        return None
    from har.lineage.signing import folder

    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        for name, path in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place / name)
        for name, text in texts.items():
            (place / name).write_bytes(text.encode())
        folder.sign(place, settings.signing_key, password=_password(registry), beside=LATER)
        return (place / folder.SIGNATURE).read_bytes()


def claim(
    registry: Registry, run: str, kind: "Kind", name: str, root: str, said: Mapping[str, Any]
) -> None:
    """Add a signed claim to those about a version's files; nothing where no key was named.

    Parameters
    ----------
    registry : Registry
        Whose environment names the key.
    run : str
        Of the version.
    kind : str
        Of claim.
    name : str
        The version, for people.
    root : str
        Root digest of its files.
    said : mapping
        What is claimed, JSON-able.
    """
    settings = registry.environment.registry
    if settings.signing_key is None:
        return
    from har.lineage.signing import claims, keys

    key = keys.read_private(settings.signing_key, _password(registry))
    line = claims.sign(claims.make(kind, name, root, said), key)
    before = gate_file.read(registry, run, CLAIMS) or b""
    registry.writer.log_text(run, (before + line + b"\n").decode(), CLAIMS)


def claim_approval(registry: Registry, version: Version, events: Sequence[Event]) -> None:
    """Sign, by the approver's key, that a version was approved: what the last move says."""
    if registry.environment.registry.signing_key is None or version.adopted:
        return
    move, _ = list(carried_out(events))[-1]
    root = read_lineage(registry, version, events).predicate.root
    said = {**move.to_dict(), "sha256": move.sha256}
    claim(registry, version.run_id, "approval", f"{version.model} {version.number}", root, said)


def require_key(registry: Registry) -> None:
    """Refuse a key that is named and cannot sign, before anything is made to be signed.

    Raises
    ------
    MissingError, UsageError
        See `har.lineage.signing.keys.read_private`.
    """
    if path := registry.environment.registry.signing_key:
        from har.lineage.signing import keys

        keys.read_private(path, _password(registry))


def trusted(registry: Registry) -> "tuple[PublicKey, ...]":
    """Return the keys whose signatures count here."""
    from har.lineage.signing import keys

    path = registry.environment.registry.trusted_keys
    return keys.read_trusted(path) if path else ()


def _password(registry: Registry) -> str | None:
    secret = registry.environment.registry.signing_password
    return secret.get_secret_value() if secret else None

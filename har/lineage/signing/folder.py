# mypy: disable-error-code="no-untyped-call"
"""A folder signed as OpenSSF model signing does it (OMS v1.0): ``model.sig``.

https://github.com/ossf/model-signing-spec. The signature names every file with its SHA-256, and
a root digest over them, by which `har.lineage.signing.claims` speak of the folder.
"""

import base64
import json
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import model_signing.hashing
import model_signing.signing
import model_signing.verifying
from cryptography.exceptions import InvalidSignature

from har.errors import MissingError, VerificationError
from har.lineage import digest
from har.lineage.signing.keys import PublicKey, pem_of

SIGNATURE = "model.sig"
Standing = Literal["whole", "unsigned", "untrusted signer", "broken signature", "changed"]


@dataclass(frozen=True)
class Signed:
    """What a signature says, whoever made it.

    Attributes
    ----------
    root : str
        Digest over all files.
    files : dict of str to str
        SHA-256 by path.
    beside : tuple of str
        Files and folders in it that are not signed.
    key : str
        Id of the key that is said to have made it.
    """

    root: str
    files: dict[str, str]
    beside: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Checked:
    """A folder beside its signature.

    Attributes
    ----------
    standing : str
        ``whole``, or what is wrong.
    signer : str
        Name of the trusted key, id of another one, or empty.
    differences : tuple of str
        Files that changed, are missing or were added.
    """

    standing: Standing
    signer: str = ""
    differences: tuple[str, ...] = ()


def sign(folder: Path, key: Path, *, password: str | None = None, beside: Iterable[str]) -> Signed:
    """Sign all files of a folder; ``model.sig`` is put there.

    Parameters
    ----------
    folder : Path
        What is signed.
    key : Path
        File of the private key.
    password : str, optional
        Of the key.
    beside : iterable of str
        Files that are not signed: what is written there later.
    """
    left_out = [folder / name for name in (*beside, SIGNATURE)]
    hashing = model_signing.hashing.Config().set_ignored_paths(paths=left_out)
    config = model_signing.signing.Config().set_hashing_config(hashing)
    config.use_elliptic_key_signer(private_key=key, password=password)
    config.sign(folder, folder / SIGNATURE)
    return read(folder / SIGNATURE)


def read(path: Path) -> Signed:
    """Read a signature; nothing of it is verified.

    Raises
    ------
    MissingError
        If there is none.
    VerificationError
        If it is no signature of a folder by OMS.
    """
    if not path.is_file():
        raise MissingError(f"{path}: no signature")
    try:
        bundle = json.loads(path.read_bytes())
        statement: Any = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        (subject,), predicate = statement["subject"], statement["predicate"]
        return Signed(
            root=str(subject["digest"]["sha256"]),
            files={str(one["name"]): str(one["digest"]) for one in predicate["resources"]},
            beside=tuple(map(str, predicate["serialization"]["ignore_paths"])),
            key=str(bundle["verificationMaterial"]["publicKey"]["hint"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise VerificationError(
            f"{path}: not a signature as model signing writes it", found=str(error)
        ) from None


def root_of(files: dict[str, str]) -> str:
    """Return the root digest over files, given the SHA-256 of each by its path.

    SHA-256 over their digests in the order of their paths, as OMS v1.0 has it.
    """
    paths = sorted(files, key=PurePosixPath)
    return digest.of_bytes(b"".join(bytes.fromhex(files[path]) for path in paths))


def check(folder: Path, trusted: Iterable[PublicKey]) -> Checked:
    """Compare a folder with its signature, and the signer with those that are trusted."""
    if not (folder / SIGNATURE).exists():
        return Checked("unsigned")
    signed = read(folder / SIGNATURE)
    key = next((key for key in trusted if key.id == signed.key), None)
    if key is None:
        return Checked("untrusted signer", signed.key)
    signer = key.name or key.id
    with tempfile.NamedTemporaryFile(suffix=".pem") as public:
        Path(public.name).write_bytes(pem_of(key.key))
        config = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=public.name)
        try:
            config.verify(folder, folder / SIGNATURE)
        except (ValueError, InvalidSignature) as error:
            # The library says both by a ValueError, and of what differs in a sentence.
            if "Signature mismatch" not in str(error):
                return Checked("broken signature", signer)
            return Checked("changed", signer, tuple(_differences(folder, signed)))
    return Checked("whole", signer)


def _differences(folder: Path, signed: Signed) -> Iterator[str]:
    for name, sha256 in signed.files.items():
        path = folder / name
        if not path.is_file():
            yield f"{name} is missing"
        elif digest.of_file(path) != sha256:
            yield f"{name} is changed"
    yield from (f"{name} was added" for name in unknown(folder, signed.files, signed.beside))


def unknown(folder: Path, known: Collection[str], beside: Collection[str]) -> Iterator[str]:
    """Yield the files of a folder that are neither known nor, nor lie in, what may be beside."""
    paths = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    for path in paths:
        places = {path.as_posix(), *(parent.as_posix() for parent in path.parents)}
        if path.as_posix() not in known and places.isdisjoint(beside):
            yield path.as_posix()

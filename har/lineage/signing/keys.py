"""Keys to sign with, and keys that are trusted: PEM files, elliptic curves alone."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import ec

from har.errors import MissingError, UsageError
from har.lineage import digest

# Those that OMS knows.
CURVES = ("secp256r1", "secp384r1", "secp521r1")
_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_HINT = "`har lineage keygen` makes a pair"


@dataclass(frozen=True)
class PublicKey:
    """A public key.

    Attributes
    ----------
    name : str
        Whose it is; empty where the file does not say.
    id : str
        SHA-256 of its PEM text, as signatures name it.
    key : EllipticCurvePublicKey
    """

    name: str
    id: str
    key: ec.EllipticCurvePublicKey

    @classmethod
    def of(cls, key: ec.EllipticCurvePublicKey, name: str = "") -> Self:
        """Return a key with its id."""
        return cls(name, digest.of_bytes(pem_of(key)), key)


def pem_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as PEM."""
    return key.public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)


def generate(private: Path, public: Path, *, password: str | None = None) -> PublicKey:
    """Make a pair of keys (P-256) in two new files; the private one is its owner's alone.

    Raises
    ------
    UsageError
        If one of the files is there: keys are never replaced.
    """
    if there := [str(path) for path in (private, public) if path.exists()]:
        raise UsageError(f"{' and '.join(there)}: there already", hint="choose another name")
    key = ec.generate_private_key(ec.SECP256R1())
    locked = pem.BestAvailableEncryption(password.encode()) if password else pem.NoEncryption()
    secret = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, locked)
    with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    public.write_bytes(pem_of(key.public_key()))
    return PublicKey.of(key.public_key())


def read_private(path: Path, password: str | None = None) -> ec.EllipticCurvePrivateKey:
    """Read a private key.

    Raises
    ------
    MissingError
        If there is no such file.
    UsageError
        If it is no private key of a curve that OMS knows, or its password is another one.
    """
    try:
        key = pem.load_pem_private_key(_read(path), password.encode() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Not its text: it may quote the file.
        raise UsageError(
            f"{path}: not a private key that can be read",
            expected="PEM, and its password where it has one",
            hint=_HINT,
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in CURVES:
        raise UsageError(f"{path}: not a key of {', '.join(CURVES)}", hint=_HINT)
    return key


def read_trusted(path: Path) -> tuple[PublicKey, ...]:
    """Read the public keys of a file: PEM blocks, each after the name of its owner.

    Parameters
    ----------
    path : Path
        The last line with text before a block is the name, with or without a ``#``.

    Raises
    ------
    MissingError
        If there is no such file.
    UsageError
        If it has no key, or one that is not of a curve that OMS knows.
    """
    data, found, end = _read(path), [], 0
    for block in _BLOCK.finditer(data):
        before = data[end : block.start()].decode(errors="backslashreplace").split("\n")
        named = [line.strip("# \r\t") for line in before if line.strip("# \r\t")]
        found.append(PublicKey.of(_public(block[0], path), named[-1] if named else ""))
        end = block.end()
    if not found:
        raise UsageError(f"{path}: no public key in it", expected="PEM blocks", hint=_HINT)
    return tuple(found)


def _public(block: bytes, path: Path) -> ec.EllipticCurvePublicKey:
    try:
        key = pem.load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: not a public key that can be read", hint=_HINT) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in CURVES:
        raise UsageError(f"{path}: not a key of {', '.join(CURVES)}", hint=_HINT)
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingError(f"{path}: no such file", hint=_HINT) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read", found=error.strerror) from None

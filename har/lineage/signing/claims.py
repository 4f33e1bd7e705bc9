"""Claims: statements about a version's files, each signed and verified by itself.

A claim is an in-toto statement whose subject is the root digest of the signed folder
(`har.lineage.signing.folder`), in an envelope as DSSE has it, and one line of
``claims.jsonl``. So what is said later, as an approval, breaks no signature over the files.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import Field, StrictStr
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError
from securesystemslib.exceptions import VerificationError as Unverified
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

from har.errors import VerificationError
from har.lineage import digest
from har.lineage.record import STATEMENT, Descriptor
from har.lineage.signing.keys import PublicKey
from har.lineage.typed import Typed

PAYLOAD = "application/vnd.in-toto+json"
PREFIX = "urn:har:claim:"
Kind = Literal["lineage", "evaluation", "approval", "withdrawal", "reproduction"]
Standing = Literal["valid", "untrusted signer", "broken signature"]


class Claim(Typed):
    """One statement about the files with a root digest.

    Attributes
    ----------
    type : str
        in-toto's.
    subject : tuple of Descriptor
        One: the name of the version, and the root digest of its files.
    predicate_type : str
        What kind of claim it is.
    predicate : mapping
        What is claimed.
    """

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Descriptor]
    predicate_type: StrictStr = Field(alias="predicateType")
    predicate: Mapping[StrictStr, Any]

    @property
    def kind(self) -> str:
        """As ``approval``."""
        return self.predicate_type.removeprefix(PREFIX).partition(":")[0]

    @property
    def root(self) -> str:
        """Root digest of the files that it is about."""
        return self.subject[0].digest.get("sha256", "")


@dataclass(frozen=True)
class Verified:
    """A claim that was read.

    Attributes
    ----------
    claim : Claim
    signer : str
        The name of the trusted key, or the id of one that is not trusted.
    standing : {"valid", "untrusted signer", "broken signature"}
    """

    claim: Claim
    signer: str
    standing: Standing


def make(kind: Kind, name: str, root: str, predicate: Mapping[str, Any]) -> Claim:
    """Return a claim about the files with a root digest.

    Parameters
    ----------
    kind : str
        Of claim.
    name : str
        The version, as ``har 3``.
    root : str
        SHA-256.
    predicate : mapping
        What is claimed, JSON-able.
    """
    subject = Descriptor(name=name, digest={"sha256": root})
    return Claim(
        type=STATEMENT,
        subject=(subject,),
        predicate_type=f"{PREFIX}{kind}:v1",
        predicate=predicate,
    )


def sign(claim: Claim, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a claim as a line of ``claims.jsonl``, without its end."""
    public = _ssl_key(PublicKey.of(key.public_key()))
    envelope = Envelope(digest.canonical(claim.to_dict()), PAYLOAD, {})
    envelope.sign(CryptoSigner(key, public))
    return digest.canonical(envelope.to_dict())


def verify(line: bytes, trusted: Sequence[PublicKey], where: str) -> Verified:
    """Read one line of ``claims.jsonl`` and say who signed it.

    Parameters
    ----------
    line : bytes
        Without its end.
    trusted : sequence of PublicKey
        The keys whose signatures count.
    where : str
        What the line is called in errors.

    Raises
    ------
    VerificationError
        If it is no claim.
    """
    envelope = _envelope(line, where)
    claim = Claim.from_dict(_json(envelope.payload, where), where)
    keys = {key.id: key for key in trusted if key.id in envelope.signatures}
    if not keys:
        return Verified(claim, ", ".join(envelope.signatures), "untrusted signer")
    names = ", ".join(key.name or key.id for key in keys.values())
    try:
        envelope.verify([_ssl_key(key) for key in keys.values()], len(keys))
    except Unverified:
        return Verified(claim, names, "broken signature")
    return Verified(claim, names, "valid")


def verify_all(data: bytes, trusted: Sequence[PublicKey], where: str) -> Iterator[Verified]:
    """Read all lines of ``claims.jsonl``; see `verify`."""
    for number, line in enumerate(data.splitlines(), 1):
        yield verify(line, trusted, f"{where}, line {number}")


def about(claims: Iterable[Verified], root: str) -> list[Verified]:
    """Return the claims that are about the files with a root digest, and not of another version."""
    return [one for one in claims if one.claim.root == root]


def _envelope(line: bytes, where: str) -> Envelope:
    content = _json(line, where)
    try:
        envelope = Envelope.from_dict(content)
    except (KeyError, ValueError, TypeError, AttributeError, FormatError) as error:
        raise VerificationError(f"{where}: not a signed claim", found=str(error)) from None
    if envelope.payload_type != PAYLOAD:
        raise VerificationError(
            f"{where}: not a claim", expected=PAYLOAD, found=str(envelope.payload_type)[:100]
        )
    return envelope


def _json(data: bytes, where: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise VerificationError(f"{where}: not JSON", found=str(error)) from None


def _ssl_key(key: PublicKey) -> SSlibKey:
    return SSlibKey.from_crypto(key.key, keyid=key.id)

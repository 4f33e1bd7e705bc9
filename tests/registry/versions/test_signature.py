"""Versions are signed where a key is named, and whoever trusts the key can tell."""

import subprocess
import sys
from pathlib import Path

import pytest
from support import Setup, files_of, opened, promote

from har.errors import MissingError
from har.lineage.signing import CLAIMS, claims, folder, keys
from har.registry.gate.approval import approve
from har.registry.history.events import MoveBegun
from har.registry.history.trail import Trail
from har.registry.verify import Finding, verify
from har.registry.versions.lookup import find
from har.registry.versions.registration import require_ready
from har.registry.versions.version import Version


def of_signatures(settings: Setup, version: Version) -> dict[str, tuple[str, str]]:
    """Return what is found of the signature and of every claim."""
    found: list[Finding] = verify(opened(settings), find(opened(settings), str(version.number)))
    return {
        one.what: (one.standing, one.detail)
        for one in found
        if one.what.startswith((folder.SIGNATURE, "claim"))
    }


def test_a_signed_version(signed: Version, signing: Setup) -> None:
    """The files and two claims are signed; the public command says so too."""
    assert of_signatures(signing, signed) == {
        "model.sig": ("whole", "Ana"),
        "claim 1, lineage": ("whole", "signed by Ana"),
        "claim 2, evaluation": ("whole", "signed by Ana"),
    }
    place = files_of(signed, signing)
    words = [sys.executable, "-m", "model_signing", "verify", "key", str(place)]
    words += ["--signature", str(place / folder.SIGNATURE), "--public_key", "ana.pub"]
    subprocess.run(words, check=True, capture_output=True)


def test_who_is_not_trusted(signed: Version, signing: Setup) -> None:
    """A signature by somebody else, or no list of who is trusted, are told apart."""
    keys.generate(Path("eve.pem"), Path("eve.pub"))
    Path("trusted.pem").write_bytes(Path("eve.pub").read_bytes())
    found = of_signatures(signing, signed)
    assert {standing for standing, _ in found.values()} == {"untrusted signer"}
    unnamed = signing.registry.model_copy(update={"trusted_keys": None})
    nobody = signing.model_copy(update={"registry": unnamed})
    assert of_signatures(nobody, signed)["model.sig"][0] == "not looked at"


def test_claims_of_others(signed: Version, signing: Setup) -> None:
    """A claim about another version, and one by another key, are found out each by itself."""
    keys.generate(Path("eve.pem"), Path("eve.pub"))
    ana, eve = (keys.read_private(Path(name)) for name in ("ana.pem", "eve.pem"))
    root = folder.read(files_of(signed, signing) / folder.SIGNATURE).root
    path = files_of(signed, signing) / CLAIMS
    lines = path.read_bytes().splitlines()
    lines.append(claims.sign(claims.make("approval", "har 9", "0" * 64, {"by": "ana"}), ana))
    lines.append(claims.sign(claims.make("approval", "har 1", root, {"by": "ana"}), eve))
    path.write_bytes(b"\n".join(lines) + b"\n")
    found = of_signatures(signing, signed)
    assert found["model.sig"][0] == "whole"
    assert found["claim 2, evaluation"][0] == "whole"
    assert found["claim 3, approval"] == ("disagrees", "it is about other files")
    assert found["claim 4, approval"][0] == "untrusted signer"


def test_an_approval_is_signed_by_who_approves(signed: Version, signing: Setup) -> None:
    """Its claim holds what the history's event says, and the version's signature stays whole."""
    asks = signing.model_copy(
        update={"gate": signing.gate.model_copy(update={"approval": "always"})}
    )
    assert promote(signed, asks, reason="good").passed
    keys.generate(Path("bob.pem"), Path("bob.pub"))
    with Path("trusted.pem").open("a") as file:
        file.write(f"# Bob\n{Path('bob.pub').read_text()}")
    named = {"identity": "bob", "signing_key": Path("bob.pem")}
    bob = asks.model_copy(update={"registry": asks.registry.model_copy(update=named)})
    approve(opened(bob), str(signed.number), reason="seen")
    found = of_signatures(signing, signed)
    assert found["model.sig"] == ("whole", "Ana")
    assert found["claim 3, approval"] == ("whole", "signed by Bob")
    line = (files_of(signed, signing) / CLAIMS).read_bytes().splitlines()[-1]
    said = claims.verify(line, keys.read_trusted(Path("trusted.pem")), "x").claim.predicate
    (move,) = [e for e in Trail(opened(signing)).events if isinstance(e, MoveBegun) and e.approval]
    assert (said["sha256"], said["approval"]["reason"]) == (move.sha256, "seen")


def test_a_key_that_is_not_there(signing: Setup) -> None:
    """It is said before anything is made."""
    Path("ana.pem").unlink()
    with pytest.raises(MissingError, match=r"ana\.pem: no such file"):
        require_ready(opened(signing), "tiny")

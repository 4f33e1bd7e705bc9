"""Signed folders and claims: who signed, what changed, and what the public command says."""

import subprocess
import sys
from pathlib import Path

import pytest

from har.errors import MissingError, UsageError, VerificationError
from har.lineage.signing import claims, folder, keys
from har.lineage.signing.keys import PublicKey

LATER = ["lineage.json", "claims.jsonl", "gate"]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Return the files of a private and a public key."""
    keys.generate(tmp_path / "key.pem", tmp_path / "key.pub")
    return tmp_path / "key.pem", tmp_path / "key.pub"


@pytest.fixture
def signed(tmp_path: Path, pair: tuple[Path, Path]) -> Path:
    """Return a signed folder, to which a file was added later."""
    made = tmp_path / "version"
    for name in ("model/a.bin", "model-card.md", "onnx/model.onnx"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    folder.sign(made, pair[0], beside=LATER)
    (made / "claims.jsonl").write_text("later")
    (made / "gate").mkdir()
    (made / "gate/1.json").write_text("later")
    return made


def trusted(public: Path, name: str = "ana") -> tuple[PublicKey, ...]:
    """Return what a file of trusted keys with one key says."""
    path = public.with_name("trusted.pem")
    path.write_bytes(f"# {name}\n".encode() + public.read_bytes())
    return keys.read_trusted(path)


def test_a_signed_folder(signed: Path, pair: tuple[Path, Path]) -> None:
    """It is valid for who trusts the key, by this package and by the public command."""
    checked = folder.check(signed, trusted(pair[1]))
    assert checked == folder.Checked("whole", "ana")
    own = folder.read(signed / folder.SIGNATURE)
    assert own.root == folder.root_of(own.files)
    assert set(own.files) == {"model/a.bin", "model-card.md", "onnx/model.onnx"}
    words = [sys.executable, "-m", "model_signing", "verify", "key", str(signed)]
    words += ["--signature", str(signed / folder.SIGNATURE), "--public_key", str(pair[1])]
    subprocess.run(words, check=True, capture_output=True)
    (signed / "model-card.md").write_text("is a medical device")
    assert subprocess.run(words, check=False, capture_output=True).returncode


def test_what_changed_is_named(signed: Path, pair: tuple[Path, Path]) -> None:
    """A changed, a missing and an added file are told apart."""
    (signed / "model/a.bin").write_text("other")
    (signed / "model-card.md").unlink()
    (signed / "extra").touch()
    checked = folder.check(signed, trusted(pair[1]))
    assert checked.standing == "changed"
    assert set(checked.differences) == {
        "model/a.bin is changed",
        "model-card.md is missing",
        "extra was added",
    }


def test_other_signatures(signed: Path, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """None, one by a stranger, and one that says it is by ana."""
    ana = trusted(pair[1])
    keys.generate(tmp_path / "eve.pem", tmp_path / "eve.pub")
    signature = signed / folder.SIGNATURE
    genuine = signature.read_text()
    folder.sign(signed, tmp_path / "eve.pem", beside=LATER)
    checked = folder.check(signed, ana)
    assert checked.standing == "untrusted signer"
    forged = signature.read_text().replace(checked.signer, ana[0].id)
    signature.write_text(forged)
    assert folder.check(signed, ana) == folder.Checked("broken signature", "ana")
    signature.write_text(genuine[:-40])
    with pytest.raises(VerificationError, match=r"model\.sig: not a signature"):
        folder.check(signed, ana)
    signature.unlink()
    assert folder.check(signed, ana).standing == "unsigned"


def test_claims(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Each is verified alone: by whom, whether it holds, and of which version it is."""
    ana, key = trusted(pair[1]), keys.read_private(pair[0])
    keys.generate(tmp_path / "eve.pem", tmp_path / "eve.pub")
    eve = keys.read_private(tmp_path / "eve.pem")
    lineage = claims.make("lineage", "har 1", "a" * 64, {"record": "b" * 64})
    other = claims.make("approval", "har 2", "c" * 64, {"by": "bob"})
    lines = [claims.sign(lineage, key), claims.sign(other, key), claims.sign(other, eve)]
    read = list(claims.verify_all(b"\n".join(lines) + b"\n", ana, "claims.jsonl"))
    assert [(one.claim, one.standing) for one in read] == [
        (lineage, "valid"),
        (other, "valid"),
        (other, "untrusted signer"),
    ]
    assert (read[0].signer, read[0].claim.kind) == ("ana", "lineage")
    assert claims.about(read, "a" * 64) == read[:1]
    # The payload of one line under the signature of another.
    first, second = lines[0], lines[1]
    payload = first.split(b'"payload":"')[1].split(b'"')[0]
    forged = second.replace(second.split(b'"payload":"')[1].split(b'"')[0], payload)
    assert claims.verify(forged, ana, "x").standing == "broken signature"


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'{"payload":1}', b'{"payload":"","payloadType":"x","signatures":[]}']
)
def test_what_is_no_claim(line: bytes, pair: tuple[Path, Path]) -> None:
    """It is refused with its line."""
    with pytest.raises(VerificationError, match=r"claims\.jsonl, line 1: not"):
        list(claims.verify_all(line, trusted(pair[1]), "claims.jsonl"))


def test_keys(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """The private key is its owner's alone, is not replaced, and may have a password."""
    assert pair[0].stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="there already"):
        keys.generate(*pair)
    keys.generate(tmp_path / "locked.pem", tmp_path / "locked.pub", password="CANARY")
    keys.read_private(tmp_path / "locked.pem", "CANARY")
    for password in (None, "other"):
        with pytest.raises(UsageError, match="not a private key that can be read"):
            keys.read_private(tmp_path / "locked.pem", password)
    with pytest.raises(UsageError, match="no public key in it"):
        keys.read_trusted(pair[0])
    with pytest.raises(MissingError, match="no such file"):
        keys.read_private(tmp_path / "none.pem")

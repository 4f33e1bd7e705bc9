"""A version as one zip file, checked by a bare Python, which names what was altered."""

import base64
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Setup, opened, promote

from har.errors import UsageError
from har.lineage.signing import keys
from har.registry.bundle import write
from har.registry.versions.lookup import find
from har.registry.versions.version import Version


@pytest.fixture
def unpacked(signed: Version, signing: Setup) -> Path:
    """Return the folder of a bundle of a signed champion."""
    promote(signed, signing, reason="good")
    registry = opened(signing)
    head = write(registry, find(registry, "champion"), Path("har-1.zip"))
    with pytest.raises(UsageError, match="there already"):
        write(registry, find(registry, "champion"), Path("har-1.zip"))
    with zipfile.ZipFile("har-1.zip") as archive:
        archive.extractall("bundle")
    assert head in Path("bundle/README.txt").read_text()
    return Path("bundle")


def checked(*words: str) -> tuple[int, dict[str, str]]:
    """Run the checker without any package; return its exit code and what it named."""
    command = [sys.executable, "-I", "-S", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    *lines, _ = done.stdout.splitlines()
    return done.returncode, {line[:32].strip(): line[33:49].strip() for line in lines}


def edited(path: Path, old: str, new: str) -> None:
    """Replace a text of a file that has it."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def resigned(folder: Path) -> None:
    """Let the keys of the bundle be those of somebody else, under Ana's name."""
    keys.generate(folder.parent / "eve.pem", folder.parent / "eve.pub")
    (folder / "keys.pem").write_text(f"# Ana\n{(folder.parent / 'eve.pub').read_text()}")


def spoiled(folder: Path) -> None:
    """Turn the last bit of the signature over the files."""
    path = folder / "files/model.sig"
    content = json.loads(path.read_text())
    (one,) = content["dsseEnvelope"]["signatures"]
    *first, last = base64.b64decode(one["sig"])
    one["sig"] = base64.b64encode(bytes([*first, last ^ 1])).decode()
    path.write_text(json.dumps(content))


def last_line(folder: Path) -> str:
    """Return the last event of the history."""
    return (folder / "history.jsonl").read_text().splitlines(keepends=True)[-1]


ALTERED: dict[str, tuple[Callable[[Path], object], dict[str, str]]] = {
    "card": (
        lambda f: edited(f / "files/model-card.md", "no medical device", "a medical device"),
        {"model-card.md": "changed"},
    ),
    "model": (
        lambda f: (f / "files/model/model.safetensors").write_bytes(b"other"),
        {"model/model.safetensors": "changed"},
    ),
    "missing": (
        lambda f: (f / "files/onnx/builds.json").unlink(),
        {"onnx/builds.json": "missing"},
    ),
    "added": (lambda f: (f / "files/onnx/x").touch(), {"onnx/x": "changed"}),
    "record": (
        lambda f: edited(f / "files/lineage.json", '"s05"', '"s77"'),
        {"lineage.json": "changed"},
    ),
    "judgement": (
        lambda f: edited(f / "files/gate.json", '"Production"', '"Staging"'),
        {"gate.json": "changed"},
    ),
    "event": (
        lambda f: edited(f / "history.jsonl", '"good"', '"gift"'),
        {"history": "broken chain", "lineage.json": "not looked at", "gate.json": "not looked at"},
    ),
    "history cut": (
        lambda f: edited(f / "history.jsonl", last_line(f), ""),
        {"history": "disagrees"},
    ),
    "signature": (
        spoiled,
        {"model.sig": "broken signature"},
    ),
    "keys": (
        resigned,
        {
            "model.sig": "untrusted signer",
            "claim 1, lineage": "untrusted signer",
            "claim 2, evaluation": "untrusted signer",
        },
    ),
    "claim": (
        lambda f: edited(f / "files/claims.jsonl", '"payload":"', '"payload":"x'),
        {"claim 1": "changed", "claim 2": "changed"},
    ),
}


def test_a_whole_bundle(unpacked: Path) -> None:
    """Unpacked or not, all of it is whole; the head and the signer are printed."""
    for words in (("bundle/check.py",), ("bundle/check.py", "har-1.zip")):
        assert checked(*words) == (0, {"history": "whole", "model.sig": "whole"})


def test_what_was_altered_is_named(unpacked: Path) -> None:
    """One thing at a time; what is not named is whole."""
    before = {path: path.read_bytes() for path in unpacked.rglob("*") if path.is_file()}
    for name, (alter, expected) in ALTERED.items():
        alter(unpacked)
        code, named = checked("bundle/check.py")
        named = {what: how for what, how in named.items() if how != "whole"}
        assert (code, named) == (5, expected), name
        for path in {path for path in unpacked.rglob("*") if path.is_file()} - before.keys():
            path.unlink()
        for path, data in before.items():
            path.write_bytes(data)

"""A version as one zip file that anybody can check, without `har`, MLflow or a network."""

import json
import tempfile
import zipfile
from pathlib import Path

from har import disk
from har.errors import UsageError
from har.lineage.origin import now_utc
from har.lineage.signing.keys import pem_of
from har.registry.handle import Registry
from har.registry.history.trail import Trail
from har.registry.locations import download
from har.registry.versions.signature import trusted
from har.registry.versions.version import Version

CHECKER = Path(__file__).with_name("check.py")
README = """\
{model} version {version}: its files, and the history of the model.

    python check.py

computes everything anew and names what is wrong; it needs Python 3.9 or newer and nothing else.
The head of the history is {head}.
Compare it, and the keys in keys.pem, with what their owners say.

files/          what was registered: model, ONNX builds, evaluation, report, checks, lineage.json
history.jsonl   every decision and every move, oldest first, each with the digest of the one before
keys.pem        the public keys that whoever made this trusts
"""


def write(registry: Registry, version: Version, path: Path) -> str:
    """Write a version as a bundle; return the head of the history in it.

    Parameters
    ----------
    registry : Registry
        The model.
    version : Version
        The version.
    path : Path
        The zip file.

    Raises
    ------
    UsageError
        If there is a file of that name.
    """
    if path.exists():
        raise UsageError(f"{path}: there already", hint="choose another name")
    trail = Trail(registry)
    head = trail.events[-1].sha256 if trail.events else "none"
    known = {"model": version.model, "version": version.number}
    texts = {
        "README.txt": README.format(**known, head=head),
        "bundle.json": json.dumps({"format": 1, **known, "made": now_utc(), "head": head}),
        "history.jsonl": "".join(f"{line.decode()}\n" for line in trail.lines),
        "keys.pem": "".join(
            f"# {key.name}\n{pem_of(key.key).decode()}" for key in trusted(registry)
        ),
        "check.py": CHECKER.read_text(encoding="utf-8"),
    }
    with tempfile.TemporaryDirectory() as scratch, disk.whole(path) as new:
        folder = Path(scratch)
        download(registry, registry.reader.run_location(version.run_id), folder, "")
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(p for p in folder.rglob("*") if p.is_file()):
                archive.write(file, f"files/{file.relative_to(folder).as_posix()}")
            for name, text in texts.items():
                archive.writestr(name, text)
    return head

#!/usr/bin/env python3
"""Check a bundle of a model version: ``python check.py``, in its folder or given a zip file.

It needs Python 3.9 or newer and nothing else: no package, no registry, no network. It computes
everything anew and names what is wrong; exit code 0: all that was looked at is whole, 5: it is
not. Of whom to trust it knows nothing: compare the head of the history and the keys that it
prints with what their owners say.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Optional

GOOD = ("whole", "unsigned", "not looked at")
# Written beside the files after these were signed.
LATER = ("lineage.json", "claims.jsonl", "gate.json", "model.sig")
MAX_BYTES = 4 * 2**30
# P-256 of FIPS 186-4, which `har lineage keygen` makes keys of.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
# What stands before the point in the DER of a P-256 public key.
P256_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")

# What was looked at, how it was found, and the detail.
Finding = tuple[str, str, str]
# A point of the curve; None is the one at infinity.
Point = Optional[tuple[int, int]]  # noqa: UP045 - Python 3.9 has no other way here
# Name and point of every key by its id; the point of other curves is None.
Keys = dict[str, tuple[str, Point]]


class Folder:
    """The files of a bundle: of a folder, or of a zip file."""

    def __init__(self, place: Path) -> None:
        self.zip = zipfile.ZipFile(place) if place.is_file() else None
        self.place = place
        if self.zip:
            members = [m for m in self.zip.infolist() if not m.is_dir()]
            if sum(m.file_size for m in members) > MAX_BYTES:
                raise SystemExit(f"the bundle unpacks to more than {MAX_BYTES} bytes")
            self.names = [m.filename for m in members]
            twice = {name for name in self.names if self.names.count(name) > 1}
            if twice:
                raise SystemExit("the bundle holds twice: " + ", ".join(sorted(twice)))
        else:
            paths = (path for path in place.rglob("*") if path.is_file())
            self.names = [path.relative_to(place).as_posix() for path in paths]

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file; None if it is not there."""
        if name not in self.names:
            return None
        return self.zip.read(name) if self.zip else (self.place / name).read_bytes()


def check(folder: Folder) -> Iterator[Finding]:
    """Yield what was looked at, how it was found, and the detail."""
    stated = parsed(folder.read("bundle.json")) or {}
    lines = (folder.read("history.jsonl") or b"").splitlines()
    events, broken = chain(lines)
    head = sha256(lines[-1]) if lines else "none"
    if broken:
        yield "history", "broken chain", broken
    elif head != stated.get("head"):
        yield "history", "disagrees", f"head {head}, it was {stated.get('head')}"
    else:
        yield "history", "whole", f"{len(lines)} events, head {head}"
    judged = last_judgement(events, stated.get("version"))
    data = folder.read("files/lineage.json")
    record = parsed(data)
    yield from lineage(data, record, judged, broken)
    if not isinstance(record, dict):
        yield "files", "not looked at", "there is no record of them"
        return
    known = recorded(record)
    for name, digest in known.items():
        yield compared(name, folder.read("files/" + name), digest)
    for name in sorted(folder.names):
        own = name[len("files/") :]
        if name.startswith("files/") and own not in known and not is_later(own):
            yield own, "changed", "the record does not know this file"
    yield from gate(folder.read("files/gate.json"), judged, broken)
    yield from signatures(folder, known, record)


def lineage(data: bytes | None, record: Any, judged: Any, broken: str) -> Iterator[Finding]:
    """Compare the record with the digest that the history has of it."""
    if data is None:
        yield "lineage.json", "missing", ""
    elif judged and judged.get("lineage_digest") != sha256(data):
        yield "lineage.json", "changed", "the history judged " + str(judged.get("lineage_digest"))
    elif record is None:
        yield "lineage.json", "changed", "not JSON"
    elif judged and not broken:
        yield "lineage.json", "whole", "as it was judged"
    else:
        yield "lineage.json", "not looked at", "the history has no judgement of it"


def recorded(record: dict[str, Any]) -> dict[str, str]:
    """Return the digest of every file by the record."""
    details = record.get("predicate", {}).get("runDetails", {})
    listed = list(record.get("subject", [])) + list(details.get("byproducts", []))
    return {item["name"]: item["digest"]["sha256"] for item in listed}


def is_later(name: str) -> bool:
    """Tell whether a file is written after the record."""
    return name in LATER or name.startswith("gate/")


def gate(data: bytes | None, judged: Any, broken: str) -> Iterator[Finding]:
    """Compare the judgement with its event in the history."""
    if broken or judged is None:
        if data is not None:
            yield "gate.json", "not looked at", "the history has no judgement to compare it with"
        return
    content = parsed(data)
    if not isinstance(content, dict):
        yield "gate.json", "missing" if data is None else "changed", ""
        return
    plain = {**content, "at": "", "audit": ""}
    same = sha256(canonical(plain)) == judged["content"] and content["audit"] == judged["sha256"]
    yield "gate.json", "whole" if same else "changed", "event " + judged["sha256"]


def signatures(folder: Folder, known: dict[str, str], record: dict[str, Any]) -> Iterator[Finding]:
    """Verify the signature over the files, and every claim about them."""
    keys = public_keys(folder.read("keys.pem") or b"")
    data = folder.read("files/model.sig")
    if data is None:
        yield "model.sig", "unsigned", ""
    else:
        yield signature(data, known, keys)
    root = record.get("predicate", {}).get("har_root")
    for number, line in enumerate((folder.read("files/claims.jsonl") or b"").splitlines(), 1):
        envelope, what = parsed(line), f"claim {number}"
        try:
            statement = json.loads(base64.b64decode(envelope["payload"]))
            what += ", " + statement["predicateType"].split(":")[3]
            about = statement["subject"][0]["digest"]["sha256"]
            used = [one["keyid"] for one in envelope["signatures"]]
        except (ValueError, KeyError, TypeError, IndexError):
            yield what, "changed", "not a claim"
            continue
        if about != root:
            yield what, "disagrees", "it is about other files"
        else:
            yield (what, *signed_by(envelope, used, keys))


def signature(data: bytes, known: dict[str, str], keys: Keys) -> Finding:
    """Compare the signed files with the record, and verify who signed them."""
    try:
        bundle = json.loads(data)
        envelope = bundle["dsseEnvelope"]
        statement = json.loads(base64.b64decode(envelope["payload"]))
        signed = {one["name"]: one["digest"] for one in statement["predicate"]["resources"]}
        root = statement["subject"][0]["digest"]["sha256"]
        used = [bundle["verificationMaterial"]["publicKey"]["hint"]]
    except (ValueError, KeyError, TypeError, IndexError):
        return "model.sig", "changed", "not a signature"
    ordered = sorted(signed, key=PurePosixPath)
    if sha256(b"".join(bytes.fromhex(signed[name]) for name in ordered)) != root:
        return "model.sig", "changed", "its root digest is not that of its files"
    wrong = sorted(n for n in {*signed, *known} if signed.get(n) != known.get(n))
    if wrong:
        return "model.sig", "disagrees", "with the record: " + ", ".join(wrong)
    return ("model.sig", *signed_by(envelope, used, keys))


def signed_by(envelope: Any, used: Sequence[str], keys: Keys) -> tuple[str, str]:
    """Return how an envelope's signatures stand, and by whom they are."""
    known = [keys[one] for one in used if one in keys]
    if not known:
        return "untrusted signer", ", ".join(used)
    names = ", ".join(name or "unnamed key" for name, _ in known)
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    said = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    for (_, point), one in zip(known, envelope["signatures"]):  # noqa: B905 - new in 3.10
        if point is None:
            return "not looked at", "the key of " + names + " is not of the curve P-256"
        if not verified(point, said, base64.b64decode(one["sig"])):
            return "broken signature", names
    return "whole", "signed by " + names


def chain(lines: Sequence[bytes]) -> tuple[list[dict[str, Any]], str]:
    """Return the events of a history, and where its chain is broken."""
    events: list[dict[str, Any]] = []
    previous = "0" * 64
    for number, line in enumerate(lines):
        event = parsed(line)
        if not isinstance(event, dict):
            return events, f"line {number + 1} is no event"
        if (event.get("sequence"), event.get("previous")) != (number, previous):
            return events, f"at line {number + 1} or the one before"
        previous = sha256(line)
        events.append({**event, "sha256": previous})
    return events, ""


def last_judgement(events: Sequence[dict[str, Any]], version: object) -> dict[str, Any] | None:
    """Return the event of a version's last judgement."""
    judged = [e for e in events if e.get("event") == "gate" and e.get("version") == version]
    return judged[-1] if judged else None


def compared(name: str, data: bytes | None, digest: str) -> Finding:
    """Compare the bytes of a file with a digest."""
    if data is None:
        return name, "missing", ""
    found = sha256(data)
    return (name, "whole", "") if found == digest else (name, "changed", "found " + found)


def public_keys(data: bytes) -> Keys:
    """Return name and point of every key by its id; the point of other curves is None."""
    found, end = {}, 0
    pattern = rb"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----"
    for block in re.finditer(pattern, data, re.DOTALL):
        before = data[end : block.start()].decode(errors="replace").splitlines()
        named = [line.strip("# \r\t") for line in before if line.strip("# \r\t")]
        der = base64.b64decode(b"".join(block[1].split()))
        point = None
        if der.startswith(P256_HEAD) and len(der) == len(P256_HEAD) + 65:
            both = der[-64:]
            point = int.from_bytes(both[:32], "big"), int.from_bytes(both[32:], "big")
        found[sha256(block[0] + b"\n")] = (named[-1] if named else "", point)
        end = block.end()
    return found


def verified(key: tuple[int, int], data: bytes, signature: bytes) -> bool:
    """Verify an ECDSA signature over SHA-256 (FIPS 186-4, 6.4)."""
    r, s = integers(signature)
    on_curve = (key[1] ** 2 - key[0] ** 3 + 3 * key[0] - B) % P == 0
    if not (on_curve and 0 < r < ORDER and 0 < s < ORDER):
        return False
    hashed, inverse = int(sha256(data), 16), pow(s, -1, ORDER)
    point = added(times(hashed * inverse % ORDER, BASE), times(r * inverse % ORDER, key))
    return point is not None and point[0] % ORDER == r


def integers(der: bytes) -> tuple[int, int]:
    """Return the two integers of a signature in DER; zeros of what is none."""
    try:
        first = 4 + der[3]
        r, s = der[4:first], der[first + 2 : first + 2 + der[first + 1]]
        right = (der[0], der[2], der[first]) == (0x30, 2, 2) and first + 2 + len(s) == len(der)
    except IndexError:
        right = False
    return (int.from_bytes(r, "big"), int.from_bytes(s, "big")) if right else (0, 0)


def times(factor: int, point: Point) -> Point:
    """Multiply a point of the curve."""
    result = None
    while factor:
        if factor & 1:
            result = added(result, point)
        point, factor = added(point, point), factor >> 1
    return result


def added(a: Point, b: Point) -> Point:
    """Add two points of the curve; None is the one at infinity."""
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope**2 - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def parsed(data: bytes | None) -> Any:
    """Return JSON; None of what is not there, or is none."""
    try:
        return None if data is None else json.loads(data)
    except (ValueError, RecursionError):
        return None


def canonical(value: Any) -> bytes:
    """Return the one JSON form of a value."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def shown(text: str) -> str:
    """Return a text of which no character acts on a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def main(words: Sequence[str]) -> int:
    """Check the bundle that is named, or the one beside this file; return the exit code."""
    place = Path(words[0]) if words else Path(__file__).resolve().parent
    found = list(check(Folder(place)))
    for what, standing, detail in found:
        if standing != "whole" or what in ("history", "model.sig"):
            print(shown(f"{what:32} {standing:16} {detail}"))
    whole = sum(standing == "whole" for _, standing, _ in found)
    print(f"{whole} of {len(found)} things that were looked for are whole.")
    return 0 if all(standing in GOOD for _, standing, _ in found) else 5


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

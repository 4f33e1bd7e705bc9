"""Faults of bytes, of lines and fields, of values in JSON, of names, and of archives."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.target import Files

JUNK = (
    *(b"", b"NaN", b"inf", b"-", b"1e999", b"0x1F", b"1_000", b"1,5", b"'", b'"', b'""', b"\0"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n\n", b";", b";;", b"\t", b" ", b"null"),
    *(b"9" * 400, b"9" * 6000, b"[" * 5000, b"{" * 5000, b"-9223372036854775809", b"1e-400"),
    *(b"2025-10-26T02:59:59", b"walking ", b"\x1b]0;PWN\x07\x1b[2J", b"[/red]", b"=1+1"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 0.5, 1e308, -1e308, float("nan"), float("inf"), 10**30),
    *("", "x", "x" * 10_000, "\x1b[2J", "../../x", "/etc/passwd", "évil", "1", "nan"),
    *([], {}, [[]], [None], ["x", "x"], {"": ""}, [0] * 1000, [[1.0]] * 3),
)
NAMES = (
    *("[/red]", "<img src=x onerror=alert(1)>", "a\x1b[2Jb", "=1+1", "x" * 200, "ü", " ", "\n"),
    *("..", "../../x", "/tmp/x", "C:\\x", "a\\b", "CON", ".hidden", "__MACOSX/x", "\u202e"),
)
Fault = Callable[[bytes, Random], bytes]


def damaged(content: bytes, chance: Random) -> bytes:
    """Return bytes with one to six faults."""
    for _ in range(chance.randint(1, 6)):
        content = chance.choice(FAULTS)(content, chance)
    return content


def json_damaged(content: bytes, chance: Random) -> bytes:
    """Return a JSON text with other values in it, or now and then with faults of bytes."""
    if chance.random() < 0.2:
        return damaged(content, chance)
    tree = json.loads(content)
    for _ in range(chance.randint(1, 3)):
        tree = value_damaged(tree, chance)
    return json.dumps(tree).encode()


def value_damaged(tree: Any, chance: Random) -> Any:
    """Return a tree of lists and dicts in which one value is another, gone, or there twice."""
    is_inner = isinstance(tree, dict | list) and tree
    if not is_inner or chance.random() < 0.15:
        return chance.choice(VALUES)
    if isinstance(tree, list):
        return _list_damaged(list(tree), chance)
    key = chance.choice(sorted(tree))
    kind = chance.randrange(8)
    if kind == 0:
        return {k: v for k, v in tree.items() if k != key}
    if kind == 1:
        return {**tree, chance.choice(("x", "", "__class__", "auto_map")): chance.choice(VALUES)}
    return {**tree, key: value_damaged(tree[key], chance)}


def _list_damaged(values: list[Any], chance: Random) -> list[Any]:
    at, kind = chance.randrange(len(values)), chance.randrange(6)
    if kind == 0:
        del values[at]
    elif kind == 1:
        values.insert(at, values[-1])
    elif kind == 2:
        values.reverse()
    else:
        values[at] = value_damaged(values[at], chance)
    return values


def some_damaged(files: Files, chance: Random, fault: Fault = damaged) -> dict[str, bytes]:
    """Return files of which one or more have faults, and now and then one is gone."""
    changed = dict(files)
    for name in chance.sample(sorted(files), chance.randint(1, len(files))):
        changed[name] = fault(files[name], chance)
    if chance.random() < 0.1:
        changed.pop(chance.choice(sorted(changed)))
    return changed


def renamed(files: Files, chance: Random) -> dict[str, bytes]:
    """Return files of which one has another name, which is no harmless one."""
    old = chance.choice(sorted(files))
    folder, slash, base = old.rpartition("/")
    odd = chance.choice(NAMES)
    new = chance.choice((f"{folder}{slash}{odd}{base}", f"{odd}/{base}"))
    return {new if name == old else name: content for name, content in files.items()}


def packed(files: Files, chance: Random) -> dict[str, bytes]:
    """Return files as one archive, which may be damaged too."""
    name, pack = chance.choice((("set.zip", zipped), ("set.tar.gz", tarred), ("set.zip", _nested)))
    content = pack(files)
    return {name: damaged(content, chance) if chance.random() < 0.5 else content}


def zipped(files: Files) -> bytes:
    """Return a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _nested(files: Files) -> bytes:
    return zipped({"inner.zip": zipped(files)})


def tarred(files: Files) -> bytes:
    """Return a tar archive, compressed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def _place(content: bytes, chance: Random) -> int:
    return chance.randrange(len(content) + 1)


def flip(content: bytes, chance: Random) -> bytes:
    """Put another byte in place of one."""
    at = _place(content, chance)
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def _insert(content: bytes, chance: Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + chance.choice(JUNK) + content[at:]


def _cut(content: bytes, chance: Random) -> bytes:
    return content[: _place(content, chance)]


def _remove(content: bytes, chance: Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + content[at + chance.choice((1, 7, 80, 3000)) :]


def _lines(content: bytes, chance: Random) -> bytes:
    """Repeat, move, swap or drop a run of lines."""
    lines = content.split(b"\n")
    start = chance.randrange(len(lines))
    run = lines[start : start + chance.choice((1, 2, 50))]
    kind = chance.randrange(3)
    if kind == 0:
        lines[start:start] = run
    elif kind == 1:
        del lines[start : start + len(run)]
    else:
        del lines[start : start + len(run)]
        at = chance.randrange(len(lines) + 1)
        lines[at:at] = run
    return b"\n".join(lines)


def _field(content: bytes, chance: Random) -> bytes:
    """Put junk in place of a field."""
    lines = content.split(b"\n")
    at = chance.randrange(len(lines))
    separator = next((s for s in (b",", b";", b"\t", b" ") if s in lines[at]), b",")
    fields = lines[at].split(separator)
    fields[chance.randrange(len(fields))] = chance.choice(JUNK)
    lines[at] = separator.join(fields)
    return b"\n".join(lines)


FAULTS: tuple[Fault, ...] = (
    *(flip, _insert, _cut, _remove, _lines, _lines, _field, _field, _field),
)

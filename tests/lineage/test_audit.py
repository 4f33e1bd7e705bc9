"""The audit log: appended to, chained, and honest about damage."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from har.errors import VerificationError
from har.lineage import audit, digest


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log with three events."""
    path = tmp_path / "deep" / "audit.jsonl"
    for number in range(3):
        audit.append(path, {"event": "gate", "number": number})
    return path


def test_chain(log: Path) -> None:
    """Each line carries the digest of the bytes of the line before it."""
    lines = log.read_bytes().splitlines()
    events = audit.entries(log)
    assert [e["number"] for e in events] == [0, 1, 2]
    assert events[0]["previous"] == audit.GENESIS
    assert events[2]["previous"] == events[1]["sha256"] == digest.of_bytes(lines[1])
    assert audit.verify_chain(log) == 3


def test_append_returns_the_digest_of_its_line(log: Path) -> None:
    """What `append` returns is the digest that a version may keep."""
    sha256 = audit.append(log, {"event": "stage"})
    assert digest.of_bytes(log.read_bytes().splitlines()[-1]) == sha256


def test_no_log(tmp_path: Path) -> None:
    """A log that is not there yet is an empty one."""
    assert audit.verify_chain(tmp_path / "audit.jsonl") == 0


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda lines: [lines[0].replace(b'"number":0', b'"number":9'), *lines[1:]], 2),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[0], lines[0], *lines[1:]], 2),
        (lambda lines: [lines[1], lines[0], lines[2]], 1),
        (lambda lines: [*lines[:2], b"{not json"], 3),
    ],
    ids=["changed", "removed", "doubled", "swapped", "garbage"],
)
def test_damage_is_found(log: Path, damage, line: int) -> None:
    """A changed, removed, doubled or swapped line breaks the chain, and is named."""
    lines = damage(log.read_bytes().splitlines())
    log.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(VerificationError, match=f"line {line}: "):
        audit.verify_chain(log)


def test_half_written_line(log: Path) -> None:
    """A line that a killed writer left is reported, and replaced by the next entry."""
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"event":"ga')
    with pytest.raises(VerificationError, match="half-written"):
        audit.verify_chain(log)
    audit.append(log, {"event": "gate", "number": 3})
    assert log.read_bytes().startswith(whole)
    assert audit.verify_chain(log) == 4


def test_first_line_half_written(tmp_path: Path) -> None:
    """The same for the very first line."""
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b'{"event"')
    audit.append(path, {"event": "gate"})
    assert audit.verify_chain(path) == 1


def test_many_writers(tmp_path: Path) -> None:
    """Writers at the same time make one chain."""
    path = tmp_path / "audit.jsonl"
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(lambda n: audit.append(path, {"number": n}), range(40)))
    events = audit.entries(path)
    assert {e["sha256"] for e in events} == set(digests)
    assert sorted(e["number"] for e in events) == list(range(40))

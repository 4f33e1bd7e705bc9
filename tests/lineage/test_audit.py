"""The audit log: chained, honest about damage, and copied whole."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from har.errors import VerificationError
from har.lineage import audit, digest


def copy(path: Path, lines: list[bytes]) -> None:
    """Bring a copy up to date with a log that nobody else reads."""
    audit.bring_up_to_date(path, audit.read(path), lines, "log")


@pytest.fixture
def lines() -> list[bytes]:
    """Return a log of three events."""
    log: list[bytes] = []
    for number in range(3):
        log.append(audit.next_line({"event": "gate", "number": number}, log))
    return log


def test_chain(lines: list[bytes]) -> None:
    """Each line carries the digest of the bytes of the line before it."""
    events = audit.verify(lines, "log")
    assert [e["number"] for e in events] == [0, 1, 2]
    assert events[0]["previous"] == audit.GENESIS
    assert events[2]["previous"] == events[1]["sha256"] == digest.of_bytes(lines[1])


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda lines: [lines[0].replace(b'"number":0', b'"number":9'), *lines[1:]], 2),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[0], lines[0], *lines[1:]], 2),
        (lambda lines: [lines[1], lines[0], lines[2]], 1),
        (lambda lines: [*lines[:2], b"{not json"], 3),
        (lambda lines: [*lines[:2], b"[1]"], 3),
    ],
    ids=["changed", "removed", "doubled", "swapped", "garbage", "no event"],
)
def test_damage_is_found(lines: list[bytes], damage, line: int) -> None:
    """A changed, removed, doubled or swapped line breaks the chain, and is named."""
    with pytest.raises(VerificationError, match=f"log, line {line}: "):
        audit.verify(damage(lines), "log")


def test_copy(lines: list[bytes], tmp_path: Path) -> None:
    """A copy is made, grows with the log, and holds the same bytes."""
    path = tmp_path / "deep" / "audit.jsonl"
    assert audit.read(path) == []
    copy(path, lines[:1])
    copy(path, lines)
    assert path.read_bytes() == b"\n".join(lines) + b"\n"
    assert audit.read(path) == lines


@pytest.mark.parametrize("whole", [0, 2])
def test_half_written_line(lines: list[bytes], tmp_path: Path, whole: int) -> None:
    """What a killed writer left of a line is no line, and is written anew."""
    path = tmp_path / "audit.jsonl"
    left = b"".join(line + b"\n" for line in lines[:whole])
    path.write_bytes(left + lines[whole][:9])
    assert audit.read(path) == lines[:whole]
    copy(path, lines)
    assert audit.read(path) == lines


@pytest.mark.parametrize(
    ("log", "line"), [(lambda lines: lines[:2], 3), (lambda lines: [lines[0], *lines[2:]], 2)]
)
def test_copy_that_disagrees(lines: list[bytes], tmp_path: Path, log, line: int) -> None:
    """A log that lost or changed a line of the copy is found out, and the copy stays."""
    path = tmp_path / "audit.jsonl"
    copy(path, lines)
    with pytest.raises(VerificationError, match=f"line {line}: log has another line there"):
        copy(path, log(lines))
    assert audit.read(path) == lines


def test_a_copy_may_be_newer_than_a_log_read_before(lines: list[bytes], tmp_path: Path) -> None:
    """Another process read the log later and copied it first: nothing was changed."""
    path = tmp_path / "audit.jsonl"
    known = audit.read(path)
    copy(path, lines)
    audit.bring_up_to_date(path, known, lines[:2], "log")
    assert audit.read(path) == lines
    with pytest.raises(VerificationError, match="line 2: log has another line there"):
        audit.bring_up_to_date(path, known, [lines[0], lines[2]], "log")


def test_many_copiers(lines: list[bytes], tmp_path: Path) -> None:
    """Copiers at the same time write each line once."""
    path = tmp_path / "audit.jsonl"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: copy(path, lines[:n]), [3] * 40))
    assert audit.read(path) == lines

"""The lineage record: read as it was written, whoever wrote it, and refused where it is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from har.errors import VerificationError
from har.lineage.difference import difference
from har.lineage.record import Checkpoint, Pin, Record, outline, write_record

# Written by `har` before its records had types, pins and checkpoints.
STORED = Path(__file__).with_name("lineage-1.json").read_bytes()


def test_a_record_of_before_is_read_and_written_again() -> None:
    """Its bytes are the same, and all that reads records reads it."""
    record = Record.from_bytes(STORED)
    assert record.to_bytes() == STORED
    assert record.predicate.people["validation"] == ("s05", "s06")
    assert record.files[record.subject[0].name] == record.subject[0].digest["sha256"]
    assert outline(record)["run"]["who"] == "ana@lab"
    assert {"data sets", "checkpoints"}.isdisjoint(outline(record))
    assert not any(difference(record, record).values())


def test_what_a_later_har_adds_is_kept() -> None:
    """Fields that are not known here, at any depth, are in the bytes that are written."""
    content = json.loads(STORED)
    content["predicate"]["har_weather"] = {"rain": [1, 2.5, None]}
    content["predicate"]["har_run"]["shift"] = "night"
    content["subject"][0]["downloadLocation"] = "https://example.org"
    assert Record.from_dict(content, "x").to_dict() == content


def test_pins_and_checkpoints(tmp_path: Path) -> None:
    """A run's data sets and the weights that it began from are told, and kept as they are."""
    content = json.loads(STORED)
    predicate = Record.from_bytes(STORED).predicate
    pins = {"lab": Pin(ingestion="ab" * 32, content="cd" * 32)}
    checkpoint = Checkpoint(
        source="org/bert", revision="e" * 40, licence="MIT", files={"w": "0" * 64}, people="unknown"
    )
    added = predicate.model_copy(update={"pins": pins, "checkpoints": (checkpoint,)})
    record = Record.from_bytes(STORED).model_copy(update={"predicate": added})
    write_record(record, tmp_path)
    again = Record.from_bytes((tmp_path / "lineage.json").read_bytes())
    assert again == record
    assert outline(again)["data sets"] == {"lab": "ingestion abababababab, content cdcdcdcdcdcd"}
    assert outline(again)["checkpoints"] == {
        "org/bert": "revision eeeeeeeeeeee, 1 files, licence MIT, people unknown"
    }
    del (left := again.to_dict())["predicate"]["har_pins"], left["predicate"]["har_checkpoints"]
    assert left == content


def _put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        part: Any = content
        for name in parents:
            part = part[int(name) if name.isdigit() else name]
        part[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("_type", "https://in-toto.io/Statement/v2"),
        ("subject", "model.onnx"),
        ("subject.1.digest", {"sha256": 7}),
        ("predicate.har_run.who", None),
        ("predicate.har_serving.passed", "true"),
        ("predicate.har_steps.ingest.seconds", "3"),
        ("predicate.runDetails.metadata.finishedOn", 20261126),
    ],
)
def test_a_wrong_type_is_refused(path: str, value: object) -> None:
    """The error names where it is, and shows what is there."""
    content = json.loads(STORED)
    _put(path, value)(content)
    with pytest.raises(VerificationError) as caught:
        Record.from_dict(content, "version 3, lineage.json")
    assert caught.value.message.startswith(f"version 3, lineage.json: {path}")
    assert caught.value.found


@pytest.mark.parametrize("data", [b"{", b"[]", b"null"])
def test_no_record_at_all(data: bytes) -> None:
    """What is not a record is refused, not half read."""
    with pytest.raises(VerificationError, match=r"lineage\.json: "):
        Record.from_bytes(data)


def test_frozen() -> None:
    """Nobody changes a record that was read."""
    with pytest.raises(ValidationError, match="frozen"):
        Record.from_bytes(STORED).predicate.run.who = "eve"  # type: ignore[misc]

"""The data card is valid, and reads the recordings it stands beside."""

import hashlib
import itertools
import json
import logging
from pathlib import Path

import mlcroissant
import numpy as np
import pytest

from har.data.recording import read_recordings
from har.data.report.croissant import card, licence

from .conftest import Make, facts_of, made_up


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever opens a connection."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr("socket.socket.connect", refuse)


@pytest.fixture
def place(beside: Path) -> Path:
    """Write the card of the real slice beside its recordings; return its place."""
    place = beside / "croissant.json"
    place.write_text(json.dumps(card(facts_of(beside), beside)))
    return place


def test_valid(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No error; the one warning is the date of publication, which we do not know."""
    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(jsonld=str(place))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors
    assert [warning.split("] ")[1] for warning in issues.warnings] == [
        'Property "https://schema.org/datePublished" is recommended, but does not exist.'
    ]
    assert dataset.metadata.ctx.is_v1_1()


def test_reads_the_samples(place: Path) -> None:
    """The first records are the first rows of the first recording."""
    dataset = mlcroissant.Dataset(jsonld=str(place))
    rows = list(itertools.islice(dataset.records("samples"), 3))
    table = next(read_recordings(place.parent)).table
    assert rows[0]["samples/recording_id"] == b"hapt-01-exp01"
    assert [row["samples/acc_x"] for row in rows] == table["acc_x"][:3].tolist()
    assert set(rows[0]) == {f"samples/{column}" for column in table}


def test_digests_are_the_files(place: Path) -> None:
    """Every recording is a file with its SHA-256."""
    nodes = json.loads(place.read_text())["distribution"]
    found = {node["name"]: node["sha256"] for node in nodes if "sha256" in node}
    assert found == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in place.parent.glob("*.parquet")
    }


def test_says_what_is_known(ingest: Make) -> None:
    """Gaps, labels and faults stand in the RAI fields; nothing is said of labels if none."""
    time = np.arange(1000) / 50
    time[500:] += 0.5
    recording = made_up(time_s=time, activity=[None] * 1000, gyroscope=False)
    folder = ingest(recording, faults=[["no clock", "counted"]])
    made = card(facts_of(folder), folder)
    missing = "Gaps: 1, 0.5 s in all. Without a label: 20.0 s. Recordings without a gyroscope: 1."
    assert made["rai:dataCollectionMissingData"] == missing
    assert made["rai:dataLimitations"] == ["no clock: counted."]
    assert "rai:dataBiases" not in made
    assert "gyroscope" not in made["keywords"]
    assert "datePublished" not in made


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("CC-BY-SA-3.0", "https://creativecommons.org/licenses/by-sa/3.0/"),
        ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("ODbL 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    ],
)
def test_licence_has_an_address(name: str, address: str) -> None:
    """Known licences are given as addresses."""
    assert licence(name, "https://example.org") == address


def test_licence_of_its_own() -> None:
    """Any other licence keeps its name, with the page that states it."""
    found = licence("for research only", "https://example.org")
    assert found == {
        "@type": "sc:CreativeWork",
        "name": "for research only",
        "url": "https://example.org",
    }

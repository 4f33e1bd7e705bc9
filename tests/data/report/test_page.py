"""The page says what there is and what there is not, and needs nothing but itself."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from har.data.report import write_report
from har.data.report.page import percent, sentence
from har.data.report.signals import MIN_BOUT_S

from .conftest import ACCOUNT, Make, made_up, write_quarantine


def text_of(out: Path, folder: Path) -> str:
    """Return the page's text without its tags and images."""
    out.mkdir(exist_ok=True)
    write_report(out, folder)
    page = (out / "report.html").read_text(encoding="utf-8")
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]*>", " ", body))


def test_real_data(real: Path, tmp_path: Path) -> None:
    """A real slice: its subjects, activities, plots; nothing is fetched."""
    text = text_of(tmp_path, real)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    facts = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert "Of 22\u202f500 raw rows, 100 % were kept as they are." in text
    assert facts["totals"]["recordings"] == 3
    assert facts["totals"]["seconds"] == pytest.approx(450)
    assert "No row was set aside." in text
    assert "No gaps." in text
    drawn = [a for a in facts["activities"].values() if a["seconds"] >= MIN_BOUT_S]
    assert page.count("data:image/png;base64,") == 2 + 2 * len(drawn) == 20
    assert not re.search(r'(?:src|href)="(?!data:|https://)', page)
    assert "<script" not in page


def test_same_input_same_bytes(ingest: Make, tmp_path: Path) -> None:
    """The report of the same data is the same, byte for byte."""
    folder = ingest(made_up())
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_report(tmp_path / name, folder)
    for file in ("report.html", "report.json", "croissant.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_no_gyroscope(ingest: Make, tmp_path: Path) -> None:
    """Without angular velocity the page says so and draws acceleration."""
    text = text_of(tmp_path / "out", ingest(made_up(gyroscope=False)))
    assert "none: acceleration only" in text
    assert "There is no gyroscope." in text


def test_no_labels(ingest: Make, tmp_path: Path) -> None:
    """Without labels the page says what the data can be used for."""
    text = text_of(tmp_path / "out", ingest(made_up(activity=[None] * 1000), rate_hz=None))
    assert "No recording has a label." in text
    assert "self-supervised pretraining" in text
    assert "Spectra" in text


def test_nothing_kept(ingest: Make, tmp_path: Path) -> None:
    """A data set that was refused whole still has a report, which says why."""
    account = {**ACCOUNT, "rows_kept": 0, "rows_quarantined": 100, "samples": 0}
    account |= {"reasons": {"wrong unit": 100}, "rejected": {"lab-01-a": "looks like g"}}
    text = text_of(tmp_path / "out", ingest(accounts=[account]))
    assert "No recording was kept." in text
    assert "lab-01-a looks like g" in text
    assert "100 % quarantined" in text


def test_quarantine_is_escaped(ingest: Make, tmp_path: Path) -> None:
    """What stood in a raw file is shown as text, never as HTML."""
    account = {**ACCOUNT, "rows_quarantined": 1, "reasons": {"not 8 fields": 1}}
    folder = ingest(made_up(), accounts=[account])
    write_quarantine(folder, "one", [("a.csv", 7, "not 8 fields", "<script>alert(1)</script>")])
    text = text_of(tmp_path / "out", folder)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "a.csv, line 7:" in text
    assert "<script" not in page


def test_copies_and_gaps(ingest: Make, tmp_path: Path) -> None:
    """Copies and gaps are named."""
    time = np.arange(1000) / 50
    time[500:] += 2
    copies = [{"recording": "lab-02-a", "same_as": "lab-01-a", "share": 0.5}]
    text = text_of(tmp_path / "out", ingest(made_up(time_s=time), copies=copies))
    assert "lab-02-a lab-01-a 50.0 % kept" in text
    assert "1 gap, 2.0 s in all." in text


def test_many_recordings_share_rows(ingest: Make, tmp_path: Path) -> None:
    """More recordings than rows fit are drawn by subject."""
    time = np.arange(100) / 50
    names = [f"lab-{who:02d}-{part}" for who in range(15) for part in "abc"]
    text = text_of(tmp_path / "out", ingest(*(made_up(name, time) for name in names)))
    assert "By recording (45)" in text


def test_sentence_counts_every_row() -> None:
    """Each fate of rows that occurred is said, with its share."""
    rows = {"rows_kept": 900, "rows_repaired": 0, "rows_quarantined": 99, "rows_left_out": 1}
    said = sentence({"totals": {"rows_in": 1000, **rows}})
    expected = "90.0 % were kept as they are, 9.9 % quarantined and 0.1 % left out."
    assert said == f"Of 1\u202f000 raw rows, {expected}"


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.9999, "99.9 %"), (0.0001, "less than 0.1 %")]
)
def test_percent_is_never_rounded_to_all_or_nothing(share: float, text: str) -> None:
    """Only none is 0 %, only all is 100 %."""
    assert percent(share) == text

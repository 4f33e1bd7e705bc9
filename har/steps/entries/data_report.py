"""The report of an ingested data set."""

from pathlib import Path

from har.data.report import write_report


def data_report(out: Path, *, ingested: Path) -> None:
    """Write HTML, JSON and a Croissant card."""
    write_report(out, ingested)

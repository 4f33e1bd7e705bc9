"""What the gate asks of a candidate beside its scores."""

from pathlib import Path

from har.registry.gate.checks import write_checks


def checks(out: Path, *, ingested: Path, cleaned: Path, split: Path, robustness: Path) -> None:
    """Write what became of the data's rows, and how robust the candidate is."""
    write_checks(out, ingested=ingested, cleaned=cleaned, split=split, robustness=robustness)

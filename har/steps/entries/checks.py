"""What the gate asks of a candidate beside its scores."""

from pathlib import Path

from har.registry.gate.checks import write_checks


def checks(out: Path, *, ingested: Path, cleaned: Path, split: Path, robustness: Path) -> None:
    """Write the data's accounts and the candidate's robustness."""
    write_checks(out, ingested=ingested, cleaned=cleaned, split=split, robustness=robustness)

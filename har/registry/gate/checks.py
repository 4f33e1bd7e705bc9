"""What the gate asks of a model beside its scores: the quality of its data, its robustness.

========================  ====================================================
``data.json``             what became of rows and samples, and what splits share
                          (`DataChecks`)
``robustness.json``       scores under every change of the sensors
                          (`har.evaluation.results.robustness`)
========================  ====================================================
"""

import shutil
from pathlib import Path
from typing import ClassVar

from pydantic import AliasChoices, Field, StrictInt, StrictStr

from har.data.assignment import Proof
from har.data.cleaning import Cleaning
from har.data.ingested import Accounts
from har.data.recording import read_meta
from har.evaluation.results.robustness import Robustness
from har.lineage.typed import Number, TypedFile


class DataChecks(TypedFile):
    """The quality of the data that a version was trained and measured on.

    Attributes
    ----------
    rows_in, rows_quarantined : int
        Rows of raw files, and those of them that could not be trusted.
    files_rejected : tuple of str
        Recordings of which nothing could be trusted.
    samples_in, samples_repaired : int
        Samples that were cleaned, and those that this removed or interpolated.
    shared : tuple of str
        What two splits have in common, as ``train and test: s1 = s4``; empty is right.
    rates_hz : tuple of (float, float) or None
        The lowest and the highest sampling rate of the recordings, as they were recorded, Hz;
        None where nobody asked.
    """

    FILE: ClassVar[str] = "data.json"

    rows_in: StrictInt
    rows_quarantined: StrictInt
    files_rejected: tuple[StrictStr, ...]
    samples_in: StrictInt
    # The second is what versions were registered with before.
    samples_repaired: StrictInt = Field(
        validation_alias=AliasChoices("samples_repaired", "samples_mended")
    )
    shared: tuple[StrictStr, ...]
    rates_hz: tuple[Number, Number] | None = None

    @classmethod
    def gather(cls, *, ingested: Path, cleaned: Path, split: Path) -> "DataChecks":
        """Sum up what the steps counted, given their output folders."""
        accounts, cleaning = Accounts.read(ingested), Cleaning.read(cleaned).totals
        return cls(
            rows_in=accounts.counts["rows_in"],
            rows_quarantined=accounts.counts["rows_quarantined"],
            files_rejected=tuple(sorted(accounts.rejected)),
            samples_in=cleaning.rows_in,
            samples_repaired=cleaning.rows_repaired,
            shared=tuple(
                f"{pair}: {name}"
                for pair, shared in Proof.read(split).shared.items()
                for name in shared.names
            ),
            rates_hz=_rates_hz(ingested),
        )


def _rates_hz(ingested: Path) -> tuple[float, float] | None:
    rates = [read_meta(path)[0].rate_hz for path in ingested.glob("*.parquet")]
    return (min(rates), max(rates)) if rates else None


def write_checks(
    out: Path, *, ingested: Path, cleaned: Path, split: Path, robustness: Path
) -> None:
    """Write both files of one candidate.

    Parameters
    ----------
    out : Path
        Folder that gets them.
    ingested, cleaned, split, robustness : Path
        Output folders of those steps, the last one the candidate's own.
    """
    DataChecks.gather(ingested=ingested, cleaned=cleaned, split=split).write(out)
    shutil.copyfile(robustness / Robustness.FILE, out / Robustness.FILE)

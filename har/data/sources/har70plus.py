"""HAR70+: 18 subjects of 70 to 95 years, lower back and thigh, 50 Hz.

Layout: ``har70plus/501.csv`` and so on, in the format of HARTH.
"""

from har.data.ingest.files import RawFiles
from har.data.sources import harth
from har.data.sources.base import Archive, Item, Source


def items(files: RawFiles) -> list[Item]:
    """Return one item per subject."""
    return harth.one_file_each(files, r"(5\d\d)\.csv")


SOURCE = Source(
    name="har70plus",
    title="HAR70+: Human Activity Recognition of people over 70",
    licence="CC BY 4.0",
    citation=(
        "A. Ustad, A. Logacjov, S. Ø. Trollebø, P. Thingstad, B. Vereijken, K. Bach, "
        "N. S. Maroni: Validation of an Activity Type Recognition Model Classifying Daily "
        "Physical Behavior in Older Adults: The HAR70+ Model. Sensors 23(5), 2023."
    ),
    homepage="https://archive.ics.uci.edu/dataset/780/har70",
    placements=tuple(harth.PLACEMENTS.values()),
    rate_hz=50.0,
    units="g with gravity; timestamps as text",
    faults=harth.FAULTS,
    items=items,
    read=harth.read,
    archive=Archive("https://archive.ics.uci.edu/static/public/780/har70.zip"),
)

"""Cleaned recordings, cut into windows."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from har.config import WindowSettings
from har.data.activities import class_names, common
from har.data.assignment import Assignment
from har.data.ingested import DatasetFacts, Datasets
from har.data.left_out import LeftOutClasses
from har.data.recording import read_recordings
from har.data.windows import write_all

logger = logging.getLogger("har.steps")


def windows(
    out: Path, *, cleaned: Path, split: Path, ingested: Path, settings: WindowSettings
) -> None:
    """Write the windows of all recordings, each with its split, and the classes left out."""
    assigned = Assignment.read(split).by_split
    classes, fixed = _classes(Datasets.read(ingested).datasets, settings)
    recordings = partial(read_recordings, cleaned)
    cut = write_all(out, recordings, assigned, settings, classes, drop_missing=not fixed)
    logger.info("%-24s %s", "channels", cut.choice.sentence)
    left_out = LeftOutClasses() if fixed else LeftOutClasses.of(cut, classes, settings.purity)
    if left_out.classes:
        left_out.write(out)
    for name, sentence in left_out.sentences.items():
        logger.warning("class %s left out: %s", name, sentence)


def _classes(
    facts: Sequence[DatasetFacts], settings: WindowSettings
) -> tuple[tuple[str, ...], bool]:
    """Return the class set, and whether it stands whatever the splits hold.

    It is the one that was asked for, else a data set's own, else all its activities, and
    for several data sets what they have in common.
    """
    if isinstance(settings.classes, int):
        return class_names(settings.classes), True
    if settings.classes is not None:
        return settings.classes, True
    if len(facts) > 1:
        return common(entry.activities for entry in facts), False
    (only,) = facts
    return only.classes or only.activities, bool(only.classes)

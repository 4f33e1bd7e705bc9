"""Cleaned recordings, cut into windows."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from har.config import WindowSettings
from har.data.activities import Taxonomy, class_names
from har.data.assignment import Assignment
from har.data.cutting import write_all
from har.data.ingested import DatasetFacts, Datasets
from har.data.left_out import LeftOutClasses
from har.data.recording import read_recordings

logger = logging.getLogger("har.steps")


def windows(
    out: Path, *, cleaned: Path, split: Path, ingested: Path, settings: WindowSettings
) -> None:
    """Write the windows of all recordings, each with its split, and the classes left out."""
    assigned = Assignment.read(split).by_split
    facts = Datasets.read(ingested)
    taxonomy = facts.taxonomy
    classes, fixed = _classes(facts.datasets, taxonomy, settings)
    cut = write_all(
        out,
        partial(read_recordings, cleaned),
        assigned,
        settings,
        classes,
        taxonomy=taxonomy,
        drop_missing=not fixed,
    )
    logger.info("%-24s %s", "channels", cut.choice.sentence)
    left_out = LeftOutClasses()
    if not fixed:
        left_out = LeftOutClasses.of(cut, classes, settings.purity, taxonomy)
    if left_out.classes:
        left_out.write(out)
    for name, sentence in left_out.sentences.items():
        logger.warning("class %s left out: %s", name, sentence)


def _classes(
    facts: Sequence[DatasetFacts], taxonomy: Taxonomy, settings: WindowSettings
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
        return taxonomy.common(entry.activities for entry in facts), False
    (only,) = facts
    return only.classes or only.activities, bool(only.classes)

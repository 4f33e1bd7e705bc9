"""One HTML page to decide between two versions: self-contained, made of what is registered."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from har.disk import write_text
from har.evaluation import comparison_plots
from har.evaluation.predictions import FILE, read_predictions
from har.lineage import difference
from har.lineage.record import Record
from har.page.colours import colours_by_name
from har.page.html import data_uri, environment
from har.page.plots import png
from har.registry.decision.own import OnOwn, on_own
from har.registry.decision.plots import HEIGHT, LANES, Picture, picture, signals
from har.registry.decision.stretches import (
    Disagreement,
    Stretch,
    differing_by,
    disagreements,
    side_by_side,
    stretches,
)
from har.registry.decision.verdicts import held, next_step, remedy, way_back
from har.registry.handle import Registry
from har.registry.history.placement import placement
from har.registry.history.stages import CHAMPION
from har.registry.history.trail import Trail
from har.registry.scoring import OwnFiles
from har.registry.versions.comparison import Comparison, outcome, unscored
from har.registry.versions.files import read_lineage, verified_file
from har.registry.versions.lookup import find
from har.registry.versions.version import Version
from har.store import Store

# Stretches that are drawn, those with the most windows.
MOST_DRAWN = 12


def write_page(
    registry: Registry, comparison: Comparison, path: Path, *, own: OwnFiles | None = None
) -> None:
    """Write the page of a comparison as one file with everything inlined.

    Nothing is answered anew: where the two disagree on test people, and on what, is read from
    the answers that evaluation stored and registration kept.

    Parameters
    ----------
    registry : Registry
        The model.
    comparison : Comparison
        The two versions.
    path : Path
        The file; its folder is made.
    own : OwnFiles, optional
        Both on labelled files of one's own, in this order.

    Raises
    ------
    VerificationError
        If a file of theirs is not the registered one, or the history was changed.
    """
    events = Trail(registry).events
    a, b = (find(registry, str(side.number)) for side in (comparison.a, comparison.b))
    templates = environment(Path(__file__).parent)
    templates.filters |= {"amount": amount, "at": at}
    apart = _apart(registry, a, b) if comparison.same_test else None
    files = on_own(own) if own else None
    page = templates.get_template("decision.html").render(
        **vars(comparison),
        people=comparison.people,
        by_difference=_by_difference(comparison),
        changes=comparison.changes,
        outcome=outcome(comparison),
        unscored=unscored,
        images=_images(comparison),
        origin_rows=difference.rows(comparison.origin),
        own=files,
        apart=apart,
        colours=_colours(apart, files),
        height=HEIGHT,
        lanes=dict(
            zip(LANES, ("label", f"version {a.number}", f"version {b.number}"), strict=True)
        ),
        judged=[(v, v.gate, held(v.gate) if v.gate else []) for v in (a, b)],
        champion=placement(events).aliases.get(CHAMPION),
        remedy=remedy,
        steps=next_step(a, events),
        way=way_back(registry, events, a.number),
    )
    write_text(path, page)


def amount(value: float | None) -> str:
    """Format a number of the gate.

    >>> amount(0.9302), amount(3.48680), amount(-0.0104), amount(None)
    ('0.9302', '3.487', '−0.0104', '')
    """
    return "" if value is None else f"{value or 0.0:.4g}".replace("-", "−")


def at(seconds: float) -> str:
    """Format a time in a recording.

    >>> at(12.8), at(75.0), at(3671.2)
    ('0:12.8', '1:15.0', '1:01:11.2')
    """
    minutes, left = divmod(round(seconds, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{left:04.1f}" if hours else f"{minutes}:{left:04.1f}"


@dataclass(frozen=True)
class Apart:
    """Where two versions disagree on the test people.

    Attributes
    ----------
    windows, differing : int
        All windows, and those on which they disagree.
    by_person, by_activity : mapping of str to (int, int)
        The same, of each.
    pairs : list of Disagreement
        What either says there.
    drawn : list of (int, Stretch, Picture)
        With a number that its link has.
    first : mapping of str to int
        By person, the number of the first stretch that is drawn.
    stretches : int
        All of them, drawn or not.
    """

    windows: int
    differing: int
    by_person: Mapping[str, tuple[int, int]]
    by_activity: Mapping[str, tuple[int, int]]
    pairs: list[Disagreement]
    drawn: list[tuple[int, Stretch, Picture]]
    first: Mapping[str, int]
    stretches: int


def _apart(registry: Registry, a: Version, b: Version) -> Apart:
    (lineage, own), (_, other) = (_answers(registry, version) for version in (a, b))
    both = side_by_side(own, other)
    found = stretches(both)
    signal = signals(Store(registry.store), lineage, lineage.predicate.test_digest)
    drawn = [
        (number, stretch, picture(stretch, signal(stretch)))
        for number, stretch in enumerate(found[:MOST_DRAWN], 1)
    ]
    by_person = differing_by(both, "subject_id")
    return Apart(
        windows=len(both),
        differing=sum(differing for _, differing in by_person.values()),
        by_person=by_person,
        by_activity=differing_by(both, "label"),
        pairs=disagreements(both),
        drawn=drawn,
        first={stretch.person: number for number, stretch, _ in reversed(drawn)},
        stretches=len(found),
    )


def _colours(apart: Apart | None, own: OnOwn | None) -> dict[str, str]:
    """Return one colour for each activity that is drawn."""
    pictures = [drawn for _, _, drawn in apart.drawn] if apart else []
    pictures += [one.picture for one in own.drawn] if own else []
    return colours_by_name({name for drawn in pictures for name in drawn.names})


def _by_difference(comparison: Comparison) -> list[str]:
    """Return the test people, first whom version a suits least."""
    of = comparison.paired.per_subject if comparison.paired else {}
    return sorted(of, key=lambda who: of[who].difference)


def _answers(registry: Registry, version: Version) -> tuple[Record, pd.DataFrame]:
    record = read_lineage(registry, version)
    with tempfile.TemporaryDirectory() as folder:
        path = verified_file(registry, version, record, f"evaluation/{FILE}", Path(folder))
        return record, read_predictions(path.parent)


def _images(comparison: Comparison) -> dict[str, Any]:
    a, b, paired, confusion = comparison.a, comparison.b, comparison.paired, comparison.confusion
    if not (paired and confusion):
        return {}
    figures = {
        "confusion": comparison_plots.confusion_difference(confusion, a.classes),
        "per_subject": comparison_plots.subject_differences(
            paired.per_subject,
            labels=(f"version {a.number}", f"version {b.number}"),
            models=(a.candidate, b.candidate),
        ),
    }
    return {name: data_uri(png(figure)) for name, figure in figures.items()}

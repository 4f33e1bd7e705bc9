"""Both versions on labelled files of one's own, as the page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from har.data.recording import Clock
from har.monitoring.differing import Disagreement
from har.registry.decision.plots import Block, Picture
from har.registry.decision.stretches import counted
from har.registry.scoring import OwnFiles, sentences
from har.serving.timeline import time_of_day

# Recordings that are drawn, those with the longest disagreement.
MOST_DRAWN = 8
# Of the time that is shown, before the first disagreement and after the last.
_MARGIN = 0.03
_LANES = ("label", "a", "b")


@dataclass(frozen=True)
class Drawn:
    """A recording with all that two versions disagree on.

    Attributes
    ----------
    recording, person, start, end : str
        Which one, whose, and when they begin to disagree and last do.
    stretches : int
        On which they disagree.
    seconds : float
        That these last.
    picture : Picture
        Empty where they agree.
    """

    recording: str
    person: str
    start: str
    end: str
    stretches: int
    seconds: float
    picture: Picture


@dataclass(frozen=True)
class OnOwn:
    """What the page says of somebody's own files.

    Attributes
    ----------
    found : OwnFiles
        Scores of both.
    sentences : list of str
        What came of it, and what is no evidence.
    people, activities : list of str
        In the order in which they are listed: where version a is worst first.
    drawn : list of Drawn
        Recordings on which they disagree.
    """

    found: OwnFiles
    sentences: list[str]
    people: list[str]
    activities: list[str]
    drawn: list[Drawn]


def on_own(found: OwnFiles) -> OnOwn:
    """Prepare scores on somebody's own files for the page."""
    first = found.versions[0].scores
    apart = [one for against in found.against for one in against.disagreements]
    drawn = [_drawn(list(group)) for _, group in groupby(apart, key=lambda one: one.recording)]
    return OnOwn(
        found,
        list(sentences(found)),
        sorted(first.by_person, key=lambda who: first.by_person[who].macro_f1),
        sorted(first.by_activity, key=lambda name: first.by_activity[name].f1),
        sorted(drawn, key=lambda one: -one.seconds)[:MOST_DRAWN],
    )


def _drawn(apart: Sequence[Disagreement]) -> Drawn:
    begin, end = apart[0].start_s, apart[-1].end_s
    margin = _MARGIN * (end - begin)
    begin, width = begin - margin, end - begin + 2 * margin
    said = {
        "label": [one.label or "no label" for one in apart],
        "a": [one.answers[0] for one in apart],
        "b": [one.answers[1] for one in apart],
    }
    lanes = {
        lane: tuple(
            Block(round(one.start_s - begin, 3), round(one.end_s - one.start_s, 3), name)
            for one, name in zip(apart, said[lane], strict=True)
        )
        for lane in _LANES
    }
    return Drawn(
        recording=apart[0].recording,
        person=apart[0].subject,
        start=_at(apart[0].start_s, apart[0].clock),
        end=_at(end, apart[0].clock),
        stretches=len(apart),
        seconds=sum(one.end_s - one.start_s for one in apart),
        picture=Picture(
            width=round(width, 3),
            lanes=lanes,
            marked=(0.0, 0.0),
            signal=(),
            low=0.0,
            high=0.0,
            words={lane: counted(said[lane]) for lane in _LANES},
        ),
    )


def _at(seconds: float, clock: Clock) -> str:
    """Return a time of day, or where there is no clock, seconds from the beginning."""
    return time_of_day(seconds, clock).replace("T", " ") or f"{seconds:.1f} s"

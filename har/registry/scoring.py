"""Versions on labelled recordings of one's own: their served builds, without training.

`har.monitoring.labelled` scores; here is which build serves, and whom each version has seen.
Nothing is recorded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from har.config import IntervalSettings, WindowSettings
from har.data.activities import in_order
from har.errors import MissingError
from har.evaluation.results.comparisons import PairedDifference
from har.lineage.record import Record
from har.monitoring.differing import Disagreement, disagreements
from har.monitoring.labelled import (
    Answered,
    LabelledScores,
    answer_labelled,
    difference,
    labelled_windows,
    left_out,
    scores,
)
from har.registry.handle import Registry
from har.registry.versions.comparison import person_by_person
from har.registry.versions.files import fetch, read_lineage
from har.registry.versions.lookup import find, list_versions
from har.registry.versions.version import Version
from har.serving.predictor import Predictor
from har.serving.recordings import UserFiles

_SEEN = {"train": "trained on", "validation": "tuned on", "pretrain": "pretrained on"}
_IN_DATA = "its files are in the data"


@dataclass(frozen=True)
class Scored:
    """One version on the files.

    Attributes
    ----------
    version, candidate, build : int, str, str
        Which one it is, and which of its builds serves.
    smoothing : str
        How its answers were smoothed.
    origin_known : bool
        Whether it is on record whom it has seen.
    scores : LabelledScores
        How often it is right.
    """

    version: int
    candidate: str
    build: str
    smoothing: str
    origin_known: bool
    scores: LabelledScores

    @property
    def title(self) -> str:
        """What it is called in a sentence."""
        return f"{self.candidate} (version {self.version})"


@dataclass(frozen=True)
class Against:
    """The first version beside another.

    Attributes
    ----------
    versions : tuple of (int, int)
        The two.
    difference : PairedDifference or None
        Person by person, on people whom neither has seen, the first minus the other; None if
        there is nobody, or the two cut recordings or name activities differently.
    disagreements : tuple of Disagreement
        Where they answer differently.
    """

    versions: tuple[int, int]
    difference: PairedDifference | None
    disagreements: tuple[Disagreement, ...]


@dataclass(frozen=True)
class OwnFiles:
    """Versions on somebody's own labelled files.

    Attributes
    ----------
    model : str
        The registered model.
    recordings : tuple of str
        That were answered.
    left_out : dict of str to int
        Labelled windows, by activity, that no version knows: they are in no score.
    versions : tuple of Scored
        In the order that was asked for.
    against : tuple of Against
        The first beside each other one.
    """

    model: str
    recordings: tuple[str, ...]
    left_out: dict[str, int]
    versions: tuple[Scored, ...]
    against: tuple[Against, ...]


def score_own(
    registry: Registry,
    selectors: Sequence[str],
    files: UserFiles,
    *,
    window: WindowSettings,
    intervals: IntervalSettings,
    smoothed: bool = True,
) -> OwnFiles:
    """Score the served builds of versions on labelled files.

    Parameters
    ----------
    registry : Registry
        The model.
    selectors : sequence of str
        The versions, as for `har.registry.versions.lookup.find`; empty: the champion and, if
        there is one, the challenger.
    files : UserFiles
        Whatever `har data ingest` reads, labels included.
    window : WindowSettings
        Its purity says which windows have a label.
    intervals : IntervalSettings
        Of the intervals over people.
    smoothed : bool
        Whether answers are smoothed as `har predict` does.

    Raises
    ------
    DataError
        If nothing can be read or used, or has labels.
    MissingError
        If there is no such version, or it has no build.
    VerificationError
        If a build is not the registered one.
    """
    versions = _versions(registry, selectors)
    predictors = [Predictor(fetch(registry, version)) for version in versions]
    classes = in_order(name for predictor in predictors for name in predictor.classes)
    answers, scored = [], []
    for version, predictor in zip(versions, predictors, strict=True):
        smoothing = predictor.default_smoother if smoothed else "none"
        answered = answer_labelled(
            predictor, files, classes=classes, purity=window.purity, smoothing=smoothing
        )
        record = None if version.adopted else read_lineage(registry, version)
        seen = whom_it_saw(record, answered, files) if record else {}
        answers.append(answered)
        scored.append(
            Scored(
                version=version.number,
                candidate=version.candidate,
                build=version.serving,
                smoothing=smoothing,
                origin_known=record is not None,
                scores=scores(answered, predictor.classes, seen=seen, settings=intervals),
            )
        )
    return OwnFiles(
        model=registry.model,
        recordings=tuple(one.name for one in answers[0]),
        left_out=left_out(answers[0]),
        versions=tuple(scored),
        against=tuple(
            _against((scored[0], answers[0]), other, intervals)
            for other in zip(scored[1:], answers[1:], strict=True)
        ),
    )


def whom_it_saw(record: Record, answered: Iterable[Answered], files: UserFiles) -> dict[str, str]:
    """Return how a version has seen the people of some files, by person, as far as ids tell.

    A person is known by the id that ingestion gave, with or without the name of the data set,
    and by the bytes of the files: those of somebody else's, under whatever name, are found too.
    """
    predicate = record.predicate
    sets = list(predicate.pins) or [predicate.build.external_parameters.dataset]
    raw = {
        value
        for item in predicate.build.dependencies
        if item.role == "raw data"
        for value in item.digest.values()
    }
    tested = set(predicate.people.get("test", ()))
    seen = {}
    for one in answered:
        ids = {one.subject, *(f"{name}-{one.subject}" for name in sets)}
        how = [
            words
            for split, words in _SEEN.items()
            if any(_is(one.subject, ids, who) for who in predicate.people.get(split, ()))
        ]
        is_tested = any(_is(one.subject, ids, who) for who in tested)
        if how:
            seen[one.subject] = " and ".join(how)
        elif not is_tested and {files.files.digest(name) for name in one.files} & raw:
            seen.setdefault(one.subject, _IN_DATA)
    return seen


def sentences(found: OwnFiles) -> Iterator[str]:
    """Yield what a person reads of it first: what is no evidence, and how two versions compare."""
    if found.left_out:
        names = ", ".join(f"{name} ({n})" for name, n in found.left_out.items())
        yield f"Not scored, as no version here knows them, are windows of {names}."
    for one in found.versions:
        yield from _of_version(one)
    for against in found.against:
        yield _of_two(found, against)


def _of_version(one: Scored) -> Iterator[str]:
    scores = one.scores
    if not one.origin_known:
        yield f"{one.title} was adopted: whom it has seen is not known."
    if scores.seen:
        seen = ", ".join(f"{who} ({how})" for who, how in scores.seen.items())
        yield f"{one.title} has seen, by their ids or files: {seen}. That is no evidence."
    if scores.not_known:
        unknown = ", ".join(f"{name} ({n} windows)" for name, n in scores.not_known.items())
        yield f"{one.title} does not know {unknown}: always wrong."
    if scores.withheld:
        names = ", ".join(scores.withheld)
        yield f"{one.title} did not answer {names}: far unlike its training."


def _of_two(found: OwnFiles, against: Against) -> str:
    titles = {one.version: one.title for one in found.versions}
    a, b = (titles[number] for number in against.versions)
    if against.difference is None:
        return (
            f"{a} and {b} are not compared person by person: they have seen everybody here, or "
            "cut recordings or name activities differently."
        )
    return person_by_person(a, b, against.difference, "of your people")


def _is(subject: str, ids: set[str], known: str) -> bool:
    """Tell whether a person of the record is one of the files, or whom a file is named after."""
    return known in ids or subject.startswith(f"{known}-")


def _versions(registry: Registry, selectors: Sequence[str]) -> list[Version]:
    if selectors:
        return list({v.number: v for v in (find(registry, each) for each in selectors)}.values())
    aliases = {alias: v for v in list_versions(registry) for alias in v.aliases}
    found = [aliases[alias] for alias in ("champion", "challenger") if alias in aliases]
    if not found:
        raise MissingError(
            f"{registry.model}: neither a champion nor a challenger",
            hint="--version NUMBER names one; `har registry list` shows them",
        )
    return found


def _against(
    first: tuple[Scored, list[Answered]],
    other: tuple[Scored, list[Answered]],
    intervals: IntervalSettings,
) -> Against:
    (a, answers_a), (b, answers_b) = first, other
    seen = [*a.scores.seen, *b.scores.seen]
    frames = [labelled_windows(answers) for answers in (answers_a, answers_b)]
    new = [frame[~frame["subject_id"].isin(seen)].reset_index(drop=True) for frame in frames]
    return Against(
        versions=(a.version, b.version),
        difference=difference(new[0], new[1], intervals),
        disagreements=tuple(disagreements(answers_a, answers_b)),
    )

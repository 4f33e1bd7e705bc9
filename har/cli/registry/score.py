"""``har registry score``: versions on labelled recordings of one's own."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from har.cli.flags import refuse_ignored
from har.cli.output import AsJson, Overrides, out, print_json, table
from har.cli.user_files import Entries, MappingFile, Paths, Yes, tell_account, user_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from har.monitoring.differing import Disagreement
    from har.monitoring.labelled import Total
    from har.registry.scoring import Against, OwnFiles, Scored

# Stretches in which two versions disagree that a terminal shows, the longest.
LONGEST = 15


def score(
    context: typer.Context,
    paths: Paths,
    version: Annotated[
        list[str] | None,
        typer.Option(
            help="A version, more than once for several; default: champion and challenger."
        ),
    ] = None,
    mapping: MappingFile = None,
    entries: Entries = None,
    yes: Yes = False,
    raw: Annotated[bool, typer.Option("--raw", help="The windows' own answers.")] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Score the served builds of versions on labelled files of your own; trains nothing.

    Person by person and activity by activity, as `har predict` answers: smoothed, and unknown
    where a window is unlike training. Of two versions it lists where they disagree. People
    whom a version has seen are named: their scores are no evidence.

    Example: har registry score my-people/ --version 3 --version champion
    """
    refuse_ignored(context, exclusive=("--mapping", "--map"))
    from har.config import load
    from har.registry.handle import Registry
    from har.registry.scoring import score_own

    recipe, environment = load(overrides)
    with user_files(paths, mapping, entries, yes=yes, labelled=True) as files:
        found = score_own(
            Registry.open(environment),
            version or [],
            files,
            window=recipe.window,
            intervals=recipe.intervals,
            smoothed=not raw,
        )
        tell_account(files.account)
        account = files.account.to_dict()
    if as_json:
        return print_json({**_content(found), "account": account})
    _print(found)
    return None


def _content(found: "OwnFiles") -> dict[str, Any]:
    """Return it as JSON-able data, with what a person reads in a sentence."""
    from har.registry.scoring import sentences

    return {**vars(found), "says": list(sentences(found))}


def _print(found: "OwnFiles") -> None:
    from har.registry.scoring import sentences

    titles = [f"version {one.version}" for one in found.versions]
    out.print(*sentences(found), "", sep="\n")
    out.print(table("On all labelled windows", ["", *titles], _overall(found)), "")
    columns = ["windows", *(f"macro-F1, {title}" for title in titles)]
    out.print(table("By person", ["person", *columns], _by_person(found)), "")
    columns = ["windows", *(f"F1, {title}" for title in titles)]
    out.print(table("By activity", ["activity", *columns], _by_activity(found)))
    for against in found.against:
        _print_disagreements(against)


def _overall(found: "OwnFiles") -> "Iterator[tuple[object, ...]]":
    versions = found.versions
    totals = [one.scores.overall for one in versions]
    yield ("model", *(one.candidate for one in versions))
    yield ("build", *(one.build for one in versions))
    yield ("smoothed by", *(one.smoothing for one in versions))
    yield ("windows", *(total.windows for total in totals))
    yield ("people", *(total.people for total in totals))
    yield ("macro-F1", *(f"{total.macro_f1:.4f}" for total in totals))
    yield ("interval", *(_interval(total) for total in totals))
    yield ("accuracy", *(f"{total.accuracy:.4f}" for total in totals))
    yield ("unknown windows", *(total.unknown for total in totals))
    if any(one.scores.unseen for one in versions):
        yield ("macro-F1, unseen people", *(_unseen(one) for one in versions))


def _unseen(one: "Scored") -> str:
    total = one.scores.unseen
    if total:
        return f"{total.macro_f1:.4f}"
    return "nobody is unseen" if one.scores.seen else "as above"


def _interval(total: "Total") -> str:
    return "{:.3f}–{:.3f}".format(*total.interval) if total.interval else "one person: none"


def _by_person(found: "OwnFiles") -> "Iterator[tuple[object, ...]]":
    first = found.versions[0].scores
    for who in sorted(first.by_person, key=lambda who: first.by_person[who].macro_f1):
        cells = []
        for one in found.versions:
            total = one.scores.by_person.get(who)
            mark = " seen" if who in one.scores.seen else ""
            cells.append(f"{total.macro_f1:.4f}{mark}" if total else "")
        yield (who, first.by_person[who].windows, *cells)


def _by_activity(found: "OwnFiles") -> "Iterator[tuple[object, ...]]":
    names = dict.fromkeys(name for one in found.versions for name in one.scores.by_activity)
    for name in names:
        own = [one.scores.by_activity.get(name) for one in found.versions]
        windows = next(score.windows for score in own if score)
        yield (name, windows, *(f"{score.f1:.4f}" if score else "" for score in own))


def _print_disagreements(against: "Against") -> None:
    stretches = against.disagreements
    titles = [f"version {number}" for number in against.versions]
    if not stretches:
        out.print("", f"{titles[0].capitalize()} and {titles[1]} answer alike.", sep="\n")
        return
    by_label = sorted(stretches, key=lambda one: (not one.label, one.start_s - one.end_s))
    longest = by_label[:LONGEST]
    shown = [one for one in stretches if one in longest]
    seconds = sum(one.end_s - one.start_s for one in stretches)
    columns = ["recording", "start", "seconds", *titles, "label"]
    is_part = len(shown) < len(stretches)
    rest = f"; the longest {len(shown)}, labelled ones first" if is_part else ""
    title = f"They disagree in {len(stretches)} stretches, {seconds:.0f} s in all{rest}"
    out.print("", table(title, columns, map(_stretch, shown)), sep="\n")


def _stretch(one: "Disagreement") -> tuple[object, ...]:
    from har.serving.timeline import time_of_day

    start = time_of_day(one.start_s, one.clock).replace("T", " ") or f"{one.start_s:.2f} s"
    return (one.recording, start, f"{one.end_s - one.start_s:.1f}", *one.answers, one.label)

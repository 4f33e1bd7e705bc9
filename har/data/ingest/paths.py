"""Who and what a file's path names: by a pattern that is stated, or by folders' names."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from har.data.activities import SHARED
from har.data.ingest.patterns import first_group
from har.errors import DataError

SUBJECT = r"(?:^|[/_\-. ])(?:s|sub|subj|subject|user|u|p|person|participant)[_\- ]?(\d+)[/_\-. ]"
# Of the folders at a level; others are activities of one's own.
MOST = 0.5
_NUMBERED = r"[ _\-.]*\d*"


def subject_of(name: str, pattern: str | None) -> str:
    """Return the subject that a file's path names, or "unknown".

    >>> subject_of("s01/walk.csv", None), subject_of("walk.csv", None)
    ('01', 'unknown')
    """
    if found := _found(name, pattern or SUBJECT):
        return found
    if pattern:
        raise _unmatched(name, "subject", pattern)
    return "unknown"


def recording_of(name: str, pattern: str | None) -> str:
    """Return the recording that a file's path names: by default all of it, without its end."""
    if pattern is None:
        return re.sub(r"(\.csv)?(\.gz)?(\.\w+)?$", "", name).replace("/", "-")
    if found := _found(name, pattern):
        return found
    raise _unmatched(name, "recording", pattern)


def activity_of(name: str, pattern: str | None) -> str | None:
    """Return the word for an activity that a file's path has, if a pattern finds one."""
    return (_found(name, pattern) or None) if pattern else None


def guess_activity(names: Sequence[str]) -> str | None:
    r"""Return a pattern for the part of the paths that names activities, if there is one.

    >>> guess_activity(["Walking/1.csv", "Standing/1.csv", "Juggling/1.csv"])
    '^([^/]+?)[ _\\-.]*\\d*/'
    """
    depth = min((name.count("/") for name in names), default=0)
    for level in range(depth):
        if _are_activities(_plain(name.split("/")[level]) for name in names):
            return (
                rf"^(?:[^/]+/){{{level}}}([^/]+?){_NUMBERED}/"
                if level
                else rf"^([^/]+?){_NUMBERED}/"
            )
    stems = [re.sub(r"(\.\w+)+$", "", name.split("/")[-1]) for name in names]
    if _are_activities(map(_plain, stems)):
        return rf"([^/]+?){_NUMBERED}(?:\.\w+)+$"
    words = {word for stem in stems for word in SHARED if _has(stem, word)}
    if len(words) > 1 and sum(any(_has(s, w) for w in words) for s in stems) > MOST * len(stems):
        longest_first = sorted(words, key=len, reverse=True)
        either = "|".join(re.escape(w).replace(r"\-", "[ _-]") for w in longest_first)
        return rf"(?:^|[/_\-. ])({either})[/_\-. \d]"
    return None


def guess_subject(names: Sequence[str], activity_pattern: str | None) -> str | None:
    """Return a pattern for the folders that name people: each holds several activities.

    >>> names = [f"{who}/{word}/a.csv" for who in ("ann", "bob") for word in ("sitting", "lying")]
    >>> guess_subject(names, guess_activity(names))
    '^([^/]+)/'
    """
    if not activity_pattern or all(_found(name, SUBJECT) for name in names):
        return None
    depth = min(name.count("/") for name in names)
    for level in range(depth):
        begin = rf"^(?:[^/]+/){{{level}}}" if level else "^"
        for pattern in (rf"{begin}([^/]+)/", rf"{begin}[^/]*?(\d+)/"):
            if _are_people(names, pattern, activity_pattern):
                return pattern
    return None


def _are_people(names: Sequence[str], pattern: str, activity_pattern: str) -> bool:
    done: dict[str, set[str | None]] = {}
    for name in names:
        who = _found(name, pattern)
        if not who:
            return False
        done.setdefault(who, set()).add(activity_of(name, activity_pattern))
    several = sum(len(activities) > 1 for activities in done.values())
    return len(done) > 1 and several > MOST * len(done)


def _are_activities(words: Iterable[str]) -> bool:
    unique = set(words)
    return len(unique) > 1 and sum(word in SHARED for word in unique) > MOST * len(unique)


def _plain(text: str) -> str:
    return re.sub(rf"{_NUMBERED}$", "", re.sub(r"[\s_]+", "-", text.lower()))


def _has(text: str, word: str) -> bool:
    plain = re.sub(r"[\s_.]+", "-", text.lower())
    return bool(re.search(rf"(?:^|-){re.escape(word)}(?=-|\d|$)", plain))


def _found(name: str, pattern: str) -> str:
    return first_group(pattern, PurePosixPath(name).as_posix())


def _unmatched(name: str, what: str, pattern: str) -> DataError:
    return DataError(
        f"{name}: {what}_pattern finds no {what}", expected=f"a path that matches {pattern!r}"
    )

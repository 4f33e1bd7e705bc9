"""Who did what, where only the paths of the files say it: a guess that is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from har.data.ingest import paths
from har.data.ingest.mapping import Entries
from har.data.ingest.plan import Group, summary


def with_paths(groups: Sequence[Group], stated: Entries) -> list[Group]:
    """Return groups with the people and the activities that their paths name.

    Columns and recorders' annotations say it first, then patterns that are stated; else the
    paths of all files are looked at together.
    """
    names = [item.files[0] for group in groups for item in group.items]
    activity = stated.activity_pattern or paths.guess_activity(names)
    subject = stated.subject_pattern or paths.guess_subject(names, activity)
    return [_with_paths(group, stated, activity, subject) for group in groups]


def _with_paths(group: Group, stated: Entries, activity: str | None, subject: str | None) -> Group:
    names = [item.files[0] for item in group.items]
    guesses, facts = dict(group.guesses), dict(group.facts)
    found: dict[str, str] = {}
    if "subject" not in facts:
        who = [paths.subject_of(name, subject) for name in names]
        facts["subject"] = _of_paths(who) if set(who) != {"unknown"} else "unknown"
        if "subject_pattern" not in stated.model_fields_set and set(who) != {"unknown"}:
            facts["subject"] += f", as {names[0]}"
            # Who writes "subject 1" has said it; a folder of several activities is a guess.
            if subject:
                found["subject_pattern"] = subject
                guesses["subject"] = f"{who[0]}, by the path {names[0]}"
    if activity and not {"activity", "labels"} & facts.keys():
        words = [word for name in names if (word := paths.activity_of(name, activity))]
        if words:
            facts["activity"] = _of_paths(words)
            if "activity_pattern" not in stated.model_fields_set:
                guesses["activity"] = f"{words[0]}, by the path {names[0]}"
                found["activity_pattern"] = activity
    mapping = group.mapping.model_copy(update=found) if group.mapping else None
    return replace(group, mapping=mapping, facts=facts, guesses=guesses | found)


def _of_paths(words: Iterable[str]) -> str:
    return f"{summary(sorted(set(words)))}, by the path"

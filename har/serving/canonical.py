"""Tables whose columns have names of our own are taken at their word, and nothing is asked."""

from dataclasses import replace

from har.data.ingest import blocks
from har.data.ingest.files import RawFiles
from har.data.ingest.mapping import Entries
from har.data.ingest.plan import Group, Plan
from har.data.recording import ACC, GYRO
from har.errors import DataError, VerificationError

# What nobody needs to confirm before a prediction: it changes no sample.
HARMLESS = ("subject", "subject_pattern", "recording", "activity", "separator", "decimal")
UNITS = {"time_unit": "s", "acc_unit": "m/s2", "gyro_unit": "rad/s"}


def units_by_name(files: RawFiles) -> dict[str, str]:
    """Return the units that our own names of columns state, if all tables have them.

    A column ``acc_x`` is in m/s² with gravity and ``gyro_x`` in rad/s, whatever the values
    look like; a file that is wrong about that is refused.
    """
    tables = [name for name in files.names if name.lower().endswith(blocks.SUFFIXES)]
    return UNITS if tables and all(_is_ours(files, name) for name in tables) else {}


def _is_ours(files: RawFiles, name: str) -> bool:
    try:
        names = set(blocks.look(files, name, Entries()).names)
    except (DataError, VerificationError):
        return False
    return {"time_s", *ACC} <= names


def with_canonical(plan: Plan, *, labelled: bool = False) -> Plan:
    """Return a plan that asks about no person or label, and about nothing where names are ours.

    Parameters
    ----------
    plan : Plan
        What is made of a user's files.
    labelled : bool, default=False
        Whether their labels count: then they are read, and asked about where they are a guess.
    """
    groups = (_taken_at_its_word(group, labelled=labelled) for group in plan.groups)
    return replace(plan, groups=tuple(groups))


def _taken_at_its_word(group: Group, *, labelled: bool) -> Group:
    mapping = group.mapping
    harmless = [role for role in HARMLESS if not labelled or role != "activity"]
    open_questions = {k: v for k, v in group.guesses.items() if k not in harmless}
    if mapping is None or mapping.acc != ACC or mapping.gyro not in (None, GYRO):
        return replace(group, guesses=open_questions)
    if mapping.time not in (None, "time_s"):
        return replace(group, guesses=open_questions)
    if labelled:
        return replace(group, guesses={k: v for k, v in open_questions.items() if k == "activity"})
    unread = {role: None for role in ("activity", "recording") if role in group.guesses}
    return replace(group, mapping=mapping.model_copy(update=unread), guesses={})

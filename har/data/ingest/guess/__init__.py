"""What columns are, guessed from their names and from samples of all files that have them.

`sensors` finds acceleration and angular velocity, `clock` the time, `roles` people and labels;
`units` judges by the values what no name says. What stays open is a doubt, for a person.
"""

import re
from collections.abc import Sequence

import pandas as pd

from har.data.ingest.columns import triads
from har.data.ingest.guess.clock import add_time
from har.data.ingest.guess.made import Guess, Made
from har.data.ingest.guess.roles import add_roles
from har.data.ingest.guess.sensors import add_sensors
from har.data.ingest.guess.units import Motion, add_units
from har.data.ingest.mapping import Entries

__all__ = ["Guess", "guess"]

_CORE_MOTION = re.compile(r"useracceleration|motiongravity|deviceorientation|rotationrate", re.I)
_APPLE = re.compile(r"(?:^|[^a-z])(?:iphone|ipad|ios|apple[ _-]?watch|watchos)(?:[^a-z]|$)", re.I)


def guess(
    header: Sequence[str],
    units: Sequence[str],
    samples: Sequence[pd.DataFrame],
    where: str,
    stated: Entries,
    *,
    sensor: str = "",
) -> Guess:
    """Guess a mapping from the names of columns and samples of rows.

    Parameters
    ----------
    header, units : sequence of str
        Names of the columns, and a line of units if there is one.
    samples : sequence of DataFrame
        Of each file, rows as text or numbers in those columns.
    where : str
        The first file, for errors and questions.
    stated : Entries
        What is known already.
    sensor : str
        Which one the files' names say: acc, linear, gyro or other; empty: none.

    Raises
    ------
    DataError
        If no three columns can be acceleration, its unit is none that is known, or a column that
        was stated is missing.
    """
    made = Made(stated)
    found = triads(header, units)
    add_sensors(made, found, header, where, sensor)
    add_time(made, header, units, samples, where)
    add_roles(made, header, samples)
    if "acc" in {doubt.entry for doubt in made.doubts}:
        return made.finished()
    chosen = {t.axes: t for t in found}
    add_units(made, chosen, [Motion.of(s, made) for s in samples], where)
    if _is_apple(header, where):
        made.add("acc_sign", "-")
    return made.finished()


def _is_apple(header: Sequence[str], where: str) -> bool:
    """Tell whether a phone or watch of Apple wrote a table, whose acceleration has its sign."""
    names = any(_CORE_MOTION.search(re.sub(r"[\W_]", "", name)) for name in header)
    return names or bool(_APPLE.search(where))

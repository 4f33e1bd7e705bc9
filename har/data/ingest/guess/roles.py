"""Which columns name people, recordings and activities."""

import re
from collections.abc import Sequence

import pandas as pd

from har.data.ingest.guess.made import Made, has_values

_ROLES = {
    "subject": (
        r"(?:subject|user|participant|person|id|pid|sub|subj|volunteer|proband)"
        r"(?:id|name|no|number)?"
    ),
    "recording": (r"(?:recording|session|trial|run|experiment)(?:id|no|number)?"),
    "activity": (
        r"(?:activity|label|class|gt|groundtruth|action|exercise|gesture)"
        r"(?:label|name|id|class|type)?"
    ),
}
# Rows for each person or session, at least: a column with more of them numbers the rows.
MIN_ROWS_EACH = 5


def add_roles(made: Made, header: Sequence[str], samples: Sequence[pd.DataFrame]) -> None:
    """Add the columns of people, recordings and activities."""
    taken = {*(made.get("acc") or ()), *(made.get("gyro") or ()), made.get("time")}
    for role, pattern in _ROLES.items():
        if getattr(made.stated, role) or getattr(made.stated, f"{role}_pattern"):
            continue
        for name in header:
            plain = re.sub(r"[\W_]+", "", name).lower()
            if name in taken or not re.fullmatch(pattern, plain):
                continue
            # Labels that are numbers are refused later, and not lost here.
            is_count = role != "activity" and _is_count(samples, name)
            if any(has_values(s[name]) for s in samples) and not is_count:
                made.add(role, name)
                taken.add(name)
                break


def _is_count(samples: Sequence[pd.DataFrame], name: str) -> bool:
    """Tell whether a column numbers the rows, instead of naming people or activities."""
    return any(s[name].nunique() * MIN_ROWS_EACH > len(s) > MIN_ROWS_EACH for s in samples)

"""JSON that no terminal acts on, and that every parser reads as the same values."""

import json
from typing import Any

from har.visible import INVISIBLE


def to_json(value: Any) -> str:
    r"""Return a value as JSON for people and machines.

    JSON escapes C0 by itself; what else acts or cannot be seen is escaped likewise.

    >>> print(to_json({"name": "caf\u00e9\u202e\x1b"}))
    {
      "name": "café\u202e\u001b"
    }
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return "\n".join(
        INVISIBLE.sub(lambda one: json.dumps(one[0])[1:-1], line) for line in text.split("\n")
    )

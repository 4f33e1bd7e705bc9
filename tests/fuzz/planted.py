"""A target whose reader ends its process, for the tests of the fuzzer itself."""

import os
from collections import Counter
from pathlib import Path

from fuzz.target import Target

SEEDS = {"a": {"a.txt": b"sound"}, "b": {"a.txt": b"x"}, "c": {"a.txt": b"sound"}}


def check(_seed: str, folder: Path) -> Counter[str]:
    """End the process at one input, as compiled code does."""
    if (folder / "input" / "a.txt").read_bytes() == b"x":
        os._exit(7)
    return Counter()


TARGETS = {"planted": Target("planted", lambda: SEEDS, lambda files, _: files, check)}

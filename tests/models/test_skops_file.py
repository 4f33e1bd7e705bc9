"""Files of skops: the same content gives the same bytes, and comes back whole."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.linear_model import LogisticRegression

from har.models.skops_file import dump

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from har.models.skops_file import dump

X = np.random.default_rng(0).normal(size=(40, 3))
dump(ExtraTreesClassifier(3, random_state=0).fit(X, X[:, 0] > 0), Path(sys.argv[1]))
"""


def something() -> dict[str, Any]:
    """Return a fitted estimator, an array that is there twice, and plain values."""
    X = np.random.default_rng(0).normal(size=(40, 3))
    shared = np.arange(5.0)
    fitted = LogisticRegression().fit(X, X[:, 0] > 0)
    return {"model": fitted, "a": shared, "b": shared, "numbers": [1.5, 1.5, None], "name": "x"}


def test_other_addresses_give_the_same_bytes(tmp_path: Path) -> None:
    """What lies in memory besides does not show."""
    first = something()
    dump(first, tmp_path / "first")
    dump(something(), tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    """Skops loads it: values are equal, and one object is still one."""
    written = something()
    dump(written, tmp_path / "file")
    read = skops.io.load(tmp_path / "file")
    np.testing.assert_array_equal(read["model"].coef_, written["model"].coef_)
    np.testing.assert_array_equal(read["a"], written["a"])
    assert read["a"] is read["b"]
    assert (read["numbers"], read["name"]) == ([1.5, 1.5, None], "x")


def test_other_content_gives_other_bytes(tmp_path: Path) -> None:
    """One array that differs is seen."""
    for name, value in (("first", 1.0), ("second", 2.0)):
        dump({"a": np.full(3, value)}, tmp_path / name)
    assert (tmp_path / "first").read_bytes() != (tmp_path / "second").read_bytes()


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """Neither the addresses nor the order of hashes of a process reach the file."""
    for seed in ("1", "2"):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / seed)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()

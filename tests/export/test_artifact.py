"""Which build serves follows from the content and from what was measured."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from har.errors import DataError, MissingError
from har.export.artifact import Build, Builds, Latency, MeasuredBounds
from har.measured import MEASURED

BOUNDS = MeasuredBounds(max_latency_ms=10, max_slowdown=1.2)
GOOD = Build(
    name="fp32",
    file="model-fp32.onnx",
    bytes=1000,
    sha256="0" * 64,
    max_probability_gap=1e-6,
    agreement=1.0,
    macro_f1=0.97,
    macro_f1_change=0.0,
    mismatches=(),
    latency=Latency(1.0, 1.2),
)
INT8 = replace(GOOD, name="int8-dynamic", bytes=300, latency=Latency(0.8, 1.0))


def judged(*builds: Build) -> Builds:
    return Builds.judge("encoder-small", builds, BOUNDS)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"mismatches": ("disagreement 0.02 > 0.005",)}, "disagreement 0.02 > 0.005"),
        ({"latency": Latency(20, 21)}, "latency, ms 20 > 10; latency / fp32 20 > 1.2"),
        ({"latency": Latency(1.5, 1.6)}, "latency / fp32 1.5 > 1.2"),
    ],
)
def test_broken_bound_is_marked_and_does_not_serve(fault: dict, message: str) -> None:
    """A build that breaks a bound is kept, says which, and fp32 serves instead."""
    builds = judged(GOOD, replace(INT8, **fault))
    assert [build.passed for build in builds.builds] == [True, False]
    assert [builds.verdict(build) for build in builds.builds] == ["serves", message]
    assert builds.serving == builds.shipped == GOOD


def test_smallest_good_build_serves() -> None:
    """Among those that pass, size decides, never the score on the test set."""
    better = replace(GOOD, name="int8-static", bytes=400, macro_f1=0.99, macro_f1_change=0.02)
    builds = judged(GOOD, INT8, better)
    assert builds.serving == INT8
    assert [builds.verdict(build) for build in builds.builds] == ["passed", "serves", "passed"]


def test_nothing_serves_when_all_fail() -> None:
    """No build is better than a wrong one; fp32 stands for the candidate."""
    slow = replace(GOOD, latency=Latency(99, 100))
    builds = judged(slow, replace(INT8, mismatches=("probability gap 0.4 > 0.15",)))
    assert builds.serving is None
    assert builds.shipped.name == "fp32"
    assert builds.to_dict()["serving"] is None


def test_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Content, latencies and verdicts."""
    builds = judged(GOOD, INT8, replace(INT8, name="int8-static", latency=Latency(2, 3)))
    builds.write(tmp_path)
    assert Builds.read(tmp_path) == builds


def test_content_does_not_depend_on_the_machine(tmp_path: Path) -> None:
    """Other latencies change another file, and with it which build serves."""
    folders = tmp_path / "a", tmp_path / "b"
    for folder, slow in zip(folders, (INT8, replace(INT8, latency=Latency(5, 6))), strict=True):
        folder.mkdir()
        judged(GOOD, slow).write(folder)
    a, b = ((folder / "builds.json").read_bytes() for folder in folders)
    assert a == b
    a, b = ((folder / MEASURED).read_bytes() for folder in folders)
    assert a != b
    assert [Builds.read(folder).shipped.name for folder in folders] == ["int8-dynamic", "fp32"]


def test_what_was_registered_before_is_still_read(tmp_path: Path) -> None:
    """Latencies and their failures stood in the one file; they are not judged again."""
    entry = {
        **{"name": "fp32", "file": "model-fp32.onnx", "bytes": 1000, "sha256": "0" * 64},
        **{"max_probability_gap": 1e-6, "agreement": 1.0, "macro_f1": 0.97},
        **{"macro_f1_change": 0.0, "latency_ms": 1.0, "latency_p95_ms": 1.2},
        **{"passed": True, "failures": []},
    }
    slow = {
        **{**entry, "name": "int8-dynamic", "bytes": 300, "latency_ms": 1.5},
        **{"passed": False, "failures": ["latency / fp32 1.5 > 1.2"]},
    }
    record = {"candidate": "encoder-small", "serving": "fp32", "builds": [entry, slow]}
    (tmp_path / "builds.json").write_text(json.dumps(record))
    builds = Builds.read(tmp_path)
    fp32, int8 = builds.builds
    assert fp32 == GOOD
    assert builds.serving == GOOD
    assert (int8.passed, int8.latency.latency_ms) == (False, 1.5)
    assert builds.verdict(int8) == "latency / fp32 1.5 > 1.2"
    as_before = [{k: v for k, v in b.items() if k != "verdict"} for b in builds.to_dict()["builds"]]
    assert as_before == record["builds"]


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    """No file, no latencies, a field that lacks, and a version of the future."""
    with pytest.raises(MissingError, match=r"builds\.json: not there"):
        Builds.read(tmp_path)
    judged(GOOD).write(tmp_path)
    path = tmp_path / "builds.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "version": 3}))
    with pytest.raises(DataError, match="version 2\n  found: version 3\n  to do: update har"):
        Builds.read(tmp_path)
    path.write_text(json.dumps({k: v for k, v in content.items() if k != "bounds"}))
    with pytest.raises(DataError, match=r"not a record of builds(.|\n)*'bounds'"):
        Builds.read(tmp_path)
    path.write_text(json.dumps(content))
    (tmp_path / MEASURED).unlink()
    with pytest.raises(MissingError, match=r"measured\.json: no latencies"):
        Builds.read(tmp_path)

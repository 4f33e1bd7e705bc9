"""Which build serves follows from the content and from what was measured."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from har.errors import DataError, MissingError
from har.export.artifact import Build, Builds, Elsewhere, Latency, MeasuredBounds
from har.measured import MEASURED

BOUNDS = MeasuredBounds(max_latency_ms=10, max_slowdown=1.2, max_answer_gap=0.01)
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
WEB = Elsewhere("onnxruntime-web 1.30.0", gap=0.01, agreement=0.998, latency_ms=0.5)
INT8 = replace(GOOD, name="int8-dynamic", bytes=300, latency=Latency(0.8, 1.0))


def judged(*builds: Build) -> Builds:
    return Builds.judge("encoder-small", builds, BOUNDS)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"mismatches": ("disagreement 0.02 > 0.005",)}, "disagreement 0.02 > 0.005"),
        ({"latency": Latency(20, 21)}, "latency, ms 20 > 10; latency / fp32 20 > 1.2"),
        ({"latency": Latency(1.5, 1.6)}, "latency / fp32 1.5 > 1.2"),
        (
            {"elsewhere": (replace(WEB, gap=0.03),)},
            "gap in onnxruntime-web 1.30.0 0.03 > 0.01",
        ),
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
    """Content, what was measured, and verdicts."""
    compared = replace(GOOD, pair_sum=0, batch_gap=1e-6, elsewhere=(WEB,))
    slow = replace(INT8, name="int8-static", latency=Latency(2, 3), pair_sum=32_640)
    builds = judged(compared, INT8, slow)
    builds.write(tmp_path)
    assert Builds.read(tmp_path) == builds


def test_content_does_not_depend_on_the_machine(tmp_path: Path) -> None:
    """Other latencies and answers change another file, and with it which build serves."""
    slow = replace(INT8, latency=Latency(5, 6))
    other = replace(INT8, elsewhere=(replace(WEB, gap=0.2),))
    for name, build in {"a": INT8, "b": slow, "c": other}.items():
        (tmp_path / name).mkdir()
        judged(GOOD, build).write(tmp_path / name)
    for file, contents in {"builds.json": 1, MEASURED: 3}.items():
        assert len({(tmp_path / name / file).read_bytes() for name in "abc"}) == contents
    shipped = [Builds.read(tmp_path / name).shipped.name for name in "abc"]
    assert shipped == ["int8-dynamic", "fp32", "fp32"]


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


def test_a_record_without_comparisons_is_still_read(tmp_path: Path) -> None:
    """Version 2 knows nothing of other processors and runtimes, and bounds none of it."""
    compared = replace(INT8, pair_sum=0, batch_gap=1e-6, elsewhere=(WEB,))
    judged(GOOD, compared).write(tmp_path)
    path = tmp_path / "builds.json"
    content = json.loads(path.read_text())
    del content["bounds"]["max_answer_gap"], content["builds"][1]["pair_sum"]
    del content["builds"][1]["batch_gap"]
    path.write_text(json.dumps({**content, "version": 2}))
    measured = json.loads((tmp_path / MEASURED).read_text())
    del measured["builds"]["int8-dynamic"]["elsewhere"]
    (tmp_path / MEASURED).write_text(json.dumps(measured))
    builds = Builds.read(tmp_path)
    assert builds.builds == (GOOD, INT8)
    assert builds.serving == INT8
    assert not builds.bounds.stated.keys() - {"max_latency_ms", "max_slowdown"}


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    """No file, no latencies, a field that lacks, and a version of the future."""
    with pytest.raises(MissingError, match=r"builds\.json: not there"):
        Builds.read(tmp_path)
    judged(GOOD).write(tmp_path)
    path = tmp_path / "builds.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "version": 4}))
    with pytest.raises(DataError, match="most version 3\n  found: version 4\n  to do: update har"):
        Builds.read(tmp_path)
    path.write_text(json.dumps({k: v for k, v in content.items() if k != "bounds"}))
    with pytest.raises(DataError, match=r"not a record of builds(.|\n)*'bounds'"):
        Builds.read(tmp_path)
    path.write_text(json.dumps(content))
    (tmp_path / MEASURED).unlink()
    with pytest.raises(MissingError, match=r"measured\.json: no latencies"):
        Builds.read(tmp_path)

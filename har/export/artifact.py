"""What an export says of its ONNX files: how good each one is, and which one serves.

Two files stand beside the ONNX files. ``builds.json`` holds what follows from the model,
the windows and the settings alone: parity with the model, and the bounds of what machines
measure. ``measured.json`` holds what one machine measured: latencies, and the answers of other
runtimes that it has. Which build serves depends on both, so it is derived whenever they are read.

Version 3 added whether a build answers alike everywhere: ``pair_sum``, ``batch_gap``,
``elsewhere`` and their bound.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from har.errors import DataError, MissingError
from har.lineage import origin
from har.measured import MEASURED, read_measured, write_measured

FILE = "builds.json"
VERSION = 3
_READ = (2, 3)

MAX_PAIR_SUM = 2**15 - 1
"""The largest sum of two products that 16 bits hold."""


@dataclass(frozen=True)
class Latency:
    """How long one window takes on one thread.

    Attributes
    ----------
    latency_ms, latency_p95_ms : float
        Median and 95th percentile, ms.
    """

    latency_ms: float
    latency_p95_ms: float


@dataclass(frozen=True)
class Elsewhere:
    """How another runtime answers some test windows with the same file.

    Attributes
    ----------
    runtime : str
        Its name and version.
    gap : float
        Largest difference of a class probability from the answers given here.
    agreement : float
        Share of these windows with the same label.
    latency_ms : float
        Median for one window on one thread, ms.
    """

    runtime: str
    gap: float
    agreement: float
    latency_ms: float


@dataclass(frozen=True)
class MeasuredBounds:
    """What the measurements of a machine are held against if a build is to serve.

    Attributes
    ----------
    max_latency_ms : float
        Largest median, ms.
    max_slowdown : float
        Largest median relative to that of the fp32 build.
    max_answer_gap : float
        Largest difference of a probability in another runtime.
    """

    max_latency_ms: float = math.inf
    max_slowdown: float = math.inf
    max_answer_gap: float = math.inf

    @property
    def stated(self) -> dict[str, float]:
        """Those that bound anything: JSON has no infinity."""
        return {name: bound for name, bound in asdict(self).items() if math.isfinite(bound)}


@dataclass(frozen=True)
class Build:
    """One ONNX file, measured on the test windows and judged by the bounds.

    Attributes
    ----------
    name, file, sha256 : str
        The build and its file.
    bytes : int
        Size of the file.
    max_probability_gap : float
        Largest difference of a class probability from the model's.
    agreement : float
        Share of windows with the model's label.
    macro_f1, macro_f1_change : float
        Of the build, and the build's minus the model's.
    mismatches : tuple of str
        The bounds of parity that it breaks, each with value and bound.
    latency : Latency
        On the machine that exported it.
    pair_sum : int or None
        Largest sum of two products of integers that any windows could cause
        (`har.export.overflow.largest_pair_sum`); None of builds made before it was known.
    batch_gap : float or None
        Largest difference of a class probability between test windows alone and among others;
        None as above.
    elsewhere : tuple of Elsewhere
        Its answers in the other runtimes of the machine that exported it.
    delays : tuple of str
        The bounds of latency that it breaks, each with value and bound.
    differences : tuple of str
        The bounds that its answers elsewhere break.
    """

    name: str
    file: str
    bytes: int
    sha256: str
    max_probability_gap: float
    agreement: float
    macro_f1: float
    macro_f1_change: float
    mismatches: tuple[str, ...]
    latency: Latency
    pair_sum: int | None = None
    batch_gap: float | None = None
    elsewhere: tuple[Elsewhere, ...] = ()
    delays: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """All bounds that it breaks."""
        return self.mismatches + self.differences + self.delays

    @property
    def passed(self) -> bool:
        """Whether every bound holds."""
        return not self.failures


_CONTENT = (
    *("name", "file", "bytes", "sha256", "max_probability_gap", "agreement"),
    *("macro_f1", "macro_f1_change"),
)
_ALIKE = ("pair_sum", "batch_gap")


@dataclass(frozen=True)
class Builds:
    """Every build of a candidate.

    Attributes
    ----------
    candidate : str
        Name of the model.
    builds : tuple of Build
        The fp32 build first.
    bounds : MeasuredBounds
        What was measured on the machine is held against.
    """

    candidate: str
    builds: tuple[Build, ...]
    bounds: MeasuredBounds

    @classmethod
    def judge(cls, candidate: str, builds: Sequence[Build], bounds: MeasuredBounds) -> Self:
        """Return builds, the fp32 build first, with the measured bounds that each breaks."""
        fp32_ms = builds[0].latency.latency_ms
        judged = (
            replace(
                build,
                delays=_delays(build.latency, fp32_ms, bounds),
                differences=_differences(build.elsewhere, bounds),
            )
            for build in builds
        )
        return cls(candidate, tuple(judged), bounds)

    @cached_property
    def serving(self) -> Build | None:
        """The smallest build that passed: never chosen by its score on the test windows."""
        passed = [build for build in self.builds if build.passed]
        return min(passed, key=lambda build: build.bytes) if passed else None

    @property
    def shipped(self) -> Build:
        """The build that serves; fp32, which may not serve, where none passed."""
        return self.serving or self.builds[0]

    def verdict(self, build: Build) -> str:
        """Say whether a build serves, passed, or which bounds it breaks."""
        if build.failures:
            return "; ".join(build.failures)
        return "serves" if build == self.serving else "passed"

    def to_dict(self) -> dict[str, Any]:
        """Return all that is known, measured and derived, as JSON-able data."""
        return {
            "candidate": self.candidate,
            "serving": self.serving.name if self.serving else None,
            "builds": [
                {
                    **_content(build),
                    **_measured(build),
                    "passed": build.passed,
                    "failures": list(build.failures),
                    "verdict": self.verdict(build),
                }
                for build in self.builds
            ],
        }

    def write(self, folder: Path) -> None:
        """Write ``builds.json`` and ``measured.json``."""
        content = {
            "version": VERSION,
            "candidate": self.candidate,
            "bounds": self.bounds.stated,
            "builds": [{**_content(b), "mismatches": list(b.mismatches)} for b in self.builds],
        }
        text = json.dumps(content, indent=1, allow_nan=False)
        (folder / FILE).write_text(text + "\n", encoding="utf-8")
        measured = {build.name: _measured(build) for build in self.builds}
        write_measured(folder, {"machine": origin.processor(), "builds": measured})

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote, or what was registered before ``measured.json`` was.

        Raises
        ------
        DataError
            If the record is of a version that is not known, or lacks a field.
        MissingError
            If a file is not there.
        """
        path = folder / FILE
        if not path.exists():
            raise MissingError(f"{path}: not there", hint="`har run` makes it")
        content = json.loads(path.read_text(encoding="utf-8"))
        try:
            if "version" not in content:
                return cls._from_version_1(content)
            _require_known(content["version"], path)
            return cls._from_content(content, _measurements(folder))
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{path}: not a record of builds", expected="all its fields", found=f"no {error}"
            ) from None

    @classmethod
    def _from_content(cls, content: Mapping[str, Any], measured: Mapping[str, Any]) -> Self:
        builds = [
            _build(entry, entry["mismatches"], measured[entry["name"]])
            for entry in content["builds"]
        ]
        return cls.judge(content["candidate"], builds, MeasuredBounds(**content["bounds"]))

    @classmethod
    def _from_version_1(cls, content: Mapping[str, Any]) -> Self:
        """Read a record with latencies inside, whose failures include those of latency."""
        builds = [_build(entry, entry["failures"], entry) for entry in content["builds"]]
        return cls.judge(content["candidate"], builds, MeasuredBounds())


def _delays(latency: Latency, fp32_ms: float, bounds: MeasuredBounds) -> tuple[str, ...]:
    rules = {
        "latency, ms": (latency.latency_ms, bounds.max_latency_ms),
        "latency / fp32": (latency.latency_ms / fp32_ms, bounds.max_slowdown),
    }
    return broken_bounds(rules)


def _differences(elsewhere: Sequence[Elsewhere], bounds: MeasuredBounds) -> tuple[str, ...]:
    rules = {f"gap in {one.runtime}": (one.gap, bounds.max_answer_gap) for one in elsewhere}
    return broken_bounds(rules)


def broken_bounds(rules: Mapping[str, tuple[float, float]]) -> tuple[str, ...]:
    """Return those of some rules whose value exceeds its bound, each with both."""
    return tuple(f"{rule} {v:.4g} > {bound:.4g}" for rule, (v, bound) in rules.items() if v > bound)


def _content(build: Build) -> dict[str, Any]:
    alike = {name: getattr(build, name) for name in _ALIKE}
    known = {name: value for name, value in alike.items() if value is not None}
    return {**{name: getattr(build, name) for name in _CONTENT}, **known}


def _measured(build: Build) -> dict[str, Any]:
    elsewhere = [asdict(one) for one in build.elsewhere]
    return {**asdict(build.latency), **({"elsewhere": elsewhere} if elsewhere else {})}


def _build(
    entry: Mapping[str, Any], mismatches: Sequence[str], measured: Mapping[str, Any]
) -> Build:
    return Build(
        **{name: entry[name] for name in _CONTENT},
        mismatches=tuple(mismatches),
        latency=Latency(measured["latency_ms"], measured["latency_p95_ms"]),
        pair_sum=entry.get("pair_sum"),
        batch_gap=entry.get("batch_gap"),
        elsewhere=tuple(Elsewhere(**one) for one in measured.get("elsewhere", ())),
    )


def _measurements(folder: Path) -> dict[str, Any]:
    measured = read_measured(folder)
    if "builds" not in measured:
        raise MissingError(f"{folder / MEASURED}: no latencies", hint="export the model again")
    builds: dict[str, Any] = measured["builds"]
    return builds


def _require_known(version: object, path: Path) -> None:
    if version not in _READ:
        raise DataError(
            f"{path}: a newer record of builds than this program reads",
            expected=f"at most version {VERSION}",
            found=f"version {version}",
            hint="update har",
        )

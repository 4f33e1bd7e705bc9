"""Where the time of a first and a second run goes."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from har.errors import HarError
from har.lineage.manifest import Manifest


@dataclass(frozen=True)
class Spent:
    """What one part of a run took.

    Attributes
    ----------
    run : str
        ``first`` or ``second``.
    part : str
        A kind of step (``train-svm`` with all its seeds), ``orchestration`` (all that is no
        step: imports, Prefect, the registry, the gate) or ``all``.
    seconds : float or None
        Wall clock; None of orchestration, which goes on beside the steps.
    cpu_seconds : float
        Of all processes.
    share : float
        Of the run's CPU seconds, 0 to 1.
    """

    run: str
    part: str
    seconds: float | None
    cpu_seconds: float
    share: float


def run(overrides: Sequence[str]) -> Iterator[Spent]:
    """Carry out the main job twice in an empty project; yield where the time went.

    Parameters
    ----------
    overrides : sequence of str
        Changed settings, as given with ``--set``.

    Raises
    ------
    HarError
        If a run fails.
    """
    with tempfile.TemporaryDirectory(prefix="har-") as folder:
        for name in ("first", "second"):
            yield from _measured(name, Path(folder), overrides)


def _measured(name: str, project: Path, overrides: Sequence[str]) -> Iterator[Spent]:
    command = [sys.executable, "-c", "from har.cli import main; main()", "run"]
    changes = [word for override in overrides for word in ("--set", override)]
    own = {"PREFECT_HOME": str(project / "prefect"), "HAR_STORE": str(project / "store")}
    found, cpu_before, start = _manifests(project), _cpu_of_children(), time.perf_counter()
    done = subprocess.run(
        [*command, *changes],
        cwd=project,
        env={**os.environ, **own},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    seconds, cpu_seconds = time.perf_counter() - start, _cpu_of_children() - cpu_before
    if done.returncode:
        raise HarError(f"the {name} run ended with exit code {done.returncode}")
    made: dict[str, list[float]] = {}
    for path in sorted(_manifests(project) - found, key=lambda path: path.stat().st_mtime_ns):
        manifest = Manifest.read(path.parent)
        taken = made.setdefault(manifest.step, [0.0, 0.0])
        taken[0] += manifest.seconds
        taken[1] += manifest.cpu_seconds
    for step, (step_seconds, step_cpu) in made.items():
        yield Spent(name, step, step_seconds, step_cpu, step_cpu / cpu_seconds)
    rest = cpu_seconds - sum(step_cpu for _, step_cpu in made.values())
    yield Spent(name, "orchestration", None, rest, rest / cpu_seconds)
    yield Spent(name, "all", seconds, cpu_seconds, 1.0)


def _manifests(project: Path) -> set[Path]:
    return set((project / "store").glob(f"*/*/{Manifest.FILE}"))


def _cpu_of_children() -> float:
    """Return the CPU seconds of the processes that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime

"""Every ONNX build against the model that it was made from, in the same run."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from har.arrays import Float32, Float64
from har.benchmarks import page
from har.benchmarks.measure import cost_of
from har.data.windows import Windows
from har.export.artifact import Builds
from har.models.catalogue import CLASSICAL
from har.models.runtime import BATCH, OnnxModel
from har.steps.plan import chosen
from har.steps.run import Run

BATCHES = (1, 8, 64)
THREADS = (1, 2)
# What a day of one person is, at one window each 1.28 s.
DAY = 67_500
# Sizes of the calls that a day might be answered in.
CALLS = (8, 32, 64, 128, 256, 512)
# Windows that calls are drawn from: more than a processor could learn by heart.
DRAWN = 1024
# Windows of the calls whose operators are timed, and how many operators are named.
WATCHED, NAMED = (1, 64), 8
# Of which a 95th percentile can be said.
MIN_ROUNDS = 40

Answer = Callable[[Float32], object]


@dataclass(frozen=True)
class Latency:
    """How long one call takes, ms, and how many times faster than the model itself it is.

    Attributes
    ----------
    p50, p95, p99 : float
        Quantiles, ms.
    times : float
        The model's fastest call over this one's, of rounds in which all are called in turn.
    """

    p50: float
    p95: float
    p99: float
    times: float


@dataclass(frozen=True)
class Operators:
    """What ONNX Runtime executes in one call.

    Attributes
    ----------
    nodes : int
        How many.
    us : dict of str to float
        What all nodes of an operator take, µs, the most first; being watched slows them down.
    """

    nodes: int
    us: Mapping[str, float]


@dataclass(frozen=True)
class Entry:
    """One model in one form.

    Attributes
    ----------
    model, form : str
        Its name; ``torch``, ``scikit-learn`` or the name of a build.
    bytes : int or None
        Of a build's file.
    peak_mb : float
        Largest memory of a process that does nothing but answer 1,024 windows, MB.
    latency : dict
        By threads and windows of a call.
    day_s : float or None
        What a build takes to answer the windows of a day on one thread, s.
    call_us : dict of int to float
        By windows of a call, what each of them takes on one thread, µs.
    operators : dict of int to Operators
        By windows of a call, on one thread; of builds alone.
    serves : bool
        Whether it is the build that serves.
    """

    model: str
    form: str
    bytes: int | None
    peak_mb: float
    latency: Mapping[tuple[int, int], Latency]
    day_s: float | None
    call_us: Mapping[int, float]
    operators: Mapping[int, Operators]
    serves: bool


def run(start: Run, *, rounds: int, day: int = DAY) -> Iterator[Entry]:
    """Yield every candidate of a run: the model itself, then its builds.

    Parameters
    ----------
    start : Run
        The data, and a recipe with the candidates.
    rounds : int
        Timed calls of one window each; larger calls are made as much less often as they
        take longer, but `MIN_ROUNDS` times at least.
    day : int
        Windows of a day.
    """
    X = Windows.load(start["windows"].path).select("test").X
    X = np.ascontiguousarray(X[np.random.default_rng(0).permutation(len(X))[:DRAWN]])
    for name in start.recipe.candidates:
        model, folder = start[chosen(name)].path, start[f"export-{name}"].path
        builds = Builds.read(folder)
        paths = [folder / build.file for build in builds.builds]
        timed = {n: cost_of(timings, model, paths, X, n, rounds).result for n in THREADS}
        for row, path in enumerate((model, *paths)):
            build = builds.builds[row - 1] if row else None
            cost = cost_of(day_of, path, X, day).result if build else None
            yield Entry(
                model=name,
                form=build.name if build else "scikit-learn" if name in CLASSICAL else "torch",
                bytes=build.bytes if build else None,
                peak_mb=cost_of(answer, path, X).peak_mb,
                latency={
                    (n, size): _latency(found[row], found[0])
                    for n, by_size in timed.items()
                    for size, found in by_size.items()
                },
                day_s=cost[0] if cost else None,
                call_us=cost[1] if cost else {},
                operators={n: operators_of(path, X[:n]) for n in WATCHED if build},
                serves=build is not None and build == builds.serving,
            )


def timings(
    model: Path, paths: Sequence[Path], X: Float32, threads: int, rounds: int
) -> dict[int, Float64]:
    """Time a model and its builds, in turns, so that a busy moment slows them all.

    Returns
    -------
    dict of int to ndarray of shape (1 + n_builds, n_rounds), ms
        By windows of a call.
    """
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    forms = [_loaded(model), *(OnnxModel(path, threads=threads).call for path in paths)]
    with threadpool_limits(threads):
        return {size: _rounds(forms, X, size, max(MIN_ROUNDS, rounds // size)) for size in BATCHES}


def _rounds(forms: Sequence[Answer], X: Float32, size: int, n: int) -> Float64:
    """Return what each form takes in each round, ms, after a tenth as many to warm up."""
    warm_up = 2 + n // 10
    times = np.empty((len(forms), warm_up + n))
    for i in range(times.shape[1]):
        # Other windows each time: a processor learns the branches of one by heart.
        windows = np.take(X, range(i * size, (i + 1) * size), axis=0, mode="wrap")
        for row, form in enumerate(forms):
            begun = time.perf_counter()
            form(windows)
            times[row, i] = 1000 * (time.perf_counter() - begun)
    return times[:, warm_up:]


def answer(path: Path, X: Float32) -> None:
    """Answer windows with a model or a build, as many at a time as a service would."""
    form = _loaded(path)
    for begin in range(0, len(X), BATCH):
        form(X[begin : begin + BATCH])


def day_of(path: Path, X: Float32, n: int) -> tuple[float, dict[int, float]]:
    """Return what a build takes for n windows, s, and for each in calls of several sizes, µs."""
    model = OnnxModel(path)
    windows = np.resize(X, (n, *X.shape[1:]))
    begun = time.perf_counter()
    model.run(windows)
    seconds = time.perf_counter() - begun
    sizes = [size for size in CALLS if size <= len(X)]
    calls = {size: _rounds([model.call], X, size, max(5, 2 * len(X) // size)) for size in sizes}
    return seconds, {size: float(np.median(t)) * 1000 / size for size, t in calls.items()}


def operators_of(path: Path, windows: Float32, calls: int = 40) -> Operators:
    """Return what ONNX Runtime executes of a file, once it has simplified it.

    Parameters
    ----------
    path : Path
        The file.
    windows : ndarray of shape (n_windows, n_samples, n_channels)
        What each call answers.
    calls : int
        How many are made.
    """
    import onnxruntime as ort

    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_profiling, options.profile_file_prefix = True, f"{folder}/profile"
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        for _ in range(calls):
            session.run(None, {"windows": windows})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    executed = [event for event in events if event["name"].endswith("_kernel_time")]
    us: Counter[str] = Counter()
    for event in executed:
        # What an If takes is what the nodes inside of it take.
        if (name := event["args"]["op_name"]) != "If":
            us[name] += event["dur"]
    return Operators(len(executed) // calls, {name: n / calls for name, n in us.most_common()})


def _loaded(path: Path) -> Answer:
    if path.is_file():
        return OnnxModel(path).call
    from har.models.interface import load_model

    return load_model(path).predict_proba


def _latency(own: Float64, model: Float64) -> Latency:
    p50, p95, p99 = (float(q) for q in np.quantile(own, (0.5, 0.95, 0.99)))
    return Latency(p50, p95, p99, float(model.min() / own.min()))


def rows(entries: Sequence[Entry]) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of the table of latencies."""
    columns = ["model", "form", "threads", "kB", "nodes", "MB"]
    for size in BATCHES:
        columns += [f"{size}: p50", "p95", "p99", "times"]
    cells = []
    for e in entries:
        for threads in THREADS:
            row = [
                e.model,
                e.form,
                str(threads),
                _kb(e.bytes),
                str(e.operators[1].nodes) if e.operators else "",
                f"{e.peak_mb:.0f}",
            ]
            for size in BATCHES:
                took = e.latency[threads, size]
                row += [f"{ms:.2f}" for ms in (took.p50, took.p95, took.p99)]
                row.append(f"{took.times:.1f}" if e.bytes else "")
            cells.append(row)
    return columns, cells


def _kb(size: int | None) -> str:
    return f"{size / 1000:,.0f}" if size else ""


def day_rows(entries: Sequence[Entry]) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of the table of days, one for each build."""
    columns = ["model", "build", "a day, s", *(f"{size}" for size in CALLS), "serves"]
    cells = [
        [
            e.model,
            e.form,
            f"{e.day_s:.1f}",
            *(f"{e.call_us[size]:.0f}" if size in e.call_us else "" for size in CALLS),
            "yes" if e.serves else "",
        ]
        for e in entries
        if e.day_s is not None
    ]
    return columns, cells


def operator_rows(entries: Sequence[Entry]) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of the table of operators, two for each build that serves."""
    cells = [
        [
            e.model,
            e.form,
            str(n),
            str(of.nodes),
            f"{sum(of.us.values()):.0f}",
            ", ".join(f"{name} {us:.0f}" for name, us in list(of.us.items())[:NAMED]),
        ]
        for e in entries
        if e.serves
        for n, of in e.operators.items()
    ]
    return ["model", "build", "windows", "nodes", "all", "operators"], cells


def lines(entries: Sequence[Entry], seeds: Sequence[int], day: int = DAY) -> Iterator[str]:
    """Yield the page, line by line."""
    yield "# ONNX builds"
    yield ""
    yield from page.made_by(seeds)
    yield (
        "Each model as it was trained (torch; scikit-learn on features by torch) and each of its "
        "ONNX builds, timed in turns in one process: milliseconds a call of 1, 8 and 64 windows."
    )
    yield ""
    yield from page.table(*rows(entries))
    yield "- nodes: what ONNX Runtime executes for one window, once it has simplified the file."
    yield f"- MB: peak of a process of its own that answers {DRAWN:,} windows, {BATCH} at a time."
    yield "- times: how many times faster than the model itself, by the fastest call of each."
    yield ""
    yield "## A day of one person"
    yield ""
    sizes = ", ".join(map(str, CALLS))
    yield (
        f"{day:,} windows on one thread, {BATCH} at a time; and what one window takes, µs, in "
        f"calls of {sizes}."
    )
    yield ""
    yield from page.table(*day_rows(entries))
    yield "## Where the time goes"
    yield ""
    yield (
        "Of a call on one thread, each node watched: the nodes, and what those of the dearest "
        "operators take, µs."
    )
    yield ""
    yield from page.table(*operator_rows(entries))

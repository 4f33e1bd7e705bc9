"""Every ONNX build on the test windows, natively and in WebAssembly, alone and in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from har.benchmarks import page
from har.data.windows import Windows
from har.errors import MissingError
from har.export.alike import batch_gap, compare
from har.export.artifact import Build, Builds
from har.export.web import WebAnswers, WebRuntime
from har.models.runtime import OnnxModel
from har.steps.run import Run

REPEATS = 300


@dataclass(frozen=True)
class Entry:
    """One build.

    Attributes
    ----------
    model, build : str
        Its names.
    bytes : int
        Size of the file.
    pair_sum : int
        Largest sum of two products of integers; 0 where it computes in float32.
    model_gap, batch_gap, web_gap : float
        Largest difference of a probability: from the model, between windows alone and in
        batches, between here and WebAssembly.
    agreement : float
        Share of windows with the same label here and there.
    accuracy, web_accuracy : float
        Here and there.
    latency_ms, web_latency_ms : float
        Median for one window on one thread, ms.
    verdict : str
        Whether it serves, or why not.
    """

    model: str
    build: str
    bytes: int
    pair_sum: int
    model_gap: float
    batch_gap: float
    web_gap: float
    agreement: float
    accuracy: float
    web_accuracy: float
    latency_ms: float
    web_latency_ms: float
    verdict: str


def run(start: Run) -> Iterator[Entry]:
    """Yield every build of every candidate of a run.

    Raises
    ------
    MissingError
        If there is no onnxruntime-web.
    """
    web = find()
    test = Windows.load(start["windows"].path).select("test")
    for name in start.recipe.candidates:
        folder = start[f"export-{name}"].path
        builds = Builds.read(folder)
        paths = [folder / build.file for build in builds.builds]
        answers = web.answers(paths, test.X, REPEATS)
        for build, path, answer in zip(builds.builds, paths, answers, strict=True):
            yield _entry(builds, build, OnnxModel(path), test, web, answer)


def find() -> WebRuntime:
    """Return onnxruntime-web; without it there is nothing to compare with."""
    web = WebRuntime.installed()
    if web is None:
        raise MissingError(
            "there is no Node with onnxruntime-web here",
            hint="`npm install onnxruntime-web` in this folder, or NODE_PATH=…/node_modules",
        )
    return web


def _entry(
    builds: Builds,
    build: Build,
    model: OnnxModel,
    test: Windows,
    web: WebRuntime,
    answer: WebAnswers,
) -> Entry:
    native = model.predict_proba(test.X)
    elsewhere = compare(web, answer, native)
    return Entry(
        model=builds.candidate,
        build=build.name,
        bytes=build.bytes,
        pair_sum=build.pair_sum or 0,
        model_gap=build.max_probability_gap,
        batch_gap=batch_gap(model, test.X),
        web_gap=elsewhere.gap,
        agreement=elsewhere.agreement,
        accuracy=float(np.mean(native.argmax(1) == test.y)),
        web_accuracy=float(np.mean(answer.probabilities.argmax(1) == test.y)),
        latency_ms=build.latency.latency_ms,
        web_latency_ms=elsewhere.latency_ms,
        verdict=builds.verdict(build),
    )


def rows(entries: Sequence[Entry]) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of a table."""
    columns = ["model", "build", "kB", "products", "from model", "in a batch", "in wasm"]
    columns += ["same label", "accuracy", "in wasm", "ms", "in wasm", "verdict"]
    cells = [
        [
            e.model,
            e.build,
            f"{e.bytes / 1000:,.0f}",
            f"{e.pair_sum:,}" if e.pair_sum else "",
            *(f"{gap:.5f}" for gap in (e.model_gap, e.batch_gap, e.web_gap)),
            *(f"{share:.4f}" for share in (e.agreement, e.accuracy, e.web_accuracy)),
            *(f"{ms:.2f}" for ms in (e.latency_ms, e.web_latency_ms)),
            e.verdict,
        ]
        for e in entries
    ]
    return columns, cells


def lines(entries: Sequence[Entry], runtime: str, seeds: Sequence[int]) -> Iterator[str]:
    """Yield the page, line by line."""
    yield "# Runtimes"
    yield ""
    yield from page.made_by(seeds)
    yield (
        f"Every ONNX build on the labelled test windows, canonical split: ONNX Runtime here and "
        f"{runtime} (WebAssembly) under Node, one thread each. Of several seeds, the one that is "
        "best on validation."
    )
    yield ""
    yield from page.table(*rows(entries))
    yield (
        "- products: the largest sum of two products of integers that any windows could cause; "
        "above 32,767 processors without VNNI cut it off. Empty: computed in float32."
    )
    yield (
        "- from model, in a batch, in wasm: the largest difference of any probability from the "
        "model's own, between windows alone and 256 at a time, between native and WebAssembly."
    )
    yield "- same label: share of windows to which native and WebAssembly give the same activity."
    yield "- ms: median for one window."

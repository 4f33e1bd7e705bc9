"""Small but real candidates, and a real MLflow server."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
import support
from onnx import TensorProto, helper, numpy_helper
from records import fine_tuning, pretraining
from safetensors.numpy import save_file
from scores import robustness
from support import Setup, opened, promote

from har.config import GateSettings, IntervalSettings, Recipe
from har.data.recording import (
    CHANNELS,
    UNITS,
    Recording,
    RecordingMeta,
    make_table,
    write_recording,
)
from har.data.windows import Windows
from har.evaluation.calibration import reliability
from har.evaluation.metrics import score
from har.evaluation.predictions import predictions, test_digest
from har.evaluation.results.scores import Metrics
from har.export.artifact import Build, Builds, Latency, MeasuredBounds
from har.export.distance import add_distance
from har.lineage import digest
from har.lineage.signing import keys
from har.models.out_of_distribution import MahalanobisDetector
from har.registry.gate.checks import DataChecks
from har.registry.versions.candidate import Candidate
from har.registry.versions.registration import register
from har.registry.versions.version import Version
from har.store import Artifact, Store

CLASSES = ("WALKING", "SITTING", "LAYING")
SUBJECTS = tuple(f"s{n:02d}" for n in range(1, 13))
SPLITS = dict.fromkeys(SUBJECTS[:4], "train") | dict.fromkeys(SUBJECTS[4:6], "validation")
PER_SUBJECT = 30
N_SAMPLES, N_HOP = 128, 64

MakeCandidate = Callable[..., Candidate]


@pytest.fixture(scope="session")
def windows_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save 30 windows of 3 classes for each of 12 subjects, 6 of whom are for testing."""
    folder = tmp_path_factory.mktemp("windows")
    rng = np.random.default_rng(0)
    who = np.repeat(SUBJECTS, PER_SUBJECT)
    y = np.tile(np.arange(len(CLASSES)), len(who) // len(CLASSES)).astype(np.int64)
    index = pd.DataFrame(
        {
            "window_id": [f"w{i}" for i in range(len(who))],
            **{"dataset": "tiny", "placement": "waist", "device": ""},
            "subject_id": who,
            "recording_id": [f"{subject}-r1" for subject in who],
            "start_s": 1.28 * np.tile(np.arange(PER_SUBJECT), len(SUBJECTS)),
            "activity": np.array(CLASSES)[y],
            "purity": 1.0,
            "split": [SPLITS.get(subject, "test") for subject in who],
        }
    )
    X = rng.normal(size=(len(who), N_SAMPLES, len(CHANNELS))).astype(np.float32)
    Windows(X, y, index, CLASSES).save(folder)
    return folder


@pytest.fixture(scope="session")
def origin_steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artifact]:
    """Make an ingest step with one recording and a pretrain step with weights."""
    store = Store(tmp_path_factory.mktemp("origin"))

    def ingest(out: Path) -> None:
        meta = RecordingMeta(
            *("tiny", "s01-r1", "s01", 50.0, "waist", "CC BY 4.0"),
            source={"tiny.parquet": "ab" * 32},
        )
        columns = {"time_s": np.arange(3) / 50} | {c: np.zeros(3) for c in CHANNELS}
        write_recording(Recording(make_table(meta, columns, [None] * 3), meta), out)

    def pretrain(out: Path) -> None:
        save_file({"w": np.ones(3, np.float32)}, out / "model.safetensors")
        pretraining().write(out)
        (out / "config.json").write_text("{}")

    def make(name: str, build: Callable[[Path], None]) -> Artifact:
        return store.get_or_make(name, build, inputs={}, params={}, entries=["har.lineage.digest"])

    return {"ingest": make("ingest", ingest), "pretrain": make("pretrain", pretrain)}


@pytest.fixture
def make_candidate(
    tmp_path: Path, windows_folder: Path, origin_steps: dict[str, Artifact]
) -> MakeCandidate:
    """Return a factory of candidates that err on a stated number of windows per subject."""

    def make(
        name: str = "encoder-small",
        *,
        recipe: Recipe | None = None,
        errors: int = 2,
        failures: tuple[str, ...] = (),
        digest_of_test: str | None = None,
        **metadata: str,
    ) -> Candidate:
        root = tmp_path / f"{name}-{errors}-{len(failures)}-{digest_of_test}"
        folders = {
            part: root / part for part in ("model", "evaluation", "export", "checks", "report")
        }
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        write_model(folders["model"])
        write_evaluation(folders["evaluation"], windows_folder, name, errors, digest_of_test)
        write_export(folders["export"], name, failures, **metadata)
        write_checks(folders["checks"])
        (folders["report"] / "report.html").write_text("<h1>Report</h1>")
        return Candidate(
            name=name,
            dataset="tiny",
            model=folders["model"],
            evaluation=folders["evaluation"],
            export=folders["export"],
            report=folders["report"],
            checks=folders["checks"],
            windows=windows_folder,
            steps=origin_steps if name == "encoder-small" else {"ingest": origin_steps["ingest"]},
            recipe=recipe or Recipe(),
        )

    return make


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make MLflow's tables once: that takes seconds."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    opened(Setup(registry={"tracking_uri": f"sqlite:///{path}"})).connect()
    return path


@pytest.fixture
def local(tmp_path: Path, empty_database: Path) -> Setup:
    """Return settings of the local registry in the test's own working directory.

    No promotion waits for approval: what does is tested on its own. Whom tests let act by name
    are people although they are one account.
    """
    (tmp_path / "mlruns").mkdir()
    shutil.copy(empty_database, tmp_path / "mlruns" / "mlflow.db")
    return Setup(
        store=tmp_path / "store", gate={"approval": "never", "shared_account": True, "max_ece": 0.3}
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `mlflow server` on PostgreSQL, or on sqlite where that is not installed."""
    folder = tmp_path_factory.mktemp("server")
    with (
        support.database(folder) as database,
        support.mlflow_server(database, folder / "artifacts") as address,
    ):
        yield address


@pytest.fixture(params=["local", "server"])
def settings(request: pytest.FixtureRequest, local: Setup) -> Setup:
    """Return settings of the local registry, and of a server with a model name of its own."""
    if request.param == "local":
        return local
    uri = request.getfixturevalue("server")
    name = "har-" + digest.of_json(request.node.nodeid)[:8]
    registry = {"tracking_uri": uri, "model": name}
    return Setup(store=local.store, gate=local.gate, registry=registry)


@pytest.fixture
def rivals(settings: Setup, make_candidate: MakeCandidate) -> Setup:
    """Register a champion and a version that is better on every subject."""
    first = register(opened(settings), make_candidate("svm", errors=2))
    promote(first, settings, reason="first")
    register(opened(settings), make_candidate("encoder-small", errors=0))
    return settings


def write_model(folder: Path) -> None:
    """Write what looks like a Hugging Face directory with its training record."""
    save_file({"w": np.arange(6, dtype=np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text('{"model_type": "tiny"}')
    fine_tuning().write(folder)


def write_evaluation(
    folder: Path, windows_folder: Path, name: str, errors: int, digest_of_test: str | None
) -> None:
    """Score predictions that are wrong on the last `errors` windows of each subject."""
    test = Windows.load(windows_folder).select("test")
    place = np.arange(len(test.y)) % PER_SUBJECT
    labels = np.where(place >= PER_SUBJECT - errors, (test.y + 1) % len(CLASSES), test.y)
    proba = np.where(np.eye(len(CLASSES), dtype=bool)[labels], 0.8, 0.1)
    Metrics(
        **dict(score(test.y, proba, test.subjects, CLASSES, settings=IntervalSettings())),
        candidate=name,
        test_digest=digest_of_test or test_digest(test),
        groups={},
        calibration=reliability(test.y, proba),
    ).write(folder)
    predictions(test, proba).to_parquet(folder / "predictions.parquet", index=False)
    (folder / "confusion.png").write_bytes(b"\x89PNG\r\n")


def write_export(folder: Path, name: str, failures: tuple[str, ...], **metadata: str) -> None:
    """Write the builds of a candidate, int8 the faster; with failures, none may serve."""
    names = ("fp32", "int8-dynamic") if name == "encoder-small" else ("fp32",)
    builds = []
    for i, build in enumerate(names):
        path = folder / f"model-{build}.onnx"
        note = "int8" if i else "larger than int8, which therefore serves"
        path.write_bytes(tiny_onnx(name, seed=i, note=note, **metadata).SerializeToString())
        builds.append(
            Build(
                **{"name": build, "file": path.name, "bytes": path.stat().st_size},
                **{"sha256": digest.of_file(path), "max_probability_gap": 0.01, "agreement": 1.0},
                **{"macro_f1": 0.93, "macro_f1_change": 0.0, "mismatches": failures},
                latency=Latency(0.2 / (i + 1), 0.3),
                pair_sum=0,
                batch_gap=1e-6,
            )
        )
    Builds.judge(name, builds, MeasuredBounds(10, 1.2)).write(folder)


def write_checks(folder: Path) -> None:
    """Write accounts of clean data, and a model that every change costs a little."""
    DataChecks(
        rows_in=1000,
        rows_quarantined=0,
        files_rejected=(),
        samples_in=1000,
        samples_repaired=0,
        shared=(),
    ).write(folder)
    robustness(dict.fromkeys(GateSettings().robustness, -0.01)).write(folder)


def tiny_onnx(candidate: str, *, seed: int, **metadata: str) -> onnx.ModelProto:
    """Return a linear softmax model of flattened windows, with some of its metadata changed.

    It measures a distance, which is nowhere so large that a window is unknown.
    """
    width = N_SAMPLES * len(CHANNELS)
    weights = np.random.default_rng(seed).normal(size=(width, len(CLASSES))).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["windows"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"]),
        ],
        "tiny",
        [
            helper.make_tensor_value_info(
                "windows", TensorProto.FLOAT, ["batch", N_SAMPLES, len(CHANNELS)]
            )
        ],
        [
            helper.make_tensor_value_info(
                "probabilities", TensorProto.FLOAT, ["batch", len(CLASSES)]
            )
        ],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    add_distance(model, MahalanobisDetector(np.zeros(18), np.eye(18), np.inf))
    facts = {
        "distance_threshold": repr(np.inf),
        **{"candidate": candidate, "classes": json.dumps(CLASSES), "rate_hz": "50.0"},
        **{"n_samples": str(N_SAMPLES), "n_hop": str(N_HOP)},
        **{"channels": json.dumps(CHANNELS), "units": json.dumps(UNITS)},
        **metadata,
    }
    for key, value in facts.items():
        model.metadata_props.add(key=key, value=value)
    return model


@pytest.fixture
def signing(local: Setup) -> Setup:
    """Return settings with a key that signs, and a file that trusts it as Ana's."""
    keys.generate(Path("ana.pem"), Path("ana.pub"))
    Path("trusted.pem").write_text(f"# Ana\n{Path('ana.pub').read_text()}")
    named = {"signing_key": Path("ana.pem"), "trusted_keys": Path("trusted.pem")}
    return local.model_copy(update={"registry": local.registry.model_copy(update=named)})


@pytest.fixture
def signed(signing: Setup, make_candidate: MakeCandidate) -> Version:
    """Return a version that was signed when it was registered."""
    return register(opened(signing), make_candidate())

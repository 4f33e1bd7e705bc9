"""The steps of the main job, each found in the store or made from the steps before it.

Every step is a function of the settings alone: it asks the steps that it needs for
their outputs, so calling any one of them makes what is missing and nothing else.

>>> from har.config import Settings
>>> windows(Settings()).path  # doctest: +SKIP
PosixPath('data/store/windows/0f8a…')
"""

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har.config import Settings
from har.data import prepare, sources
from har.lineage import digest
from har.store import Artifact, Store

if TYPE_CHECKING:
    from har.registry.candidate import Candidate
    from har.registry.gate import Decision
    from har.registry.versions import Version

CANDIDATES = ("baseline", "encoder")
_TORCH = ("numpy", "torch", "transformers")


def ingest(settings: Settings) -> Artifact:
    """Read the data set into recordings, validated, in SI units."""
    source = sources.get(settings.data.dataset)
    return Store(settings.store).get_or_make(
        "ingest",
        lambda out: prepare.ingest(out, source, subjects=settings.data.subjects),
        inputs={"file": _digest_once(source.file, source.file.stat().st_mtime_ns)},
        params=settings.data.model_dump(),
        code=["har.data"],
    )


def clean(settings: Settings) -> Artifact:
    """Clean the recordings of duplicates and gaps."""
    ingested = ingest(settings)
    return Store(settings.store).get_or_make(
        "clean",
        lambda out: prepare.clean_recordings(out, ingested.path, settings.clean),
        inputs={"ingest": ingested},
        params=settings.clean.model_dump(),
        code=["har.data"],
    )


def split(settings: Settings) -> Artifact:
    """Assign subjects to splits and prove that they are disjoint."""
    cleaned = clean(settings)
    source = sources.get(settings.data.dataset)
    return Store(settings.store).get_or_make(
        "split",
        lambda out: prepare.split(out, cleaned.path, source, settings.split),
        inputs={"clean": cleaned},
        params=settings.split.model_dump(),
        code=["har.data"],
    )


def windows(settings: Settings) -> Artifact:
    """Cut the recordings into windows with labels and splits."""
    cleaned, assigned = clean(settings), split(settings)
    return Store(settings.store).get_or_make(
        "windows",
        lambda out: prepare.windows(out, cleaned.path, assigned.path, settings.window),
        inputs={"clean": cleaned, "split": assigned},
        params=settings.window.model_dump(),
        code=["har.data"],
    )


def baseline(settings: Settings) -> Artifact:
    """Train the classical model on features of the training subjects' windows."""
    cut = windows(settings)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.models.baseline import train_baseline

        train_baseline(
            Windows.load(cut.path), out, settings=settings.baseline, window=settings.window
        )

    return Store(settings.store).get_or_make(
        "baseline",
        build,
        inputs={"windows": cut},
        params=settings.baseline.model_dump(),
        code=["har.features", "har.models"],
        libraries=["numpy", "torch", "scikit-learn"],
    )


def pretrain(settings: Settings) -> Artifact:
    """Pretrain the encoder on the training subjects' windows without labels."""
    cut = windows(settings)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.training.pretrain import pretrain as run

        run(
            Windows.load(cut.path),
            out,
            settings=settings.pretrain,
            encoder=settings.encoder,
            window=settings.window,
        )

    return Store(settings.store).get_or_make(
        "pretrain",
        build,
        inputs={"windows": cut},
        params={**settings.pretrain.model_dump(), "encoder": settings.encoder.model_dump()},
        code=["har.features", "har.models", "har.training"],
        libraries=_TORCH,
    )


def finetune(settings: Settings, seed: int) -> Artifact:
    """Fine-tune the pretrained encoder, under a new head, with one seed."""
    cut, pretrained = windows(settings), pretrain(settings)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.training.finetune import finetune as run

        run(
            Windows.load(cut.path),
            pretrained.path,
            out,
            settings=settings.finetune,
            seed=seed,
        )

    return Store(settings.store).get_or_make(
        "finetune",
        build,
        inputs={"windows": cut, "pretrain": pretrained},
        params={**settings.finetune.model_dump(exclude={"seeds"}), "seed": seed},
        code=["har.features", "har.models", "har.training"],
        libraries=_TORCH,
    )


def chosen_seed(settings: Settings) -> int:
    """Return the fine-tuning seed that did best on the validation subjects."""
    return max(settings.finetune.seeds, key=lambda seed: _validation_macro_f1(settings, seed))


def evaluate(settings: Settings) -> Artifact:
    """Score the baseline and the encoder on the test subjects, each model once."""
    cut, classical = windows(settings), baseline(settings)
    tuned = {seed: finetune(settings, seed) for seed in settings.finetune.seeds}

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.evaluation.evaluate import evaluate as run
        from har.models.baseline import load_baseline
        from har.training.finetune import predict_proba

        data = Windows.load(cut.path)
        X = data.select("test").X
        records = {seed: training_record(model) for seed, model in tuned.items()}
        run(
            data,
            out,
            baseline_proba=load_baseline(classical.path).predict_proba(X),
            encoder_proba={seed: predict_proba(model.path, X) for seed, model in tuned.items()},
            chosen_seed=chosen_seed(settings),
            validation_macro_f1={s: r["best_validation_macro_f1"] for s, r in records.items()},
            histories={seed: record["history"] for seed, record in records.items()},
            settings=settings.evaluate,
        )

    return Store(settings.store).get_or_make(
        "evaluate",
        build,
        inputs={
            "windows": cut,
            "baseline": classical,
            **{f"finetune-{seed}": model for seed, model in tuned.items()},
        },
        params=settings.evaluate.model_dump(),
        code=["har.evaluation"],
        libraries=["numpy", "scikit-learn", "scipy", "matplotlib"],
    )


def model(settings: Settings, candidate: str) -> Artifact:
    """Return the trained model of a candidate: the best seed's, for the encoder."""
    if candidate == "baseline":
        return baseline(settings)
    return finetune(settings, chosen_seed(settings))


def export(settings: Settings, candidate: str) -> Artifact:
    """Make, measure and judge every ONNX build of a candidate."""
    cut, trained, evaluated = windows(settings), model(settings, candidate), evaluate(settings)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.export import builds

        run = {"baseline": builds.export_baseline, "encoder": builds.export_encoder}[candidate]
        run(
            out,
            trained.path,
            evaluated.path / candidate,
            Windows.load(cut.path),
            window=settings.window,
            settings=settings.export,
        )

    return Store(settings.store).get_or_make(
        f"export-{candidate}",
        build,
        inputs={"windows": cut, "model": trained, "evaluate": evaluated},
        params={**settings.export.model_dump(), "window": settings.window.model_dump()},
        code=["har.export", "har.features", "har.models"],
        libraries=["torch", "transformers", "optimum-onnx", "onnx", "onnxruntime"],
    )


def report(settings: Settings) -> Artifact:
    """Write the HTML report of data, models, evaluation and exports."""
    inputs = {
        "clean": clean(settings),
        "split": split(settings),
        "windows": windows(settings),
        "pretrain": pretrain(settings),
        "evaluate": evaluate(settings),
        **{f"export-{name}": export(settings, name) for name in CANDIDATES},
    }

    def build(out: Path) -> None:
        from har.evaluation.report import write_report

        write_report(
            out,
            clean=inputs["clean"].path,
            split=inputs["split"].path,
            windows=inputs["windows"].path,
            pretraining=inputs["pretrain"].path,
            evaluation=inputs["evaluate"].path,
            exports={name: inputs[f"export-{name}"].path for name in CANDIDATES},
            settings=settings,
        )

    return Store(settings.store).get_or_make(
        "report",
        build,
        inputs=inputs,
        params=settings.model_dump(mode="json", exclude={"store", "registry", "gate"}),
        code=["har.evaluation"],
        libraries=["jinja2"],
    )


def candidate(settings: Settings, name: str) -> "Candidate":
    """Return all that belongs to one version: its model, numbers, files and steps."""
    from har.registry.candidate import Candidate

    steps = {
        "ingest": ingest(settings),
        "clean": clean(settings),
        "split": split(settings),
        "windows": windows(settings),
        **({"pretrain": pretrain(settings)} if name == "encoder" else {}),
        "model": model(settings, name),
        "evaluate": evaluate(settings),
        "export": export(settings, name),
        "report": report(settings),
    }
    return Candidate(
        name=name,
        dataset=settings.data.dataset,
        model=steps["model"].path,
        evaluation=steps["evaluate"].path / name,
        export=steps["export"].path,
        report=steps["report"].path,
        windows=steps["windows"].path,
        steps=steps,
        settings=settings,
    )


def register(settings: Settings, name: str) -> "Version":
    """Register a candidate in MLflow, or find the version that it already is."""
    from har.registry.versions import register as run

    return run(candidate(settings, name))


def promote(settings: Settings, version: "Version", reason: str) -> "Decision":
    """Judge a version at the gate and move it to the stage that it earned."""
    from har.registry.promotion import promote as run

    return run(version, settings, reason=reason)


def training_record(trained: Artifact) -> dict[str, Any]:
    """Return what training recorded of itself."""
    record: dict[str, Any] = json.loads((trained.path / "training.json").read_text())
    return record


@functools.cache
def _digest_once(path: Path, _modified_ns: int) -> str:
    """Return a file's digest, computed again only when the file was written again."""
    return digest.of_file(path)


def _validation_macro_f1(settings: Settings, seed: int) -> float:
    return float(training_record(finetune(settings, seed))["best_validation_macro_f1"])

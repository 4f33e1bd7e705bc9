"""The steps of the main job, each found in the store or made from the steps before it.

Every step is a function of the settings alone: it asks the steps that it needs for
their outputs, so calling any one of them makes what is missing and nothing else.

>>> from har.config import Settings
>>> windows(Settings()).path  # doctest: +SKIP
PosixPath('data/store/windows/0f8a…')
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har.config import DataSettings, Settings
from har.data import prepare
from har.data.ingest import dataset
from har.errors import UsageError
from har.store import Artifact, Store

if TYPE_CHECKING:
    from har.registry.candidate import Candidate
    from har.registry.gate import Decision
    from har.registry.versions import Version

CANDIDATES = ("baseline", "encoder")
_TORCH = ("numpy", "torch", "transformers")


def ingest(settings: Settings) -> Artifact:
    """Find the ingested data sets; the bundled one is read when it is asked for."""
    store = Store(settings.store)
    found = {name: dataset.find(store, name) for name in settings.data.datasets}
    if len(found) == 1:
        return next(iter(found.values()))
    return store.get_or_make(
        "join",
        lambda out: prepare.join(out, {name: part.path for name, part in found.items()}),
        inputs=found,
        params={},
        code=["har.data"],
    )


def data_report(settings: Settings) -> Artifact:
    """Write the report of an ingested data set: HTML, JSON and a Croissant card."""
    ingested = ingest(settings)

    def build(out: Path) -> None:
        from har.data.report import write_report

        write_report(out, ingested.path)

    return Store(settings.store).get_or_make(
        "data-report",
        build,
        inputs={"ingest": ingested},
        params={},
        code=["har.data", "har.page", "har.evaluation.plots"],
        libraries=["matplotlib", "jinja2", "scipy"],
    )


def clean(settings: Settings) -> Artifact:
    """Clean the recordings of duplicates and gaps, and bring them to one rate."""
    ingested = ingest(settings)
    return Store(settings.store).get_or_make(
        "clean",
        lambda out: prepare.clean_recordings(
            out, ingested.path, settings.data, settings.clean, settings.window.rate_hz
        ),
        inputs={"ingest": ingested},
        params={
            **settings.clean.model_dump(),
            "data": settings.data.model_dump(),
            "rate_hz": settings.window.rate_hz,
        },
        code=["har.data"],
        libraries=["numpy", "scipy"],
    )


def split(settings: Settings) -> Artifact:
    """Assign subjects to splits and prove that they are disjoint."""
    ingested, cleaned = ingest(settings), clean(settings)
    return Store(settings.store).get_or_make(
        "split",
        lambda out: prepare.split(out, cleaned.path, ingested.path, settings.split),
        inputs={"ingest": ingested, "clean": cleaned},
        params=settings.split.model_dump(),
        code=["har.data"],
    )


def windows(settings: Settings) -> Artifact:
    """Cut the recordings into windows with labels and splits."""
    ingested, cleaned, assigned = ingest(settings), clean(settings), split(settings)
    return Store(settings.store).get_or_make(
        "windows",
        lambda out: prepare.windows(
            out, cleaned.path, assigned.path, ingested.path, settings.window
        ),
        inputs={"ingest": ingested, "clean": cleaned, "split": assigned},
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
        from har.models import baseline
        from har.training import finetune

        data = Windows.load(cut.path)
        X = data.select("test").X
        records = {seed: training_record(model) for seed, model in tuned.items()}
        run(
            data,
            out,
            baseline_proba=baseline.predict_proba(classical.path, X),
            encoder_proba={s: finetune.predict_proba(m.path, X) for s, m in tuned.items()},
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


def transfer(
    settings: Settings, dataset: str, placements: tuple[str, ...] | None = None
) -> Artifact:
    """Score both models, as trained, on all of another data set, or on placements of it.

    Raises
    ------
    UsageError
        If the models were trained on it, or on the same people.
    """
    people = {dataset, *prepare.same_people(dataset)}
    if known := sorted(people & set(settings.data.datasets)):
        raise UsageError(
            f"the models know people of {dataset}: they were trained on {', '.join(known)}",
            hint="`har evaluate --trained-on …` without --dataset scores them on test subjects",
        )
    other = DataSettings(datasets=(dataset,), placements=placements)
    cleaned = clean(settings.model_copy(update={"data": other}))
    cut, classical = windows(settings), baseline(settings)
    tuned = model(settings, "encoder")

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.evaluation.transfer import evaluate_transfer
        from har.models import baseline
        from har.training import finetune

        classes = Windows.load(cut.path).classes
        data = prepare.foreign_windows(cleaned.path, settings.window, classes)
        X = data.select("test").X
        evaluate_transfer(
            data,
            out,
            probabilities={
                "baseline": baseline.predict_proba(classical.path, X),
                "encoder": finetune.predict_proba(tuned.path, X),
            },
            model_classes=classes,
            settings=settings.evaluate,
        )

    return Store(settings.store).get_or_make(
        "transfer",
        build,
        inputs={"clean": cleaned, "windows": cut, "baseline": classical, "encoder": tuned},
        params={**settings.evaluate.model_dump(), "window": settings.window.model_dump()},
        code=["har.data", "har.evaluation"],
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
        from har.export.builds import export as run

        run(
            candidate,
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
        dataset=settings.data.name,
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


def _validation_macro_f1(settings: Settings, seed: int) -> float:
    return float(training_record(finetune(settings, seed))["best_validation_macro_f1"])

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

from har.config import DataSettings, EncoderSettings, Settings
from har.data import prepare
from har.data.ingest import dataset
from har.errors import UsageError
from har.models import catalogue
from har.store import Artifact, Store

if TYPE_CHECKING:
    from har.data.windows import Windows
    from har.evaluation.evaluate import Scorable
    from har.registry.candidate import Candidate
    from har.registry.gate import Decision
    from har.registry.versions import Version

_TORCH = ("numpy", "torch", "transformers", "accelerate")


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


def pretrain(settings: Settings, name: str = "encoder-small") -> Artifact:
    """Pretrain an encoder on the training subjects' windows without labels."""
    cut = windows(settings)
    sizes = settings.models.of(name)
    assert isinstance(sizes, EncoderSettings)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.training.pretrain import pretrain as run

        run(
            Windows.load(cut.path),
            out,
            settings=settings.pretrain,
            encoder=sizes,
            window=settings.window,
        )

    return Store(settings.store).get_or_make(
        f"pretrain-{name}",
        build,
        inputs={"windows": cut},
        params={**settings.pretrain.model_dump(), "encoder": sizes.model_dump()},
        code=["har.features", "har.models", "har.training"],
        libraries=_TORCH,
    )


def train(settings: Settings, name: str, seed: int) -> Artifact:
    """Train a model with one seed on the training subjects' labelled windows."""
    cut = windows(settings)
    pretrained = pretrain(settings, name) if name in catalogue.ENCODERS else None
    store = Store(settings.store)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.training.train import train as run

        run(
            name,
            Windows.load(cut.path),
            out,
            settings=settings,
            seed=seed,
            pretrained=pretrained.path if pretrained else None,
            checkpoints=store.checkpoints(out),
        )

    tuning = {} if name in catalogue.CLASSICAL else settings.finetune_of(name).model_dump()
    return store.get_or_make(
        f"train-{name}",
        build,
        inputs={"windows": cut, **({"pretrain": pretrained} if pretrained else {})},
        params={"model": settings.models.of(name).model_dump(), "finetune": tuning, "seed": seed},
        code=["har.features", "har.models", "har.training"],
        libraries=[*_TORCH, "peft", "scikit-learn"],
    )


def trained(settings: Settings, name: str) -> dict[int, Artifact]:
    """Return a model trained with each of its seeds."""
    return {seed: train(settings, name, seed) for seed in seeds(settings, name)}


def seeds(settings: Settings, name: str) -> tuple[int, ...]:
    """Return the seeds that a model is trained with: one where chance plays no part."""
    return catalogue.seeds_of(name, settings.seeds)


def chosen(settings: Settings, name: str) -> Artifact:
    """Return a model as trained with the seed that did best on the validation subjects."""
    return max(trained(settings, name).values(), key=_validation_macro_f1)


def evaluate(settings: Settings) -> Artifact:
    """Score every candidate on the test subjects, each model once."""
    cut = windows(settings)
    models = {name: trained(settings, name) for name in settings.candidates}

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.evaluation.evaluate import evaluate as run

        data = Windows.load(cut.path)
        scorable = {name: _scorable(found, data) for name, found in models.items()}
        run(data, out, models=scorable, settings=settings.evaluate)

    return Store(settings.store).get_or_make(
        "evaluate",
        build,
        inputs={
            "windows": cut,
            **{
                f"{name}-{seed}": model
                for name, by_seed in models.items()
                for seed, model in by_seed.items()
            },
        },
        params={**settings.evaluate.model_dump(), "candidates": settings.candidates},
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
    cut = windows(settings)
    models = {name: chosen(settings, name) for name in settings.candidates}

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.evaluation.transfer import evaluate_transfer
        from har.models.interface import load_model

        classes = Windows.load(cut.path).classes
        data = prepare.foreign_windows(cleaned.path, settings.window, classes)
        X = data.select("test").X
        evaluate_transfer(
            data,
            out,
            probabilities={
                name: load_model(model.path).predict_proba(X) for name, model in models.items()
            },
            model_classes=classes,
            settings=settings.evaluate,
        )

    return Store(settings.store).get_or_make(
        "transfer",
        build,
        inputs={"clean": cleaned, "windows": cut, **models},
        params={**settings.evaluate.model_dump(), "window": settings.window.model_dump()},
        code=["har.data", "har.evaluation"],
        libraries=["numpy", "scikit-learn", "scipy", "matplotlib"],
    )


def export(settings: Settings, candidate: str) -> Artifact:
    """Make, measure and judge every ONNX build of a candidate."""
    cut, model, evaluated = windows(settings), chosen(settings, candidate), evaluate(settings)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.export.builds import export as run

        run(
            candidate,
            out,
            model.path,
            evaluated.path / candidate,
            Windows.load(cut.path),
            window=settings.window,
            settings=settings.export,
        )

    return Store(settings.store).get_or_make(
        f"export-{candidate}",
        build,
        inputs={"windows": cut, "model": model, "evaluate": evaluated},
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
        "evaluate": evaluate(settings),
        **{f"pretrain-{name}": pretrain(settings, name) for name in _pretrained(settings)},
        **{f"export-{name}": export(settings, name) for name in settings.candidates},
    }

    def build(out: Path) -> None:
        from har.evaluation.report import write_report

        write_report(
            out,
            clean=inputs["clean"].path,
            split=inputs["split"].path,
            windows=inputs["windows"].path,
            pretrainings={name: inputs[f"pretrain-{name}"].path for name in _pretrained(settings)},
            evaluation=inputs["evaluate"].path,
            exports={name: inputs[f"export-{name}"].path for name in settings.candidates},
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
        **({"pretrain": pretrain(settings, name)} if name in catalogue.ENCODERS else {}),
        "model": chosen(settings, name),
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


def _validation_macro_f1(trained: Artifact) -> float:
    return float(training_record(trained)["validation_macro_f1"])


def _scorable(by_seed: dict[int, Artifact], data: "Windows") -> "Scorable":
    """Let a model answer for the labelled test windows, once for each seed."""
    from har.evaluation.evaluate import Scorable
    from har.models.interface import load_model

    X = data.select("test").X
    return Scorable(
        {seed: load_model(model.path).predict_proba(X) for seed, model in by_seed.items()},
        {seed: training_record(model) for seed, model in by_seed.items()},
    )


def _pretrained(settings: Settings) -> list[str]:
    """Return the candidates that are pretrained first."""
    return [name for name in settings.candidates if name in catalogue.ENCODERS]

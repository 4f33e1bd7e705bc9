"""Trained models to scores."""

from pathlib import Path
from typing import TYPE_CHECKING

from har.config import DataSettings, Settings
from har.data import prepare
from har.errors import UsageError
from har.steps.data import clean, windows
from har.steps.models import TORCH, chosen, train, trained, training_record
from har.store import Artifact, Store

if TYPE_CHECKING:
    from har.data.windows import Windows
    from har.evaluation.evaluate import Scorable


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


def _scorable(by_seed: dict[int, Artifact], data: "Windows") -> "Scorable":
    """Let a model answer for the labelled test windows, once for each seed."""
    from har.evaluation.evaluate import Scorable
    from har.models.interface import load_model

    X = data.select("test").X
    return Scorable(
        {seed: load_model(model.path).predict_proba(X) for seed, model in by_seed.items()},
        {seed: training_record(model) for seed, model in by_seed.items()},
    )


def stream(settings: Settings) -> Artifact:
    """Score every candidate on the continuous recordings of the test subjects."""
    cleaned, cut = clean(settings), windows(settings)
    models = {name: chosen(settings, name) for name in settings.candidates}

    def build(out: Path) -> None:
        from har.data.recording import read_recordings
        from har.data.windows import Windows
        from har.evaluation.streaming import stream_all
        from har.models.interface import load_model

        stream_all(
            Windows.load(cut.path),
            out,
            models={name: load_model(model.path) for name, model in models.items()},
            recordings=lambda: read_recordings(cleaned.path),
            window=settings.window,
            settings=settings.evaluate,
        )

    return Store(settings.store).get_or_make(
        "stream",
        build,
        inputs={"clean": cleaned, "windows": cut, **models},
        params={**settings.evaluate.model_dump(), "window": settings.window.model_dump()},
        code=["har.evaluation", "har.models", "har.features"],
        libraries=["numpy", "scikit-learn", "matplotlib"],
    )


def perturb(settings: Settings) -> Artifact:
    """Score every candidate on test windows as other sensors would have read them."""
    cleaned, cut = clean(settings), windows(settings)
    models = {name: chosen(settings, name) for name in settings.candidates}

    def build(out: Path) -> None:
        from har.data.recording import read_recordings
        from har.data.windows import Windows
        from har.evaluation.robustness import perturb_all
        from har.models.interface import load_model

        perturb_all(
            Windows.load(cut.path),
            out,
            models={name: load_model(model.path) for name, model in models.items()},
            recordings=read_recordings(cleaned.path),
            rate_hz=settings.window.rate_hz,
            settings=settings.evaluate,
        )

    return Store(settings.store).get_or_make(
        "perturb",
        build,
        inputs={"clean": cleaned, "windows": cut, **models},
        params={**settings.evaluate.model_dump(), "window": settings.window.model_dump()},
        code=["har.evaluation", "har.models", "har.features"],
        libraries=["numpy", "scikit-learn", "scipy", "matplotlib"],
    )


def predict_test(settings: Settings, name: str, seed: int) -> Artifact:
    """Let a model answer for the labelled test windows, once."""
    cut, model = windows(settings), train(settings, name, seed)

    def build(out: Path) -> None:
        from har.data.windows import Windows
        from har.evaluation.evaluate import predictions
        from har.models.interface import load_model

        test = Windows.load(cut.path).select("test")
        answers = predictions(test, load_model(model.path).predict_proba(test.X))
        answers.to_parquet(out / "predictions.parquet", index=False)

    return Store(settings.store).get_or_make(
        "predict-test",
        build,
        inputs={"windows": cut, "model": model},
        params={},
        code=["har.features", "har.models", "har.evaluation.evaluate"],
        libraries=TORCH,
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

"""Scored models to builds, report and versions."""

from pathlib import Path
from typing import TYPE_CHECKING

from har.config import Settings
from har.steps.assess import evaluate, perturb, stream
from har.steps.data import clean, ingest, split, windows
from har.steps.models import chosen, pretrain, pretrained
from har.store import Artifact, Store

if TYPE_CHECKING:
    from har.registry.versions.candidate import Candidate
    from har.registry.versions.decision import Decision
    from har.registry.versions.version import Version


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
    encoders = pretrained(settings)
    inputs = {
        "stream": stream(settings),
        "perturb": perturb(settings),
        "clean": clean(settings),
        "split": split(settings),
        "windows": windows(settings),
        "evaluate": evaluate(settings),
        **{f"pretrain-{name}": found for name, found in encoders.items()},
        **{f"export-{name}": export(settings, name) for name in settings.candidates},
    }

    def build(out: Path) -> None:
        from har.evaluation.report import write_report

        write_report(
            out,
            clean=inputs["clean"].path,
            split=inputs["split"].path,
            windows=inputs["windows"].path,
            pretrainings={name: found.path for name, found in encoders.items()},
            evaluation=inputs["evaluate"].path,
            streaming=inputs["stream"].path,
            robustness=inputs["perturb"].path,
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


def checks(settings: Settings, name: str) -> Artifact:
    """Gather what the gate asks of a candidate beside its scores."""
    inputs = {
        "ingest": ingest(settings),
        "clean": clean(settings),
        "split": split(settings),
        "perturb": perturb(settings),
    }

    def build(out: Path) -> None:
        from har.registry.gate.checks import write_checks

        write_checks(
            out,
            ingested=inputs["ingest"].path,
            cleaned=inputs["clean"].path,
            split=inputs["split"].path,
            perturbed=inputs["perturb"].path,
            candidate=name,
        )

    return Store(settings.store).get_or_make(
        f"checks-{name}",
        build,
        inputs=inputs,
        params={"candidate": name},
        code=["har.registry.gate.checks"],
        quiet=True,
    )


def candidate(settings: Settings, name: str) -> "Candidate":
    """Return all that belongs to one version: its model, numbers, files and steps."""
    from har.registry.versions.candidate import Candidate

    pretrained = pretrain(settings, name)
    steps = {
        "ingest": ingest(settings),
        "clean": clean(settings),
        "split": split(settings),
        "windows": windows(settings),
        **({"pretrain": pretrained} if pretrained else {}),
        "model": chosen(settings, name),
        "evaluate": evaluate(settings),
        "export": export(settings, name),
        "report": report(settings),
        "perturb": perturb(settings),
        "checks": checks(settings, name),
    }
    return Candidate(
        name=name,
        dataset=settings.data.name,
        model=steps["model"].path,
        evaluation=steps["evaluate"].path / name,
        export=steps["export"].path,
        report=steps["report"].path,
        checks=steps["checks"].path,
        windows=steps["windows"].path,
        steps=steps,
        recipe=settings,
    )


def register(settings: Settings, name: str) -> "Version":
    """Register a candidate in MLflow, or find the version that it already is."""
    from har.registry.handle import Registry
    from har.registry.versions.registration import register as run

    return run(Registry.open(settings.environment), candidate(settings, name))


def promote(settings: Settings, version: "Version", reason: str) -> "Decision":
    """Judge a version at the gate and move it to the stage that it earned."""
    from har.registry.gate.promotion import promote as run
    from har.registry.handle import Registry

    return run(
        Registry.open(settings.environment),
        str(version.number),
        gate=settings.gate,
        export=settings.export,
        intervals=settings.evaluate,
        reason=reason,
    )

"""``har pretrain | train | evaluate | export``: the steps of a model, without Prefect."""

import json
from typing import Any

from har.cli.output import AsJson, Classes, Overrides, out, print_json, show_progress, table


def pretrain(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Pretrain the encoder on the training subjects' windows, without labels.

    Example: har pretrain --set pretrain.epochs=5
    """
    from har import steps

    show_progress()
    _print_made([steps.pretrain(_settings(overrides, None))], as_json)


def train(overrides: Overrides = None, classes: Classes = None, as_json: AsJson = False) -> None:
    """Train the baseline and fine-tune the encoder, once per seed.

    Example: har train --set 'finetune.seeds=[0]'
    """
    from har import steps

    show_progress()
    settings = _settings(overrides, classes)
    seeds = settings.finetune.seeds
    _print_made(
        [steps.baseline(settings), *(steps.finetune(settings, seed) for seed in seeds)], as_json
    )


def evaluate(overrides: Overrides = None, classes: Classes = None, as_json: AsJson = False) -> None:
    """Score both models on the test subjects, with intervals over subjects.

    Example: har evaluate --json
    """
    from har import steps
    from har.summary import score_rows

    show_progress()
    folder = steps.evaluate(_settings(overrides, classes)).path
    found = {n: json.loads((folder / n / "metrics.json").read_text()) for n in steps.CANDIDATES}
    if as_json:
        return print_json(found)
    out.print(table("Test subjects", *score_rows(found)))


def export(overrides: Overrides = None, classes: Classes = None, as_json: AsJson = False) -> None:
    """Make, measure and judge the ONNX builds of both models.

    Example: har export --set export.max_latency_ms=2
    """
    from har import steps
    from har.summary import build_rows

    show_progress()
    settings = _settings(overrides, classes)
    exported = [steps.export(settings, name) for name in steps.CANDIDATES]
    found = [json.loads((a.path / "builds.json").read_text()) for a in exported]
    if as_json:
        return print_json(found)
    out.print(table("ONNX builds", *build_rows(found)))


def _settings(overrides: list[str] | None, classes: int | None) -> Any:
    from har.config import load

    return load(overrides, **({"window": {"classes": classes}} if classes else {}))


def _print_made(made: list[Any], as_json: bool) -> None:
    from har.steps import training_record

    records = [{"step": a.step, "path": a.path, **training_record(a)} for a in made]
    if as_json:
        return print_json(records)
    rows = [
        (a.step, a.path, "reused" if a.reused else f"{a.seconds:.1f} s", _validation(record))
        for a, record in zip(made, records, strict=True)
    ]
    out.print(table("Models", ["step", "output", "", "validation macro-F1"], rows))


def _validation(record: dict[str, Any]) -> str:
    value = record.get("best_validation_macro_f1", record.get("validation_macro_f1"))
    return "" if value is None else f"{value:.4f}"

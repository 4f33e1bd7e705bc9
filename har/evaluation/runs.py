"""The runs of a protocol, of every model, seed and fold, scored together on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from har.config import IntervalSettings
from har.evaluation import plots
from har.evaluation.predictions import (
    classes_of,
    joined,
    labelled,
    read_predictions,
    write_predictions,
)
from har.evaluation.results.protocol import ProtocolResult, ProtocolScores
from har.evaluation.seeds import compare_seeds, seed_scores
from har.evaluation.sentences import sentences
from har.measured import read_measured, write_measured
from har.page.html import data_uri, environment
from har.page.plots import png


@dataclass(frozen=True)
class Run:
    """One model, trained with one seed, in one fold.

    Attributes
    ----------
    name : str
        The model.
    seed : int
        Of the training.
    fold : str
        Whose subjects are tested.
    predictions, training : Path
        Folders of the predictions of that fold's test windows, and of the training.
    """

    name: str
    seed: int
    fold: str
    predictions: Path
    training: Path

    @property
    def seconds(self) -> float:
        """How long the training took."""
        return float(read_measured(self.training)["seconds"])


def write_scores(out: Path, protocol: str, runs: Sequence[Run], settings: IntervalSettings) -> None:
    """Score all runs; write ``protocol.json``, ``protocol.html``, plots and what it took.

    Parameters
    ----------
    out : Path
        Gets the files, and one folder per model.
    protocol : str
        Its name.
    runs : sequence of Run
        Of all models, seeds and folds.
    settings : IntervalSettings
        Of the intervals.
    """
    names = list(dict.fromkeys(run.name for run in runs))
    tables = {name: _tables(runs, name) for name in names}
    first = next(iter(tables[names[0]].values()))
    classes = classes_of(first)
    scores = {name: seed_scores(name, tables[name], classes, settings=settings) for name in names}
    for name in names:
        (out / name).mkdir()
        seeds = [table.assign(seed=seed) for seed, table in tables[name].items()]
        write_predictions(out / name, joined(seeds))
    reference, *others = names
    found = ProtocolResult(
        protocol=protocol,
        folds=tuple(dict.fromkeys(run.fold for run in runs)),
        reference=reference,
        models=scores,
        comparisons={
            name: compare_seeds(tables[name], tables[reference], classes, settings=settings)
            for name in others
        },
        lacking=_lacking(runs, classes),
    )
    found.write(out)
    seconds = {name: sum(run.seconds for run in runs if run.name == name) for name in names}
    write_measured(out, {"seconds": seconds})
    people = first.groupby("fold", sort=False)["subject_id"]
    tested = {fold: sorted(set(who)) for fold, who in people}
    page = environment(Path(__file__).parent).get_template("protocol.html")
    html = page.render(
        protocol=protocol,
        folds=tested,
        reference=reference,
        models=scores,
        comparisons=found.comparisons,
        lacking=found.lacking,
        sentences=sentences(scores, reference, found.comparisons),
        images={name: data_uri(png(figure)) for name, figure in _figures(scores).items()},
    )
    (out / "protocol.html").write_text(html, encoding="utf-8")


def _figures(scores: Mapping[str, ProtocolScores]) -> dict[str, Figure]:
    found = {f"{name}/confusion": plots.confusion(name, m) for name, m in scores.items()}
    return {**found, "per_subject": plots.per_subject(scores)}


def _lacking(runs: Sequence[Run], classes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return by fold the classes that its models do not know; all models of a fold are alike."""
    of_fold = {run.fold: classes_of(read_predictions(run.predictions)) for run in runs[::-1]}
    missing = {f: tuple(c for c in classes if c not in known) for f, known in of_fold.items()}
    return {
        fold: missing[fold] for fold in dict.fromkeys(run.fold for run in runs) if missing[fold]
    }


def _tables(runs: Sequence[Run], name: str) -> dict[int, pd.DataFrame]:
    """Return a model's predictions in all folds, by seed."""
    found: dict[int, list[pd.DataFrame]] = {}
    for run in runs:
        if run.name == name:
            table = labelled(read_predictions(run.predictions))
            found.setdefault(run.seed, []).append(table.assign(fold=run.fold))
    return {seed: joined(parts) for seed, parts in found.items()}

"""What pretraining buys: few labels, from a pretrained encoder and from random weights."""

from collections.abc import Iterator, Mapping, Sequence

from har.benchmarks import page
from har.config import Recipe
from har.evaluation.results.protocol import ProtocolResult, ProtocolScores
from har.steps.protocol import evaluate_protocol
from har.steps.run import Run

RANDOM = "from random weights"
PRETRAINED = "pretrained"


def run(
    start: Run,
    encoder: str,
    baselines: Sequence[str],
    shares: Sequence[float],
    *,
    jobs: int,
) -> dict[str, dict[str, ProtocolScores]]:
    """Score models on the canonical split with shares of the labels.

    Parameters
    ----------
    start : Run
        The data, and a recipe with the seeds, each of which draws its own labels.
    encoder : str
        Trained twice: pretrained without labels, and from random weights.
    baselines : sequence of str
        Other models.
    shares : sequence of float
        Of the labels of training and validation subjects.
    jobs : int
        Processes.

    Returns
    -------
    dict
        By share, the models' scores by name.
    """
    recipe = start.recipe
    found: dict[str, dict[str, ProtocolScores]] = {}
    for share in shares:
        labels = recipe.labels.model_copy(update={"share": share})
        own = recipe.model_copy(update={"labels": labels, "candidates": (*baselines, encoder)})
        scratch = own.model_copy(
            update={
                "candidates": (encoder,),
                "pretrain": recipe.pretrain.model_copy(update={"checkpoint": "none"}),
            }
        )
        models = _scores(start, own, jobs)
        found[f"{share:g}"] = {
            **{name: models[name] for name in baselines},
            f"{encoder}, {RANDOM}": _scores(start, scratch, jobs)[encoder],
            f"{encoder}, {PRETRAINED}": models[encoder],
        }
    return found


def lines(found: dict[str, dict[str, ProtocolScores]], seeds: Sequence[int]) -> Iterator[str]:
    """Yield the page, line by line."""
    yield "# Few labels"
    yield ""
    yield from page.made_by(seeds)
    yield (
        "Canonical split. A share of the labels of training and validation subjects is drawn by "
        "class, anew for each seed; the other windows count as unlabelled. The encoder is "
        "pretrained on the training subjects' windows without labels."
    )
    yield ""
    models = list(next(iter(found.values())))
    columns = ["model", *(f"{float(share):.0%} of labels" for share in found)]
    rows = [[name, *(_cell(by_name[name]) for by_name in found.values())] for name in models]
    yield from page.table(columns, rows)
    yield "Macro-F1, mean over seeds, with its interval over people and the range of seeds."


def _scores(start: Run, recipe: Recipe, jobs: int) -> Mapping[str, ProtocolScores]:
    made = evaluate_protocol(start.with_recipe(recipe), "canonical", jobs=jobs)
    return ProtocolResult.read(made.path).models


def _cell(m: ProtocolScores) -> str:
    low, high = m.macro_f1_interval
    seeds = list(m.macro_f1_by_seed.values())
    spread = f"; seeds {min(seeds):.3f}–{max(seeds):.3f}" if len(seeds) > 1 else ""
    return f"**{m.macro_f1:.4f}** ({low:.3f}–{high:.3f}{spread})"

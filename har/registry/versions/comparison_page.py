"""One HTML page about two versions: self-contained, and made from their comparison."""

from pathlib import Path

from har.disk import write_text
from har.evaluation import comparison_plots
from har.lineage import difference
from har.page.html import data_uri, environment
from har.page.plots import png
from har.registry.versions.comparison import Comparison, outcome, unscored


def write_page(comparison: Comparison, path: Path) -> None:
    """Write a comparison as one file with everything inlined.

    Parameters
    ----------
    comparison : Comparison
        The two versions.
    path : Path
        The file; its folder is made.
    """
    page = (
        environment(Path(__file__).parent)
        .get_template("comparison.html")
        .render(
            **vars(comparison),
            outcome=outcome(comparison),
            unscored=unscored,
            images=_images(comparison),
            origin_rows=difference.rows(comparison.origin),
            origin_sentence=difference.sentence(comparison.origin),
        )
    )
    write_text(path, page)


def _images(comparison: Comparison) -> dict[str, str]:
    a, b, paired, confusion = comparison.a, comparison.b, comparison.paired, comparison.confusion
    if not (paired and confusion):
        return {}
    figures = {
        "confusion": comparison_plots.confusion_difference(confusion, a.classes),
        "per_subject": comparison_plots.subject_differences(
            paired.per_subject,
            labels=(f"version {a.number}", f"version {b.number}"),
            models=(a.candidate, b.candidate),
        ),
    }
    return {name: data_uri(png(figure)) for name, figure in figures.items()}

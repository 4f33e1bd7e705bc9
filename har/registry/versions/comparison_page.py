"""One HTML page about two versions: self-contained, and made from their comparison."""

from pathlib import Path

from har.evaluation import comparison_plots
from har.evaluation.plots import png
from har.lineage import difference
from har.page import data_uri, environment
from har.registry.versions.comparison import Comparison, outcome, unscored


def write_page(found: Comparison, path: Path) -> None:
    """Write a comparison as one file with everything inlined.

    Parameters
    ----------
    found : dict
        What `har.registry.versions.comparison.compare` returned.
    path : Path
        The file; its folder is made.
    """
    page = (
        environment(Path(__file__).parent)
        .get_template("comparison.html")
        .render(
            **found,
            outcome=outcome(found),
            unscored=unscored,
            images=_images(found),
            origin_rows=difference.rows(found["origin"]),
            origin_sentence=difference.sentence(found["origin"]),
        )
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _images(found: Comparison) -> dict[str, str]:
    if not found["same_test"]:
        return {}
    a, b = found["a"], found["b"]
    figures = {
        "confusion": comparison_plots.confusion_difference(found["confusion"], a["classes"]),
        "per_subject": comparison_plots.subject_differences(
            found["paired"]["per_subject"],
            labels=(f"version {a['number']}", f"version {b['number']}"),
            models=(a["candidate"], b["candidate"]),
        ),
    }
    return {name: data_uri(png(figure)) for name, figure in figures.items()}

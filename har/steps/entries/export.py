"""The ONNX builds of one candidate."""

from pathlib import Path

from har.config import ExportSettings, WindowGrid
from har.data.windows import Windows
from har.evaluation.predictions import labelled, probabilities_of, read_predictions
from har.export.builds import export as run


def export(
    out: Path,
    *,
    windows: Path,
    model: Path,
    predicted: Path,
    name: str,
    window: WindowGrid,
    settings: ExportSettings,
) -> None:
    """Write, measure and judge every build."""
    run(
        name,
        out,
        model,
        probabilities_of(labelled(read_predictions(predicted))),
        Windows.load(windows),
        window=window,
        settings=settings,
    )

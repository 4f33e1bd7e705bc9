"""Execute the guided tour from its first cell to its last, and keep what it shows.

``python scripts/run_notebook.py`` (or ``make notebook``) writes
HAR_Project_usingpretrandmodel.ipynb anew, after its cells were changed.
"""

import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "HAR_Project_usingpretrandmodel.ipynb"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def executed(path: Path, *, timeout: float = 600) -> nbformat.NotebookNode:
    """Return a notebook with the outputs of its cells, run in its own folder.

    Parameters
    ----------
    path : Path
        The notebook.
    timeout : float
        The longest that one cell may take, s.

    Raises
    ------
    CellExecutionError
        If a cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,  # when and how fast a machine ran it is no part of the tour
        coalesce_streams=True,  # else a slow machine parts what one cell prints
    ).execute()
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return notebook


def main() -> None:
    """Write the notebook with fresh outputs."""
    start = time.perf_counter()
    nbformat.write(executed(NOTEBOOK), NOTEBOOK)
    print(f"{NOTEBOOK.name}: {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()

"""Give hostile files to `har data ingest` and `har predict`, and write what became of them.

Each is written into an empty folder and given to a command in a process of its own, whose time
and memory are measured. What they are stands in ``tests/hostile_files.py``.

    python scripts/hostile.py --to docs/hostile-files.md
    python scripts/hostile.py --only Parquet
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from har.benchmarks.page import made_by, table, write

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import hostile_models  # noqa: F401 # it has files of its own
from graphs import write_rule
from hostile_files import FILES, MOST_MB, PATIENCE_S, Hostile, Outcome, outcome, rows

COLUMNS = ("what", "MB", "command", "outcome", "s", "peak MB")
LIBRARIES = ("numpy", "pandas", "pyarrow", "google-re2", "actfast", "cbor2", "onnxruntime")
INTRODUCTION = f"""# Hostile files

What HAR does with files that were made to harm it: bombs, links, pipes, names, numbers and text
that make a reader slow. Nothing may take longer than {PATIENCE_S:g} s or more than
{MOST_MB:,.0f} MB here, and what is refused is refused in words, with exit code 3 (5: bytes that are
not as they were written). Seconds are those of the command without the start of Python. The bounds
are the settings `limits.…`, which `har config` prints.
"""


def main() -> None:
    """Try the files and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, help="page to write; default: none")
    parser.add_argument("--only", default="", help="files whose names hold this")
    arguments = parser.parse_args()
    found = [line for name in sorted(FILES) if arguments.only in name for line in _tried(name)]
    if arguments.to:
        command = " ".join(["python", *sys.argv])
        lines = [INTRODUCTION, *made_by((), LIBRARIES, command=command), *table(COLUMNS, found)]
        write(arguments.to, lines)


def _tried(name: str) -> Iterator[tuple[str, ...]]:
    """Yield a line of the table for each command that a file is given to."""
    file = FILES[name]
    folder = Path(tempfile.mkdtemp(prefix="har-hostile-"))
    try:
        (folder / "given").mkdir()
        (folder / "sound.csv").write_bytes(rows(3000))
        model = write_rule(folder / "model.onnx")
        path = file.write(folder / "given")
        size = _size(path)
        for command in file.commands:
            done = outcome(command, folder, path=path, model=model)
            words = "" if command[0] == "load" else "har "
            words += " ".join(word for word in command if word[0] not in "-{0123456789")
            line = (
                *(name, size, words, _said(done, file)),
                *(f"{done.seconds:.1f}", f"{done.peak_mb:,.0f}"),
            )
            print(" | ".join(line), flush=True)
            yield line
    finally:
        shutil.rmtree(folder)


def _size(path: Path) -> str:
    """Return the size of a file in MB; of what is none, nothing."""
    return f"{path.stat().st_size / 1e6:.3g}" if path.is_file() else ""


def _said(done: Outcome, file: Hostile) -> str:
    """Return how a command ended: its exit code, and the first line of the error."""
    error = next((x for x in done.said.splitlines() if x.startswith("error: ")), "")
    said = error.removeprefix("error: ").rpartition(": ")[2] if error else "read"
    bad = "" if done.code == file.code else f", **not {file.code}**"
    return f"{done.code}{bad}: {said[:120]}"


if __name__ == "__main__":
    main()

"""What a step made, byte for byte."""

from pathlib import Path

from har.measured import MEASURED


def content(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file by its name, without what was measured on the way."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files if p.name != MEASURED}

"""Files of skops whose bytes follow from their content alone.

skops numbers objects by their address in memory, names the arrays in its zip archive by
those numbers and stamps them with the time, so that equal models differ in every file.
Here objects and arrays are numbered as one comes upon them and no time is kept; what
skops reads is the same.
"""

import io
import json
from itertools import count
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import skops.io

SCHEMA = "schema.json"


def dump(content: Any, path: Path) -> None:
    """Write an object as `skops.io.dump` does, the same bytes for the same content.

    Parameters
    ----------
    content : object
        Whatever skops can save.
    path : Path
        The file to write.
    """
    with ZipFile(io.BytesIO(skops.io.dumps(content))) as source, ZipFile(path, "w") as target:
        schema = json.loads(source.read(SCHEMA))
        for name, own in _renumber(schema).items():
            target.writestr(ZipInfo(own), source.read(name))
        target.writestr(ZipInfo(SCHEMA), json.dumps(schema, indent=1))


def _renumber(schema: Any) -> dict[str, str]:
    """Renumber a schema's objects and files in place; return the new names of files by the old."""
    numbers, ids, files = count(1), dict[int, int](), dict[str, str]()

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            for value in node.values():
                visit(value)
            if "file" in node:
                name = node["file"]
                node["file"] = files.setdefault(name, f"{len(files)}{Path(name).suffix}")
            if "__id__" in node:
                # Equal plain values may be one object or several: that is Python's affair.
                own = next(numbers) if node.get("is_json") else None
                node["__id__"] = own or ids.setdefault(node["__id__"], next(numbers))
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(schema)
    return files

"""The folder that `har edge` writes."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from har.config import CleanSettings
from har.data.recording import ACC, GYRO
from har.disk import write_text
from har.errors import MissingError, UsageError
from har.lineage import digest
from har.page.colours import colours_by_name
from har.serving.served import Served

SITE = Path(__file__).with_name("site")
RUNTIME = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
"""What the page needs of onnxruntime-web."""
PACKAGE = "onnxruntime-web"
INSTALL = f"npm install {PACKAGE}@1.30.0"


def write(folder: Path, served: Served, runtime: Path) -> None:
    """Write a folder that any web server can serve.

    Parameters
    ----------
    folder : Path
        Made unless it is there; its files of these names are written anew.
    served : Served
        The model. Its file is copied byte for byte.
    runtime : Path
        The package onnxruntime-web, as `runtime_folder` finds it.

    Raises
    ------
    UsageError
        If a browser cannot give what the model reads.
    """
    facts = _facts(served)
    (folder / "runtime").mkdir(parents=True, exist_ok=True)
    shutil.copytree(SITE, folder, dirs_exist_ok=True)
    for name in RUNTIME:
        shutil.copyfile(runtime / "dist" / name, folder / "runtime" / name)
    shutil.copyfile(served.predictor.path, folder / "model.onnx")
    write_text(folder / "model.json", json.dumps(facts, indent=1))
    files = sorted(path.relative_to(folder).as_posix() for path in _kept(folder))
    build = digest.of_json({name: digest.of_file(folder / name) for name in files})
    listed = json.dumps(["./", *files])
    write_text(folder / "build.js", f'const BUILD = "{build[:16]}";\nconst FILES = {listed};\n')


def runtime_folder(given: Path | None) -> Path:
    """Return the folder of onnxruntime-web: a given one, else where Node would look for it.

    Raises
    ------
    MissingError
        If it is not there.
    """
    for folder in [given] if given else _places():
        if all((folder / "dist" / name).is_file() for name in RUNTIME):
            return folder
    raise MissingError(
        f"{given or PACKAGE}: no WebAssembly build of ONNX Runtime",
        expected=f"{PACKAGE} in node_modules here or above, or in a folder of NODE_PATH",
        found=f"no dist/{RUNTIME[1]}" if given else None,
        hint=f"`{INSTALL}`, or name its folder with --runtime",
    )


def _places() -> Iterator[Path]:
    here = Path.cwd()
    for folder in (here, *here.parents):
        yield folder / "node_modules" / PACKAGE
    for entry in filter(None, os.environ.get("NODE_PATH", "").split(os.pathsep)):
        yield Path(entry) / PACKAGE


def _facts(served: Served) -> dict[str, Any]:
    """Return what the page must know of the model."""
    predictor = served.predictor
    if unknown := [name for name in predictor.channels if name not in (*ACC, *GYRO)]:
        raise UsageError(
            "a browser cannot give what this model reads",
            expected="a model for acceleration, with or without angular velocity",
            found=f"the channels {', '.join(unknown)}",
            hint="use a model that was trained on one device without a magnetometer",
        )
    predictor.require_as_worn("a phone", "use another version, as --model models:/har@challenger")
    window, reference = predictor.window, predictor.reference
    threshold = predictor.threshold
    return {
        **served.to_dict(),
        "classes": predictor.classes,
        "colours": colours_by_name(predictor.classes),
        "channels": predictor.channels,
        "sensors": "acceleration and angular velocity" if predictor.needs_gyro else "acceleration",
        "gravity": predictor.gravity,
        "placements": reference.placements if reference else (),
        "rate_hz": predictor.rate_hz,
        "n_samples": predictor.n_samples,
        "n_hop": predictor.n_hop,
        "window_s": window.length_s,
        "hop_s": window.hop_s,
        "max_gap_s": CleanSettings().max_gap_s,
        "distance_threshold": threshold if np.isfinite(threshold) else None,
        "smoother": predictor.default_smoother,
        "smoothing": predictor.smoothing.to_dict() if predictor.smoothing else None,
    }


def _kept(folder: Path) -> Iterator[Path]:
    """Yield the files that a browser keeps: all that were written, but the worker itself."""
    names = [path.relative_to(SITE) for path in SITE.rglob("*") if path.is_file()]
    names += [Path("model.onnx"), Path("model.json"), *(Path("runtime") / n for n in RUNTIME)]
    yield from (folder / name for name in names if name.name != "service-worker.js")

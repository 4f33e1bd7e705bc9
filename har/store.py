"""The content-addressed store: each step's output under the digest of what made it.

A step's key is the digest of its inputs' content, its parameters, its code and
the versions of the libraries that shape its result. The output is written to a
temporary folder beside its place and renamed, so an entry is whole or absent;
one lock per key keeps two runs from making the same entry at once, and a folder
that a killed run left behind is removed by the next one. A long step may keep
checkpoints beside, from which the next run goes on.
"""

import contextlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from har.lineage import digest

MANIFEST = "step.json"
SHARED_BYTES = 1_000_000  # files from this size on are stored once
KEEP_S = 7 * 24 * 3600  # a checkpoint's life, s
logger = logging.getLogger("har.store")


@dataclass(frozen=True)
class Artifact:
    """A finished output of a step.

    Attributes
    ----------
    step : str
        The step's name.
    key : str
        Digest of what made it: inputs, parameters, code, library versions.
    content : str
        Digest of what it holds.
    path : Path
        Its folder.
    reused : bool
        Whether it was found rather than made.
    seconds : float
        How long it took to make.
    """

    step: str
    key: str
    content: str
    path: Path
    reused: bool
    seconds: float

    @property
    def manifest(self) -> dict[str, Any]:
        """What the step recorded of itself."""
        manifest: dict[str, Any] = json.loads((self.path / MANIFEST).read_text())
        return manifest


class Store:
    """Finds or makes outputs of steps below one folder.

    Parameters
    ----------
    root : Path
        The store's folder; made when the first entry is.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def get_or_make(
        self,
        step: str,
        build: Callable[[Path], None],
        *,
        inputs: Mapping[str, Artifact | str],
        params: Mapping[str, Any],
        code: Sequence[str],
        libraries: Sequence[str] = (),
        quiet: bool = False,
    ) -> Artifact:
        """Return the output of a step, calling ``build(folder)`` if there is none yet.

        Parameters
        ----------
        step : str
            The step's name, which is also its folder.
        build : callable
            Writes the output into the empty folder that it is given.
        inputs : mapping
            Outputs of other steps, or digests of files, by role.
        params : mapping
            JSON-able parameters.
        code : sequence of str
            Modules and packages whose source shapes the output.
        libraries : sequence of str
            Distributions whose versions shape the output.
        quiet : bool, default=False
            Say nothing of making it.
        """
        recipe = self._recipe(step, inputs, params, code, libraries)
        key = digest.of_json(recipe)
        place = self.root / step / key[:16]
        if found := _read(place, step, key):
            return found
        with self._lock(step, key):
            if found := _read(place, step, key):
                return found
            self._make(
                place, build, {"key": key, **recipe}, logging.DEBUG if quiet else logging.INFO
            )
        made = _read(place, step, key, reused=False)
        assert made is not None
        return made

    def key(
        self,
        step: str,
        *,
        inputs: Mapping[str, Artifact | str],
        params: Mapping[str, Any],
        code: Sequence[str],
        libraries: Sequence[str] = (),
    ) -> str:
        """Return the key under which `get_or_make` finds or makes an output."""
        return digest.of_json(self._recipe(step, inputs, params, code, libraries))

    @staticmethod
    def _recipe(
        step: str,
        inputs: Mapping[str, Artifact | str],
        params: Mapping[str, Any],
        code: Sequence[str],
        libraries: Sequence[str],
    ) -> dict[str, Any]:
        return {
            "step": step,
            "inputs": {k: v if isinstance(v, str) else v.content for k, v in inputs.items()},
            "params": json.loads(json.dumps(params)),
            "code": digest.of_code(*code),
            "libraries": {name: version(name) for name in libraries},
        }

    def find(self, step: str, key: str) -> Artifact | None:
        """Return the output that a step made under a key, if it is still there."""
        return _read(self.root / step / key[:16], step, key)

    def checkpoints(self, out: Path) -> Path:
        """Return where a build that writes to `out` keeps what should outlive a kill.

        The next build of the same entry finds it there; a finished one has it removed.
        """
        return self.root / ".checkpoints" / out.name

    def sweep(self) -> int:
        """Remove what killed runs left half-written; return how many folders.

        Checkpoints stay for a week: nobody goes on from older ones.
        """
        removed = 0
        for folder in self.root.glob(".checkpoints/*"):
            if time.time() - folder.stat().st_mtime > KEEP_S:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        for folder in sorted(self.root.glob(".tmp/*")):
            lock = FileLock(self.root / ".locks" / f"{folder.name}.lock")
            try:
                with lock.acquire(timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
                    removed += 1
            except Timeout:
                continue  # another run is writing it now
        for blob in self.root.glob(".blobs/*"):
            if blob.stat().st_nlink == 1:  # no entry has it any more
                blob.unlink(missing_ok=True)
        return removed

    def _lock(self, step: str, key: str) -> FileLock:
        path = self.root / ".locks" / f"{step}-{key[:16]}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path)

    def _make(
        self, place: Path, build: Callable[[Path], None], recipe: dict[str, Any], level: int
    ) -> None:
        scratch = self.root / ".tmp" / f"{recipe['step']}-{place.name}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        logger.log(level, "%-16s making …", recipe["step"])
        start = time.perf_counter()
        try:
            build(scratch)
            files = digest.of_folder(scratch)
            _write_manifest(scratch, recipe, files, time.perf_counter() - start)
            self._share(scratch, files)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        shutil.rmtree(place, ignore_errors=True)  # a damaged entry, or none
        place.parent.mkdir(parents=True, exist_ok=True)
        scratch.rename(place)
        shutil.rmtree(self.checkpoints(scratch), ignore_errors=True)

    def _share(self, folder: Path, files: Mapping[str, str]) -> None:
        """Let large files of the same content be one file on disk, as folds' windows are."""
        blobs = self.root / ".blobs"
        blobs.mkdir(exist_ok=True)
        for name, sha256 in files.items():
            path, blob = folder / name, blobs / sha256
            if path.stat().st_size < SHARED_BYTES:
                continue
            if blob.exists() and digest.of_file(blob) == sha256:
                path.unlink()
                os.link(blob, path)
            else:
                blob.unlink(missing_ok=True)
                with contextlib.suppress(FileExistsError):  # another run was faster
                    os.link(path, blob)


def _write_manifest(
    folder: Path, recipe: dict[str, Any], files: Mapping[str, str], seconds: float
) -> None:
    manifest = {
        **recipe,
        "content": digest.of_mapping(files),
        "files": {
            name: {"sha256": sha256, "bytes": (folder / name).stat().st_size}
            for name, sha256 in files.items()
        },
        "seconds": round(seconds, 2),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    with (folder / MANIFEST).open("w") as file:
        json.dump(manifest, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def _read(place: Path, step: str, key: str, *, reused: bool = True) -> Artifact | None:
    """Return the entry if its manifest is there and every file has its recorded size."""
    try:
        manifest = json.loads((place / MANIFEST).read_text())
        sizes = {name: (place / name).stat().st_size for name in manifest["files"]}
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    whole = all(sizes[name] == entry["bytes"] for name, entry in manifest["files"].items())
    if not whole or manifest["key"] != key:
        return None
    return Artifact(step, key, manifest["content"], place, reused, manifest["seconds"])

"""The content-addressed store: each step's output under the digest of what made it.

A step's key is the digest of its inputs' content, the settings that it reads, the code
that it executes and the versions of the libraries that this uses. The output is written
to a temporary folder beside its place and renamed, so an entry is whole or absent; one
lock per key keeps two runs from making the same entry at once, and a folder that a
killed run left behind is removed by the next one. A long step may keep checkpoints
beside, from which the next run goes on.

What is found is checked against its manifest, byte by byte: a damaged entry is named
and made anew. What was measured (`har.measured`) is no part of an entry's content.
"""

import contextlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from har import disk
from har.errors import MissingError, VerificationError
from har.lineage import digest
from har.lineage.code import executed_by
from har.lineage.journal import Known
from har.lineage.manifest import Manifest, StoredFile
from har.lineage.origin import now_utc
from har.measured import MEASURED

# Files from this size on are stored once.
SHARED_BYTES = 1_000_000
# A checkpoint's life, s: nobody goes on from an older one.
KEEP_S = 7 * 24 * 3600
logger = logging.getLogger("har.store")


@dataclass(frozen=True)
class Artifact:
    """A finished output of a step.

    Attributes
    ----------
    step : str
        The step's name.
    key : str
        Digest of what made it: inputs, settings, code, library versions.
    content : str
        Digest of what it holds.
    path : Path
        Its folder.
    reused : bool
        Whether it was found rather than made.
    seconds : float
        How long it took to make.
    manifest : Manifest
        What the step recorded of itself.
    """

    step: str
    key: str
    content: str
    path: Path
    reused: bool
    seconds: float
    manifest: Manifest = field(repr=False, compare=False)

    def known_as(self, name: str) -> Known:
        """Return the line of a run's journal that this is the output of a step of a name."""
        return Known(
            time=now_utc(),
            name=name,
            step=self.step,
            key=self.key,
            content=self.content,
            made_by=self.manifest.run,
            made=self.manifest.created,
            seconds=self.manifest.seconds,
        )


class Store:
    """Finds or makes outputs of steps below one folder.

    Parameters
    ----------
    root : Path
        The store's folder; made when the first entry is.
    run : str, optional
        The run whose entries it makes (`har.lineage.journal`).
    """

    def __init__(self, root: Path, *, run: str = "") -> None:
        self.root, self.run = Path(root), run

    def get_or_make(
        self,
        step: str,
        build: Callable[[Path], None],
        *,
        inputs: Mapping[str, str],
        params: Mapping[str, Any],
        entries: Sequence[str],
        told: str | None = None,
    ) -> Artifact:
        """Return the output of a step, calling ``build(folder)`` if there is none yet.

        Parameters
        ----------
        step : str
            The step's name, which is also its folder.
        build : callable
            Writes the output into the empty folder that it is given.
        inputs : mapping of str to str
            Digests of what is read, by role.
        params : mapping
            JSON-able parameters.
        entries : sequence of str
            Functions, ``module:function``, by which the step's code is entered
            (`har.lineage.code`).
        told : str, optional
            What to call it while it is made; by default nothing is said.
        """
        made_of = self._made_of(step, inputs, params, entries)
        key = digest.of_json(made_of)
        if found := self.find(step, key):
            return found
        with self._lock(step, key):
            if found := self.find(step, key):
                return found
            self._make(self._place(step, key), build, {"key": key, **made_of}, told)
        made = self.find(step, key, quick=True)
        assert made is not None
        return replace(made, reused=False)

    def key(
        self,
        step: str,
        *,
        inputs: Mapping[str, str],
        params: Mapping[str, Any],
        entries: Sequence[str],
    ) -> str:
        """Return the key under which `get_or_make` finds or makes an output."""
        return digest.of_json(self._made_of(step, inputs, params, entries))

    @staticmethod
    def _made_of(
        step: str, inputs: Mapping[str, str], params: Mapping[str, Any], entries: Sequence[str]
    ) -> dict[str, Any]:
        codes = [executed_by(entry) for entry in entries]
        return {
            "step": step,
            "inputs": dict(inputs),
            "params": json.loads(json.dumps(params)),
            "code": {path: sha256 for code in codes for path, sha256 in code.files.items()},
            "libraries": {name: v for code in codes for name, v in code.libraries.items()},
        }

    def find(self, step: str, key: str, *, quick: bool = False) -> Artifact | None:
        """Return the output that a step made under a key, if it is still there and whole.

        Parameters
        ----------
        step, key : str
            Which output.
        quick : bool, default=False
            Compare sizes alone, for listings: nothing may be computed from what is found.
        """
        place = self._place(step, key)
        try:
            manifest = Manifest.read(place)
        except (MissingError, VerificationError):
            return None
        if manifest.key != key:
            return None
        if damaged := list(_damaged(place, manifest, quick=quick)):
            logger.warning("%s: not as it was written: %s", place, ", ".join(damaged))
            return None
        return Artifact(step, key, manifest.content, place, True, manifest.seconds, manifest)

    def _place(self, step: str, key: str) -> Path:
        return self.root / step / key[:16]

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
        self, place: Path, build: Callable[[Path], None], made_of: dict[str, Any], told: str | None
    ) -> None:
        scratch = self.root / ".tmp" / f"{made_of['step']}-{place.name}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        if told:
            logger.info("%-24s making …", told)
        start, cpu_start = time.perf_counter(), time.process_time()
        try:
            build(scratch)
            files = digest.of_folder(scratch, leave_out=[MEASURED])
            seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
            taken = {"seconds": seconds, "cpu_seconds": cpu_seconds}
            _write_manifest(scratch, made_of, files, taken, self.run)
            self._share(scratch, files)
        except BaseException as error:
            shutil.rmtree(scratch, ignore_errors=True)
            if isinstance(error, OSError):
                disk.name_file(error, place)
            raise
        shutil.rmtree(place, ignore_errors=True)  # a damaged entry, or none
        place.parent.mkdir(parents=True, exist_ok=True)
        scratch.rename(place)
        shutil.rmtree(checkpoints(scratch), ignore_errors=True)
        if told:
            logger.info("%-24s made in %.1f s", told, seconds)

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


def checkpoints(out: Path) -> Path:
    """Return where a build that writes to `out` keeps what should outlive a kill.

    The next build of the same entry finds it there; a finished one has it removed.
    """
    return out.parent.parent / ".checkpoints" / out.name


def _write_manifest(
    folder: Path,
    made_of: dict[str, Any],
    files: Mapping[str, str],
    taken: Mapping[str, float],
    run: str,
) -> None:
    Manifest(
        **made_of,
        content=digest.of_mapping(files),
        files={
            name: StoredFile(sha256=sha256, bytes=(folder / name).stat().st_size)
            for name, sha256 in files.items()
        },
        **{name: round(value, 2) for name, value in taken.items()},
        created=now_utc(),
        **({"run": run} if run else {}),
    ).write(folder)
    with (folder / Manifest.FILE).open("rb") as file:
        os.fsync(file.fileno())


def _damaged(place: Path, manifest: Manifest, *, quick: bool) -> Iterable[str]:
    """Yield the files that are not as the manifest says."""
    for name, entry in manifest.files.items():
        path = place / name
        if (
            not path.is_file()
            or path.stat().st_size != entry.bytes
            or (not quick and digest.of_file(path) != entry.sha256)
        ):
            yield name

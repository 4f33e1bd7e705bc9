"""The version that a name stands for, as it is served: promoted, verified, kept for an outage.

What an alias names is what was promoted, by the history. Where somebody moved the alias in
MLflow's page, that is said, and the version that was promoted serves.

>>> from har.registry.versions.served import RegistrySource
>>> served = RegistrySource(registry, "champion").load()  # doctest: +SKIP
>>> served.version, served.predictor.classes  # doctest: +SKIP
"""

import json
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from har.addresses import without_credentials
from har.disk import is_unwritable, write_text
from har.errors import HarError, MissingError, VerificationError
from har.lineage import digest
from har.registry.handle import Registry
from har.registry.reading import NothingReader
from har.registry.versions.files import MODEL, fetch
from har.registry.versions.lookup import find
from har.registry.versions.promoted import Promoted, promoted
from har.registry.versions.version import ONNX_DIGEST, Version
from har.serving.served import Served, load_verified

T = TypeVar("T")
_log = logging.getLogger(__name__)


class OutageError(MissingError):
    """The registry cannot be asked just now."""


@dataclass(frozen=True)
class RegistrySource:
    """A version of a registered model.

    Its name is resolved once. What it stood for, and the file, are kept in the store; where
    the registry cannot be reached, that is served, and a warning says so.

    Attributes
    ----------
    registry : Registry
        The model.
    selector : str
        An alias, a number or a stage.
    threads : int
        CPU threads of one call.
    """

    registry: Registry
    selector: str = "champion"
    threads: int = 1

    def load(self) -> Served:
        """Return the version that the name stands for, or stood for when that was last known.

        Raises
        ------
        MissingError
            If there is no such version, or the registry is not there and nothing is kept.
        VerificationError
            If the bytes are not the registered ones, or nobody was promoted to the name.
        """
        try:
            named = self._promoted(self._found())
            if named.warning:
                _log.warning("%s", named.warning)
            return self._loaded(named.version)
        except OutageError as outage:
            kept = self._kept()
            if kept is None:
                raise
            _log.warning("%s; going on with %s, as last known", outage.message, kept)
            return kept

    def newer(self, than: Served) -> Served | None:
        """Return the version that the name stands for now, unless it is the same.

        Raises
        ------
        HarError
            If the registry cannot be reached, that version cannot be served, or nobody
            promoted it.
        """
        found = self._found()
        known = found.tags.get(ONNX_DIGEST)
        if (str(found.number), known) == (than.version, than.sha256):
            return None
        named = self._promoted(found)
        if named.warning and str(named.version.number) == than.version:
            raise VerificationError(named.warning, hint="see `har registry reconcile`")
        return self._loaded(named.version)

    def _found(self) -> Version:
        return _asked(self.registry, lambda: find(self.registry, self.selector))

    def _promoted(self, found: Version) -> Promoted:
        return _asked(self.registry, lambda: promoted(self.registry, self.selector, found))

    def _loaded(self, found: Version) -> Served:
        path = _asked(self.registry, lambda: fetch(self.registry, found))
        version, sha256 = str(found.number), found.tags[ONNX_DIGEST]
        served = load_verified(
            path, found.model, version, sha256, candidate=found.candidate, threads=self.threads
        )
        self._keep(served)
        return served

    @property
    def _note(self) -> Path:
        """Where it is kept what the name stood for."""
        name = [without_credentials(self.registry.uri), self.registry.model, self.selector]
        return self.registry.store / "onnx" / f"{digest.of_json(name)[:16]}.json"

    def _keep(self, served: Served) -> None:
        fields = {**served.to_dict(), "selector": self.selector, "candidate": served.candidate}
        text = json.dumps(fields, indent=2) + "\n"
        try:
            if not self._note.is_file() or self._note.read_text(encoding="utf-8") != text:
                write_text(self._note, text)
        except OSError as error:
            if not is_unwritable(error):
                raise

    def _kept(self) -> Served | None:
        if not self._note.is_file():
            return None
        note = json.loads(self._note.read_text(encoding="utf-8"))
        path = self.registry.store / "onnx" / note["sha256"][:16] / MODEL
        if not path.is_file():
            return None
        return load_verified(
            path,
            note["model"],
            note["version"],
            note["sha256"],
            candidate=note["candidate"],
            threads=self.threads,
        )


def _asked(registry: Registry, ask: Callable[[], T]) -> T:
    """Return what a registry answers; an `OutageError` if it does not."""
    try:
        reader = registry.reader
    except MissingError as error:
        raise _outage(error) from None
    if isinstance(reader, NothingReader):
        raise OutageError(f"there is no registry at {registry.uri}", hint="`har run` makes one")
    try:
        return ask()
    except HarError:
        raise
    except Exception as error:
        # MLflow's own is known by its name: importing MLflow takes seconds.
        ours = (OSError, sqlite3.Error)
        if isinstance(error, ours) or type(error).__name__ == "MlflowException":
            raise _outage(error) from None
        raise


def _outage(error: Exception) -> OutageError:
    if isinstance(error, HarError):
        return OutageError(
            error.message, expected=error.expected, found=error.found, hint=error.hint
        )
    return OutageError("the registry cannot be asked", found=str(error).splitlines()[0][-300:])

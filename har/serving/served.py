"""One model as it is served, and where it comes from: a file here, a registry elsewhere.

>>> from har.serving.served import FileSource
>>> served = FileSource(Path("model.onnx")).load()  # doctest: +SKIP
>>> served.predictor.answer(windows).activity  # doctest: +SKIP
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from har.errors import MissingError, UsageError, VerificationError
from har.foreign import require_regular
from har.lineage import digest
from har.serving.predictor import Predictor


@dataclass(frozen=True, eq=False)
class Served:
    """A predictor and what it is.

    Attributes
    ----------
    predictor : Predictor
        Loaded from bytes of the digest below.
    model : str
        Name of the registered model, or of the file.
    version : str
        Its number; empty of a file.
    sha256 : str
        Of the ONNX file.
    signer : str
        Who signed the version; empty: nobody.
    candidate : str
        Which model of the catalogue it is; empty where that is not known.
    """

    predictor: Predictor
    model: str
    version: str
    sha256: str
    signer: str = ""
    candidate: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return what every answer says of the model."""
        return {"model": self.model, "version": self.version, "sha256": self.sha256}

    @property
    def label(self) -> str:
        """Its name for people, as ``har version 3 (svm)``."""
        version = f" version {self.version}" if self.version else ""
        return f"{self.model}{version}" + (f" ({self.candidate})" if self.candidate else "")

    def __str__(self) -> str:
        return f"{self.label}, SHA-256 {self.sha256[:12]}…"


class Source(Protocol):
    """Where the served model comes from."""

    def load(self) -> Served:
        """Return the model to begin with.

        Raises
        ------
        HarError
            If there is none, or its bytes are not what they were.
        """

    def newer(self, than: Served) -> Served | None:
        """Look whether another model is to be served now; None: the same one.

        Raises
        ------
        HarError
            If that cannot be told or the other one cannot be served: the old one stays.
        """


@dataclass(frozen=True)
class FileSource:
    """A model on this machine.

    Attributes
    ----------
    path : Path
        An ONNX file, or a folder that holds one.
    threads : int
        CPU threads of one call.
    """

    path: Path
    threads: int = 1

    def load(self) -> Served:
        """Return the model of the file as it is now."""
        file = _onnx_file(self.path)
        return load_verified(file, file.stem, "", digest.of_file(file), threads=self.threads)

    def newer(self, than: Served) -> Served | None:
        """Return the model of the file, if its bytes have changed."""
        sha256 = digest.of_file(_onnx_file(self.path))
        return None if sha256 == than.sha256 else self.load()


def load_verified(
    file: Path, model: str, version: str, sha256: str, *, candidate: str = "", threads: int = 1
) -> Served:
    """Load an ONNX file whose bytes have a digest.

    Raises
    ------
    VerificationError
        If they have another one.
    DataError
        If it is no model of this project.
    """
    if (actual := digest.of_file(file)) != sha256:
        raise VerificationError(
            f"{file}: not the bytes that were to be served",
            expected=f"SHA-256 {sha256}",
            found=f"SHA-256 {actual}",
            hint="write models under another name and rename them; they are looked at again",
        )
    return Served(Predictor(file, threads=threads), model, version, sha256, candidate=candidate)


def _onnx_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        if path.exists():
            require_regular(path)
        raise MissingError(f"{path}: no such file or folder", expected="an ONNX file of `har run`")
    files = sorted(path.glob("*.onnx"))
    if len(files) == 1:
        return files[0]
    if not files:
        raise MissingError(f"{path}: holds no model", expected="one file that ends in .onnx")
    raise UsageError(
        f"{path}: which model?",
        expected="one file that ends in .onnx",
        found=", ".join(file.name for file in files),
        hint="name the file",
    )

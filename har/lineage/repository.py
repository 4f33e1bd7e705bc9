"""The code that runs: the package's source, its commit, what differs from it, the lock file."""

import functools
import logging
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import har
from har.lineage import digest
from har.lineage.record import Descriptor

logger = logging.getLogger("har.lineage")
PACKAGE = Path(har.__file__).parent
LOCK = "requirements.txt"
# Of a new file that belongs to the code.
MAX_NEW_BYTES = 2**20
_OF_ANOTHER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")


@dataclass(frozen=True)
class Checkout:
    """The checkout that a package is in, as it was read once.

    Attributes
    ----------
    root : Path
        Its folder.
    commit : str
        That is checked out.
    diff : bytes
        What differs from it in tracked files.
    added : dict of bytes to str
        SHA-256 of every new file, by its name as git has it.
    """

    root: Path
    commit: str
    diff: bytes
    added: dict[bytes, str]

    @classmethod
    def of(cls, package: Path = PACKAGE) -> Self | None:
        """Read it; None outside of one. One that git cannot read is warned of."""
        if not any((folder / ".git").exists() for folder in package.resolve().parents):
            return None
        try:
            return cls._read(package)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", b"").decode(errors="replace").strip() or str(error)
            _warn(f"the lineage record will lack the commit of {package.parent}: {said}")
            return None

    @classmethod
    def _read(cls, package: Path) -> Self | None:
        # A package installed in a venv inside some repository is not tracked by it.
        if not _git(package, "ls-files", "__init__.py"):
            return None
        root = Path(os.fsdecode(_git(package, "rev-parse", "--show-toplevel").rstrip(b"\n")))
        new = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
        paths = {name: root / os.fsdecode(name) for name in new if name}
        return cls(
            root,
            _git(package, "rev-parse", "HEAD").decode().strip(),
            _git(root, "diff", "HEAD", "--binary", "--no-ext-diff"),
            {name: digest.of_file(path) for name, path in paths.items() if path.is_file()},
        )

    @property
    def state(self) -> Descriptor:
        """The commit, and a digest of what differs from it: of the diff and of new files."""
        # A name that is not UTF-8 is kept by the numbers of its bytes.
        added = {n.decode(errors="backslashreplace"): sha256 for n, sha256 in self.added.items()}
        dirty = bool(self.diff or added)
        change = {"diff": digest.of_bytes(self.diff), "untracked": digest.of_mapping(added)}
        return Descriptor(
            name="commit",
            digest={"gitCommit": self.commit},
            annotations={
                "role": "source code",
                "dirty": dirty,
                "changes_sha256": digest.of_mapping(change) if dirty else None,
            },
        )

    def patch(self) -> bytes:
        """Return what differs from the commit as ``git apply`` takes it; empty if nothing does.

        Of new files it has those of up to a megabyte in folders where git tracks something: what
        else lies there is no code.
        """
        tracked = {name.split(b"/")[0] for name in _git(self.root, "ls-files", "-z").split(b"\0")}
        new = [name for name in self.added if b"/" not in name or name.split(b"/")[0] in tracked]
        small = [n for n in new if (self.root / os.fsdecode(n)).stat().st_size <= MAX_NEW_BYTES]
        return self.diff + b"".join(_addition(self.root, name) for name in small)


def code(package: Path = PACKAGE, checkout: Checkout | None = None) -> list[Descriptor]:
    """Return the package's source, its git state where it is tracked, and the lock file.

    Parameters
    ----------
    package : Path
        Folder of the package; its parent may be a git checkout.
    checkout : Checkout, optional
        That checkout, where it was read already.
    """
    source = Descriptor(
        name="har",
        digest={"sha256": digest.of_code()},
        annotations={"role": "source files", "version": har.__version__},
    )
    descriptors = [source]
    if found := checkout or Checkout.of(package):
        descriptors.append(found.state)
    lock = package.parent / LOCK
    if lock.exists():
        sha256 = digest.of_file(lock)
        descriptors.append(
            Descriptor(name=LOCK, digest={"sha256": sha256}, annotations={"role": "lock file"})
        )
    return descriptors


def _addition(root: Path, name: bytes) -> bytes:
    words = ("diff", "--no-index", "--binary", "--", os.devnull, os.fsdecode(name))
    return _git(root, *words, differs=True)


@functools.cache
def _warn(text: str) -> None:
    logger.warning(text)


def _git(folder: Path, *arguments: str, differs: bool = False) -> bytes:
    """Return what git prints of the checkout that a folder is in; 1 may say that files differ."""
    # The folder's code runs already, whoever owns it.
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    # A job of git's, as a hook, names its own repository to all that it starts.
    own = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    done = subprocess.run(command, env=own, capture_output=True, check=False)
    if done.returncode != int(differs):
        done.check_returncode()
    return done.stdout

"""The code that runs: the package's source, its commit, what differs from it, the lock file."""

import functools
import logging
import os
import subprocess
from pathlib import Path

import har
from har.lineage import digest
from har.lineage.record import Descriptor

logger = logging.getLogger("har.lineage")
PACKAGE = Path(har.__file__).parent
LOCK = "requirements.txt"
# Of a new file that belongs to the code.
MAX_NEW_BYTES = 2**20
_OF_ANOTHER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")


def code(package: Path = PACKAGE) -> list[Descriptor]:
    """Return the package's source, its git state where it is tracked, and the lock file.

    Parameters
    ----------
    package : Path
        Folder of the package; its parent may be a git checkout.
    """
    source = Descriptor(
        name="har",
        digest={"sha256": digest.of_code()},
        annotations={"role": "source files", "version": har.__version__},
    )
    descriptors = [source]
    if state := git_state(package):
        descriptors.append(state)
    lock = package.parent / LOCK
    if lock.exists():
        sha256 = digest.of_file(lock)
        descriptors.append(
            Descriptor(name=LOCK, digest={"sha256": sha256}, annotations={"role": "lock file"})
        )
    return descriptors


def git_state(package: Path) -> Descriptor | None:
    """Return the commit and a digest of what differs from it, or None outside a checkout.

    The digest is over the diff of tracked files and the content of untracked ones. A
    checkout that git cannot read is warned of.
    """
    if not any((folder / ".git").exists() for folder in package.resolve().parents):
        return None
    try:
        return _git_state(package)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"").decode(errors="replace").strip() or str(error)
        _warn(f"the lineage record will lack the commit of {package.parent}: {said}")
        return None


def _git_state(package: Path) -> Descriptor | None:
    # A package installed in a venv inside some repository is not tracked by it.
    if not _git(package, "ls-files", "__init__.py"):
        return None
    root, diff, untracked = _changes(package)
    commit = _git(package, "rev-parse", "HEAD").decode().strip()
    # A name that is not UTF-8 is kept by the numbers of its bytes.
    added = {
        name.decode(errors="backslashreplace"): digest.of_file(root / os.fsdecode(name))
        for name in untracked
    }
    dirty = bool(diff or added)
    change = {"diff": digest.of_bytes(diff), "untracked": digest.of_mapping(added)}
    return Descriptor(
        name="commit",
        digest={"gitCommit": commit},
        annotations={
            "role": "source code",
            "dirty": dirty,
            "changes_sha256": digest.of_mapping(change) if dirty else None,
        },
    )


def _changes(package: Path) -> tuple[Path, bytes, list[bytes]]:
    """Return the checkout's root, the diff of tracked files, and the names of new ones."""
    root = Path(os.fsdecode(_git(package, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    diff = _git(root, "diff", "HEAD", "--binary", "--no-ext-diff")
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
    return root, diff, [n for n in untracked if n and (root / os.fsdecode(n)).is_file()]


def patch(package: Path = PACKAGE) -> bytes:
    """Return what differs from the commit as ``git apply`` takes it; empty of a clean checkout.

    Of new files it has those of up to a megabyte in folders where git tracks something: what
    else lies there is no code.
    """
    if git_state(package) is None:
        return b""
    root, diff, untracked = _changes(package)
    tracked = {name.split(b"/")[0] for name in _git(root, "ls-files", "-z").split(b"\0")}
    new = [name for name in untracked if b"/" not in name or name.split(b"/")[0] in tracked]
    small = [n for n in new if (root / os.fsdecode(n)).stat().st_size <= MAX_NEW_BYTES]
    return diff + b"".join(_addition(root, name) for name in small)


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

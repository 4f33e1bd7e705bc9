"""Where a model comes from: raw files, people, code, base checkpoint, machine."""

import functools
import json
import logging
import os
import platform
import pwd
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

import psutil

import har
from har.lineage import digest
from har.lineage.record import Descriptor

logger = logging.getLogger("har.lineage")
PACKAGE = Path(har.__file__).parent
LOCK = "requirements.txt"
_OF_ANOTHER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
_LIBRARIES = (
    "mlflow",
    "numpy",
    "onnx",
    "onnxruntime",
    "pandas",
    "prefect",
    "scikit-learn",
    "torch",
    "transformers",
)


def raw_files(ingested: Path) -> list[Descriptor]:
    """Return the source files of ingested recordings, with SHA-256 and licence."""
    # Here and below, because reading a registry must not cost the import of pandas.
    from har import parquet

    files: dict[str, Descriptor] = {}
    for path in sorted(ingested.glob("*.parquet")):
        meta = json.loads(parquet.read_head(path)[0][b"har.recording"])
        for name, sha256 in meta["source"].items():
            facts = {"role": "raw data", "dataset": meta["dataset"], "licence": meta["licence"]}
            files[name] = Descriptor(name=name, digest={"sha256": sha256}, annotations=facts)
    return [files[name] for name in sorted(files)]


def people(windows: Path) -> dict[str, list[str]]:
    """Return the subjects of each split whose windows the model saw or was measured on."""
    from har import parquet

    index = parquet.read_frame(windows / "index.parquet", ["subject_id", "split"])
    groups = index.groupby("split", observed=True)["subject_id"]
    return {str(split): sorted(set(subjects)) for split, subjects in groups}


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
    root = Path(os.fsdecode(_git(package, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    commit = _git(package, "rev-parse", "HEAD").decode().strip()
    diff = _git(root, "diff", "HEAD", "--binary", "--no-ext-diff")
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
    # A name that is not UTF-8 is kept by the numbers of its bytes.
    added = {
        name.decode(errors="backslashreplace"): digest.of_file(root / os.fsdecode(name))
        for name in untracked
        if name and (root / os.fsdecode(name)).is_file()
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


@functools.cache
def _warn(text: str) -> None:
    logger.warning(text)


def environment() -> dict[str, str]:
    """Return the versions of Python, the platform and the libraries that shape a model."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"har": har.__version__, **found}


def hardware() -> dict[str, str]:
    """Return what this machine computes with: processor, memory, and the GPU that torch uses."""
    found = {"processor": processor(), "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB"}
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
        found["cuda"] = str(torch.version.cuda)
    return found


@functools.cache
def packages() -> dict[str, str]:
    """Return every installed distribution, as ``numpy 2.4.6``, with the digest of its ``RECORD``.

    That file has the digest of each of its files; one without it has an empty digest.
    """
    found = {}
    for distribution in distributions():
        record = distribution.read_text("RECORD") or ""
        sha256 = digest.of_bytes(record.encode()) if record else ""
        found[f"{distribution.name} {distribution.version}"] = sha256
    return dict(sorted(found.items()))


def now_utc() -> str:
    """Return the time as records have it, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def processor() -> str:
    """Return the name of the processor, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.processor()


def actor() -> str:
    """Return the account that runs this: user at host."""
    return f"{user()}@{platform.node()}"


def user() -> str:
    """Return the name of the account that the kernel runs this as; the number of one without.

    Not what ``LOGNAME`` or ``USER`` say: anybody sets these.
    """
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # in a container
        return str(number)


def prefect_flow_run() -> str | None:
    """Return the id of the Prefect flow run that this is part of, if any."""
    if "prefect" in sys.modules:
        from prefect.runtime import flow_run

        if flow_run.id:
            return str(flow_run.id)
    return os.environ.get("PREFECT__FLOW_RUN_ID")


def _git(folder: Path, *arguments: str) -> bytes:
    """Return what git prints of the checkout that a folder is in."""
    # The folder's code runs already, whoever owns it.
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    # A job of git's, as a hook, names its own repository to all that it starts.
    own = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    return subprocess.run(command, env=own, capture_output=True, check=True).stdout

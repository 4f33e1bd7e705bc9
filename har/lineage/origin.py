"""Where a model comes from: raw files, people, code, base checkpoint, machine."""

import getpass
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import har
from har.lineage import digest
from har.lineage.record import Descriptor

PACKAGE = Path(har.__file__).parent
LOCK = "requirements.txt"
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

    The digest is over the diff of tracked files and the content of untracked ones.
    """
    # A package installed in a venv inside some repository is not tracked by it.
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    top = _git(package, "rev-parse", "--show-toplevel")
    commit = _git(package, "rev-parse", "HEAD")
    if not top or not commit:
        return None
    root = Path(top.decode().strip())
    diff = _git(root, "diff", "HEAD", "--binary", "--no-ext-diff") or b""
    untracked = (_git(root, "ls-files", "--others", "--exclude-standard", "-z") or b"").split(b"\0")
    names = [name.decode() for name in untracked if name]
    added = {name: digest.of_file(root / name) for name in names if (root / name).is_file()}
    dirty = bool(diff or added)
    change = {"diff": digest.of_bytes(diff), "untracked": digest.of_mapping(added)}
    return Descriptor(
        name="commit",
        digest={"gitCommit": commit.decode().strip()},
        annotations={
            "role": "source code",
            "dirty": dirty,
            "changes_sha256": digest.of_mapping(change) if dirty else None,
        },
    )


def environment() -> dict[str, str]:
    """Return the versions of Python, the platform and the libraries that shape a model."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"har": har.__version__, **found}


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
    """Return who runs this: user at host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{platform.node()}"


def prefect_flow_run() -> str | None:
    """Return the id of the Prefect flow run that this is part of, if any."""
    if "prefect" in sys.modules:
        from prefect.runtime import flow_run

        if flow_run.id:
            return str(flow_run.id)
    return os.environ.get("PREFECT__FLOW_RUN_ID")


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints, or None where there is no git or no checkout."""
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None

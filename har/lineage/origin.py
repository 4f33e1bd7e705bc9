"""Where a model comes from: raw files, people, libraries, machine, account."""

import functools
import json
import os
import platform
import pwd
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from types import MappingProxyType

import psutil

import har
from har.lineage import digest
from har.lineage.record import Descriptor

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


def raw_files(
    ingested: Path, datasets: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> list[Descriptor]:
    """Return the source files of ingested recordings, with SHA-256, data set and licence.

    Parameters
    ----------
    ingested : Path
        Their folder.
    datasets : mapping of str to mapping of str to str, optional
        What else is known of the files of a data set, by its name.
    """
    # Here and below, because reading a registry must not cost the import of pandas.
    from har import parquet

    files: dict[str, Descriptor] = {}
    for path in sorted(ingested.glob("*.parquet")):
        meta = json.loads(parquet.read_head(path)[0][b"har.recording"])
        for name, sha256 in meta["source"].items():
            facts = {"role": "raw data", "dataset": meta["dataset"], "licence": meta["licence"]}
            facts |= datasets.get(meta["dataset"], {})
            files[name] = Descriptor(name=name, digest={"sha256": sha256}, annotations=facts)
    return [files[name] for name in sorted(files)]


def people(windows: Path) -> dict[str, list[str]]:
    """Return the subjects of each split whose windows the model saw or was measured on."""
    from har import parquet

    index = parquet.read_frame(windows / "index.parquet", ["subject_id", "split"])
    groups = index.groupby("split", observed=True)["subject_id"]
    return {str(split): sorted(set(subjects)) for split, subjects in groups}


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

"""Which other hosts a process and all that it starts turn to, as the kernel sees it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest


def _may_trace() -> bool:
    """Whether strace is there and a container lets it work."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], check=False).returncode == 0


NEEDED = pytest.mark.skipif(not _may_trace(), reason="strace is not there or may not trace")
_ADDRESS = re.compile(r'sin6?_port=htons\((\d+)\).*?"([0-9a-f.:]+)"')
_HERE = ("127.0.0.1", "::1", "0.0.0.0", "::")


def traced(trace: Path) -> list[str]:
    """Return the words that begin a command line whose connections are written to a file."""
    calls = "trace=connect,sendto,sendmsg,sendmmsg"
    return ["strace", "-f", "--seccomp-bpf", "-qq", "-e", calls, "-o", str(trace)]


def elsewhere(trace: Path) -> set[str]:
    """Return the addresses and ports that were turned to, but for those of this machine.

    A look-up of a name counts wherever its server is.
    """
    found = _ADDRESS.findall(trace.read_text(encoding="utf-8", errors="replace"))
    return {f"{address}:{port}" for port, address in found if address not in _HERE or port == "53"}

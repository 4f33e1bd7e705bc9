"""Which other hosts a process and all that it starts turn to, as the kernel sees it."""

import re
import shutil
from pathlib import Path

import pytest

NEEDED = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
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

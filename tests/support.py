"""What end-to-end tests share: a project folder, and real servers."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Six real subjects, one fine-tuning seed, few epochs: small, but every step is the real one.
SMALL = {
    "HAR_DATA__SUBJECTS": '["hapt-01", "hapt-02", "hapt-03", "hapt-04", "hapt-05", "hapt-07"]',
    "HAR_SPLIT__TEST_SUBJECTS": '["hapt-02", "hapt-04"]',
    "HAR_SPLIT__VALIDATION_SUBJECTS": '["hapt-07"]',
    "HAR_MODELS__SVM__C_GRID": "[10]",
    "HAR_MODELS__SVM__GAMMA_SCALE": "[1]",
    "HAR_MODELS__SVM__COPIES": "0",
    "HAR_PRETRAIN__CHECKPOINT": "own",
    "HAR_PRETRAIN__EPOCHS": "1",
    "HAR_FINETUNE__EPOCHS": "4",
    "HAR_SEEDS": "[0]",
    "HAR_EVALUATE__BOOTSTRAP": "200",
    "HAR_GATE__MIN_MACRO_F1": "0.5",
    "HAR_GATE__MIN_CLASS_F1": "0.2",
    "HAR_GATE__MIN_SUBJECT_F1": "0.2",
    "HAR_GATE__MAX_ECE": "0.5",
}


@dataclass
class Project:
    """A folder in which `har` commands run with small settings."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command with its output piped."""
        return subprocess.Popen(
            [sys.executable, "-c", "from har.cli import main; main()", *arguments],
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "160", **SMALL, **self.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def har(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command and return what it printed and its exit code."""
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=280)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def json(self, *arguments: str) -> Any:
        """Run a command with ``--json`` and return what it printed."""
        done = self.har(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@contextlib.contextmanager
def server(command: list[str], health: str, **env: str) -> Iterator[str]:
    """Run a server on a free port until the block ends; yield its address.

    ``{port}`` in the command is replaced; ``health`` is a path that answers when it is up.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [word.format(port=port) for word in command]
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address + health, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(url: str, process: subprocess.Popen[bytes], timeout_s: float = 90) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    raise TimeoutError(url)

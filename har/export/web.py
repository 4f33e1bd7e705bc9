"""ONNX files run by onnxruntime-web under Node, where both are installed.

``npm install onnxruntime-web`` in the current folder is enough, or anywhere else if
``NODE_PATH`` names its ``node_modules``. Nothing needs it: without it, builds are not compared
with WebAssembly's answers.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from har.arrays import Float32
from har.errors import HarError
from har.models.runtime import BATCH

_SCRIPT = Path(__file__).with_name("web.mjs")
_START_S = 60  # loading the package takes half a second


@dataclass(frozen=True)
class WebAnswers:
    """What the WebAssembly runtime answers with one file.

    Attributes
    ----------
    probabilities : ndarray of shape (n_windows, n_classes)
        In batches of `har.models.runtime.BATCH`, as natively.
    latency_ms : ndarray of shape (repeats,)
        Of each call with one window, on one thread.
    """

    probabilities: Float32
    latency_ms: npt.NDArray[np.float64]


@dataclass(frozen=True)
class WebRuntime:
    """onnxruntime-web, found.

    Attributes
    ----------
    node : str
        The program.
    version : str
        Of onnxruntime-web.
    """

    node: str
    version: str

    @classmethod
    def installed(cls) -> Self | None:
        """Return the runtime of this machine, or None where there is none."""
        node = shutil.which("node")
        if node is None:
            return None
        command = [node, str(_SCRIPT)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_START_S
        )
        return None if done.returncode else cls(node, done.stdout.strip())

    @property
    def name(self) -> str:
        """The runtime with its version."""
        return f"onnxruntime-web {self.version}"

    def answers(self, paths: Sequence[Path], windows: Float32, repeats: int) -> list[WebAnswers]:
        """Return what each of some files answers to windows.

        Parameters
        ----------
        paths : sequence of Path
            ONNX files.
        windows : ndarray of shape (n_windows, n_samples, n_channels)
            At least one.
        repeats : int
            Timed calls of each, after a tenth as many to warm up.

        Raises
        ------
        HarError
            If the runtime cannot run a file.
        """
        warm_up = repeats // 10
        with tempfile.TemporaryDirectory(prefix="har-web-") as scratch:
            given = Path(scratch) / "windows"
            given.write_bytes(np.ascontiguousarray(windows, np.float32).tobytes())
            copies = [Path(scratch) / f"{number}.onnx" for number in range(len(paths))]
            for path, copy in zip(paths, copies, strict=True):
                shutil.copyfile(path, copy)
            shape = ",".join(map(str, windows.shape))
            options = [str(given), shape, str(BATCH), str(warm_up + repeats)]
            lines = self._run(*options, *map(str, copies)).splitlines()
            return [
                WebAnswers(_probabilities(copy, len(windows)), np.array(json.loads(line))[warm_up:])
                for copy, line in zip(copies, lines, strict=True)
            ]

    def _run(self, *arguments: str) -> str:
        command = [self.node, str(_SCRIPT), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise HarError(
                f"{self.name} cannot run the builds",
                found=next((s for s in done.stderr.splitlines() if "Error" in s), "no reason"),
                hint="install another version of it, or none",
            )
        return done.stdout


def _probabilities(model: Path, n_windows: int) -> Float32:
    written = np.fromfile(model.with_name(f"{model.name}.probabilities"), np.float32)
    return written.reshape(n_windows, -1)

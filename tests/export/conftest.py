"""Other runtimes: one that is made up, and onnxruntime-web where it is installed."""

import os
import sys
from pathlib import Path

import pytest

from har.export.web import WebRuntime

# Answers (1, 0) to every window in 2 ms, as `har/export/web.mjs` would say it.
MADE_UP = """
import json, struct, sys
from pathlib import Path
if len(sys.argv) == 2:
    print("9.9.9")
else:
    windows, shape, batch, repeats, *models = sys.argv[2:]
    n = int(shape.split(",")[0])
    for model in models:
        if b"refused" in Path(model).read_bytes():
            sys.exit("Error: no kernel for it")
        Path(model + ".probabilities").write_bytes(struct.pack("2f", 1, 0) * n)
        print(json.dumps([2.0] * int(repeats)))
"""


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebRuntime:
    """Put a program called node on the path that answers without running anything."""
    folder = tmp_path / "bin"
    folder.mkdir()
    node = folder / "node"
    node.write_text(f"#!{sys.executable}\n{MADE_UP}")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return WebRuntime(str(node), "9.9.9")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> WebRuntime:
    """Return onnxruntime-web; `ONNXRUNTIME_WEB` names the folder that it is installed in."""
    folder = os.environ.get("ONNXRUNTIME_WEB", "")
    monkeypatch.setenv("NODE_PATH", folder)
    runtime = WebRuntime.installed() if folder else None
    if runtime is None:
        pytest.skip("no Node with onnxruntime-web: builds are not compared with WebAssembly")
    return runtime

"""The store finds, makes, and never shows half an entry."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from har.measured import read_measured, write_measured
from har.store import SHARED_BYTES, Artifact, Store, checkpoints


def _make(store: Store, text: str = "a", **params: object) -> Artifact:
    def build(out: Path) -> None:
        (out / "file.txt").write_text(text)

    return store.get_or_make(
        "step", build, inputs={}, params=params, entries=["har.lineage.digest"]
    )


def test_made_once_then_found(tmp_path: Path) -> None:
    """The second call reads what the first one wrote."""
    store = Store(tmp_path)
    first, second = _make(store), _make(store, "never written")
    assert (first.reused, second.reused) == (False, True)
    assert (second.path / "file.txt").read_text() == "a"
    assert first.content == second.content


def test_other_parameters_make_another_entry(tmp_path: Path) -> None:
    """A changed parameter changes the key, not what is there already."""
    store = Store(tmp_path)
    assert _make(store, n=1).path != _make(store, n=2).path


def test_equal_content_has_equal_digest(tmp_path: Path) -> None:
    """Steps downstream depend on content, so an equal result is not computed again."""
    store = Store(tmp_path)
    assert _make(store, n=1).content == _make(store, n=2).content
    assert _make(store, "b", n=3).content != _make(store, n=1).content


@pytest.mark.parametrize("text", ["", "b"])
def test_damaged_entry_is_named_and_made_again(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A file of another size is noticed, and so is one of the same size."""
    store = Store(tmp_path)
    (_make(store).path / "file.txt").write_text(text)
    assert not _make(store).reused
    assert (_make(store).path / "file.txt").read_text() == "a"
    assert "file.txt" in caplog.text


def test_a_listing_may_look_at_sizes_alone(tmp_path: Path) -> None:
    """The quick look is for what nothing is computed from."""
    store = Store(tmp_path)
    made = _make(store)
    (made.path / "file.txt").write_text("b")
    assert store.find("step", made.key, quick=True) == replace(made, reused=True)
    assert store.find("step", made.key) is None


def test_what_was_measured_is_no_part_of_the_content(tmp_path: Path) -> None:
    """Two entries that took different times have one content, and both tell their time."""
    store = Store(tmp_path)

    def made(n: int) -> Artifact:
        return store.get_or_make(
            "step",
            lambda out: write_measured(out, {"seconds": n}),
            inputs={},
            params={"n": n},
            entries=["har.lineage.digest"],
        )

    assert made(1).content == made(2).content
    assert [read_measured(made(n).path)["seconds"] for n in (1, 2)] == [1, 2]


def test_failed_step_leaves_nothing(tmp_path: Path) -> None:
    """An exception in a step removes what it had begun to write."""
    store = Store(tmp_path)

    def build(out: Path) -> None:
        (out / "half.txt").write_text("half")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        store.get_or_make("step", build, inputs={}, params={}, entries=["har.lineage.digest"])
    assert not list(tmp_path.rglob("*.txt"))


def test_checkpoints_outlive_a_build_that_failed(tmp_path: Path) -> None:
    """The next build of the entry finds them; when it is done they are gone."""
    store, found = Store(tmp_path), []

    def build(out: Path) -> None:
        folder = checkpoints(out)
        found.append(folder.exists())
        folder.mkdir(parents=True, exist_ok=True)
        if len(found) == 1:
            raise RuntimeError("stop")

    options: dict[str, Any] = {"inputs": {}, "params": {}, "entries": ["har.lineage.digest"]}
    with pytest.raises(RuntimeError, match="stop"):
        store.get_or_make("step", build, **options)
    assert store.sweep() == 0
    store.get_or_make("step", build, **options)
    assert found == [False, True]
    assert not list(tmp_path.glob(".checkpoints/*"))


def test_old_checkpoints_are_swept(tmp_path: Path) -> None:
    """Nobody goes on from what is older than a week."""
    store = Store(tmp_path)
    old, new = (checkpoints(store.root / ".tmp" / name) for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
    eight_days_ago = time.time() - 8 * 24 * 3600
    os.utime(old, (eight_days_ago, eight_days_ago))
    assert store.sweep() == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_killed_step_is_swept_and_made(tmp_path: Path) -> None:
    """After kill -9 the entry is absent; the next run removes the remains and makes it."""
    program = f"""
    import time
    from pathlib import Path
    from har.store import Store
    def build(out):
        (out / "half.txt").write_text("half")
        print("writing", flush=True)
        time.sleep(60)
    Store(Path({str(tmp_path)!r})).get_or_make(
        "step", build, inputs={{}}, params={{}}, entries=["har.lineage.digest"])
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    store = Store(tmp_path)
    assert store.sweep() == 0  # it is still being written
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert [p.name for p in tmp_path.rglob("*.txt")] == ["half.txt"]
    assert store.sweep() == 1
    assert not list(tmp_path.rglob("*.txt"))
    assert not _make(store).reused


def test_two_runs_make_an_entry_once(tmp_path: Path) -> None:
    """Of two processes that want the same entry, one makes it and the other finds it."""
    program = f"""
    import time
    from pathlib import Path
    from har.store import Store
    def build(out):
        time.sleep(0.5)
        (out / "file.txt").write_text("a")
    artifact = Store(Path({str(tmp_path)!r})).get_or_make(
        "step", build, inputs={{}}, params={{}}, entries=["har.lineage.digest"])
    print(artifact.reused)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(process.communicate()[0] for process in both) == ["False\n", "True\n"]


def test_equal_large_files_are_one_on_disk(tmp_path: Path) -> None:
    """Entries share what is large and the same; a damaged copy is not shared again."""
    store = Store(tmp_path)
    text = "a" * SHARED_BYTES
    first, second = (_make(store, text, n=n).path / "file.txt" for n in (1, 2))
    assert first.samefile(second)
    first.write_text("b" * SHARED_BYTES)
    assert (_make(store, text, n=3).path / "file.txt").read_text() == text
    assert not _make(store, "small", n=4).path.joinpath("file.txt").samefile(first)


def test_a_shared_file_goes_with_its_last_entry(tmp_path: Path) -> None:
    """Sweeping frees what no entry has any more, and nothing else."""
    store = Store(tmp_path)
    kept, gone = (_make(store, text * SHARED_BYTES, n=text).path for text in "ab")
    shutil.rmtree(gone)
    store.sweep()
    assert [p.stat().st_nlink for p in (tmp_path / ".blobs").iterdir()] == [2]
    assert (kept / "file.txt").exists()

"""The code that runs: its commit, and what differs from it."""

import logging
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from har.lineage import digest, origin, repository
from har.lineage.record import Descriptor
from har.lineage.repository import Checkout


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    command = ["git", *identity, "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def state_of(package: Path) -> Descriptor | None:
    """Return the state of the checkout that a package is in; None outside of one."""
    found = Checkout.of(package)
    return found and found.state


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a package that is committed in a new repository."""
    package = tmp_path / "har"
    package.mkdir()
    (package / "__init__.py").write_text("a = 1\n")
    (tmp_path / ".gitignore").write_text("ignored\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return package


def test_clean_checkout(checkout: Path) -> None:
    """A clean checkout is its commit."""
    (checkout.parent / "ignored").write_text("x")
    state = state_of(checkout)
    assert state is not None
    assert state.digest == {"gitCommit": git(checkout, "rev-parse", "HEAD")}
    assert state.annotations == {"role": "source code", "dirty": False, "changes_sha256": None}


def test_dirty_checkout(checkout: Path, tmp_path: Path) -> None:
    """Every change of tracked and new files changes the digest of the changes.

    The patch makes of a clone of the commit what is there.
    """
    digests = set()
    for name, text in [("__init__.py", "a = 2\n"), ("new.py", "b = 1\n"), ("new.py", "b = 2\n")]:
        (checkout / name).write_text(text)
        state = state_of(checkout)
        assert state is not None
        assert state.annotations["dirty"]
        digests.add(state.annotations["changes_sha256"])
    assert len(digests) == 3
    patch = tmp_path / "changes.diff"
    found = Checkout.of(checkout)
    assert found is not None
    patch.write_bytes(found.patch())
    git(tmp_path, "clone", "--quiet", str(checkout.parent), "other")
    git(tmp_path / "other", "apply", str(patch))
    assert digest.of_folder(tmp_path / "other" / "har") == digest.of_folder(checkout)


def test_outside_a_checkout(tmp_path: Path, checkout: Path) -> None:
    """Without a checkout, or installed inside a foreign one, the source's digest speaks."""
    installed = tmp_path / "ignored" / "har"
    installed.mkdir(parents=True)
    (installed / "__init__.py").touch()
    assert state_of(installed) is None
    (source,) = repository.code(installed)
    assert source.digest == {"sha256": digest.of_code()}


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git is one without a checkout."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert state_of(repository.PACKAGE) is None


def test_a_checkout_of_another_owner_is_read(checkout: Path) -> None:
    """Git refuses it unless it is told not to; the commit is recorded all the same."""
    if os.geteuid():
        pytest.skip("only root gives files to others")
    os.chown(checkout.parent, 54321, 54321)
    os.chown(checkout.parent / ".git", 54321, 54321)
    with pytest.raises(subprocess.CalledProcessError):
        git(checkout, "rev-parse", "HEAD")
    assert state_of(checkout) is not None


def test_a_job_of_git_has_its_own_repository(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook's variables name a repository that is not this one."""
    expected = state_of(checkout)
    monkeypatch.setenv("GIT_DIR", "/elsewhere/.git")
    monkeypatch.setenv("GIT_INDEX_FILE", "/elsewhere/.git/index")
    assert expected is not None
    assert state_of(checkout) == expected


def test_a_name_that_is_no_text(checkout: Path) -> None:
    """A file whose name is not UTF-8 counts as a change, like any other."""
    Path(os.fsdecode(bytes(checkout) + b"/caf\xe9.py")).write_text("b = 1\n")
    state = state_of(checkout)
    assert state is not None
    assert state.annotations["dirty"]


@pytest.mark.parametrize(
    "spoil", [lambda git: (git / "HEAD").write_text("no ref\n"), shutil.rmtree]
)
def test_an_unreadable_checkout_is_warned_of(
    checkout: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], None]
) -> None:
    """A record without its commit does not come as a surprise."""
    spoil(checkout.parent / ".git")
    (checkout.parent / ".git").mkdir(exist_ok=True)
    with caplog.at_level("WARNING"):
        logging.getLogger("har").propagate = True
        assert state_of(checkout) is None
    assert f"the lineage record will lack the commit of {checkout.parent}: fatal" in caplog.text


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user stands in no list, whatever variables say."""
    monkeypatch.setenv("LOGNAME", "mallory")
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert origin.user() == "54321"


def test_lock_file(checkout: Path) -> None:
    """The lock file beside the package is recorded by content."""
    lock = checkout.parent / "requirements.txt"
    lock.write_text("numpy==2.4.6\n")
    recorded = {part.role: part for part in repository.code(checkout)}
    assert recorded["lock file"].digest["sha256"] == digest.of_file(lock)

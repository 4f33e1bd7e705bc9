"""Files of strangers are opened if they are files, and parsed up to a bound."""

import os
import socket
from contextlib import chdir
from pathlib import Path

import pytest

from har import foreign
from har.config import load
from har.errors import DataError, MissingError, UsageError


def test_a_file_and_a_link_to_one_are_opened(tmp_path: Path) -> None:
    """Both are regular; a link is not where links are not followed."""
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "l").symlink_to("a")
    for name in ("a", "l"):
        with foreign.open_regular(tmp_path / name) as file:
            assert file.read() == b"1"
    with pytest.raises(DataError, match="not a regular file"):
        foreign.open_regular(tmp_path / "l", follow=False)


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe would be waited for, and a device need not end: each is named."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with chdir(tmp_path), socket.socket(socket.AF_UNIX) as here:
        here.bind("socket")
    kinds = {"pipe": "a pipe", "zero": "a device", "socket": "a socket", ".": "a folder"}
    for name, kind in kinds.items():
        with pytest.raises(DataError, match="not a regular file") as caught:
            foreign.open_regular(tmp_path / name)
        assert caught.value.found == kind
    with pytest.raises(MissingError, match="no such file"):
        foreign.open_regular(tmp_path / "gone")


def test_json_that_cannot_be_read_is_one_error() -> None:
    """Whatever its parser raises."""
    assert foreign.json_of(b'{"a": [1]}', "x") == {"a": [1]}
    for text in ("{", "[" * 100_000, "9" * 5000, b"\xff"):
        with pytest.raises(DataError, match="x: not JSON"):
            foreign.json_of(text, "x")


def test_tables_may_nest_to_a_depth(tmp_path: Path) -> None:
    """What nests deeper would end the recursion of whoever walks it."""
    path = tmp_path / "m.toml"
    path.write_text("a." * (foreign.DEEPEST - 2) + "b = 1", encoding="utf-8")
    assert foreign.toml_of(path)
    path.write_text("a." * foreign.DEEPEST + "b = 1", encoding="utf-8")
    with pytest.raises(DataError, match="not TOML"):
        foreign.toml_of(path)


@pytest.mark.parametrize(
    "content", [b"x = " + b"[" * 5000, b"x = " + b"1" * 6000, b"x." * 5000 + b"y = 1", b"x = 1\0"]
)
def test_settings_that_no_parser_takes_are_a_slip_of_usage(content: bytes) -> None:
    """In har.toml; in a flag they are a text that does not fit, in a variable no JSON."""
    Path("har.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"har\.toml: not TOML"):
        load()
    Path("har.toml").unlink()
    with pytest.raises(UsageError, match="--set seeds"):
        load(["seeds=" + "[" * 5000])


def test_a_variable_that_nests_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused in words, as any that is no JSON."""
    monkeypatch.setenv("HAR_SEEDS", "[" * 100_000)
    with pytest.raises(UsageError, match="JSON"):
        load()

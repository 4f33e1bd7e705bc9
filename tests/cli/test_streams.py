"""Standard streams that are closed, that nobody reads, or that lack characters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from har.cli.streams import prepare_streams
from har.cli.writable import unnamable

HAR = f"{sys.executable} -c 'from har.cli import main; main()'"
C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def shell(command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command of bash in which `har` is the command line."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'har() {{ {HAR} "$@"; }}; {command}'],
        env={**os.environ, **env},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("command", ["config", "config --json", "data list", "--help"])
def test_a_reader_may_leave(command: str) -> None:
    """Whoever has seen enough of the output is no error."""
    done = shell(f"har {command} | head -1")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("har data ingest x . <&-", 2),
        ("har config >&-", 0),
        ("har config --set x=1 2>&-", 2),
        ("har config --set x=1 <&- >&- 2>&-", 2),
        ("har config --set x=1 | true", 2),
    ],
)
def test_closed_streams_change_no_exit_code(command: str, code: int) -> None:
    """A service may be started without any of the three."""
    rows = "".join(f"{i / 50},{i % 7},0,9.8\n" for i in range(500))
    Path("own.csv").write_text(f"t,ax,ay,az\n{rows}")
    done = shell(command)
    assert done.returncode == code, done.stderr
    assert "unexpected" not in done.stderr


@pytest.mark.parametrize("command", ["config", "config --json", "data list"])
def test_every_character_is_printed_in_every_locale(command: str) -> None:
    """Also where Python would take ASCII: labels, units and names have others."""
    done = shell(f"har {command} --help; har {command}", **C_LOCALE)
    assert (done.returncode, done.stderr) == (0, "")


def test_names_of_files_are_utf8_in_every_locale() -> None:
    """A name that was typed is the one that is written down."""
    rows = "".join(f"{i / 50},{i % 7 / 100},0,9.8,0,0,0\n" for i in range(500))
    header = "time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"
    Path("受试者.csv").write_text(f"{header}\n{rows}")
    done = shell("har data validate 受试者.csv", **C_LOCALE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "受试者: 500 rows" in done.stdout


def test_a_name_that_is_not_utf8_is_told() -> None:
    """It cannot be written down, so it is refused as a whole."""
    found = unnamable(UnicodeEncodeError("utf-8", '{"f": "caf\udce9.csv"}', 10, 11, "no"))
    assert found is not None
    assert (
        str(found) == "caf\\xe9.csv: a name that is not UTF-8\n  to do: rename the file or folder"
    )
    assert unnamable(UnicodeEncodeError("ascii", "é", 0, 1, "no")) is None


def test_a_character_that_a_locale_lacks_is_written_as_its_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What cannot be shown is named all the same."""
    with (tmp_path / "out.txt").open("w", encoding="latin-1") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        prepare_streams()
        print("± \u03c3")
    assert (tmp_path / "out.txt").read_bytes() == b"\xb1 \\u03c3\n"

"""Back to a version that served: in one command, without torch, never to damaged files."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import Setup, files_of, opened, promote, registry_command

from har.errors import MissingError, UsageError, VerificationError
from har.registry.history.production import production_periods
from har.registry.history.returning import rolled_back_from
from har.registry.history.trail import Trail
from har.registry.moves.rollback import restored, rollback
from har.registry.versions.files import verified_files
from har.registry.versions.lookup import find
from har.registry.versions.registration import register

# Rolls back where neither torch nor what it was trained with can be imported.
BARE = """
import json, sys
for name in ("torch", "transformers", "optimum", "sklearn", "prefect"):
    sys.modules[name] = None
from har.config import Environment
from har.registry.handle import Registry
from har.registry.moves.rollback import rollback

registry = Registry.open(Environment.model_validate_json(sys.argv[1]))
print(rollback(registry, "previous", reason="bad since Monday").number)
"""


@pytest.fixture
def three(settings: Setup, make_candidate) -> Setup:
    """Register two champions, one after the other, and one that never served."""
    for errors in (3, 1, 2):
        version = register(opened(settings), make_candidate(errors=errors))
        promote(version, settings, reason="season")
    return settings


def test_rollback(three: Setup, tmp_path: Path) -> None:
    """One command, when the store and torch are gone; the one that served is previous."""
    assert find(opened(three), "champion").number == 2
    shutil.rmtree(tmp_path / "store", ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-c", BARE, three.environment.model_dump_json()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("1\n", 0), done.stderr
    assert (find(opened(three), "champion").number, find(opened(three), "previous").number) == (
        1,
        2,
    )
    period = production_periods(Trail(opened(three)).events)[-1]
    assert (period.kind, period.reason, period.replaced) == ("rollback", "bad since Monday", 2)
    assert rollback(opened(three), "2", reason="it was the phone").stage == "Production"


def test_second_rollback(local: Setup, make_candidate) -> None:
    """The bad version does not come back: what somebody rolled back from is passed over."""
    hops = {0: "64", 1: "32", 3: "64"}
    for errors, hop in reversed(hops.items()):
        version = register(opened(local), make_candidate(errors=errors, n_hop=hop))
        assert promote(version, local, reason=f"{errors} errors").passed
    bad = find(opened(local), "champion")
    second = rollback(opened(local), reason="stairs are taken for walking")
    assert (bad.number, second.number, find(opened(local), "previous").number) == (3, 2, 3)
    told = restored(opened(local), second, bad)
    assert [period.reason for period in told.periods] == ["1 errors"]
    assert told.clients == (
        "window: 2.56 s every 0.64 s at 50 Hz, not 2.56 s every 1.28 s at 50 Hz",
    )
    shown = registry_command(local, "rollback", "--reason", "still bad").output
    assert "Version 1 (encoder-small) is the champion." in shown
    assert re.search(r"version 2 had +0\.966", shown)
    with pytest.raises(UsageError, match=r"nobody rolled back from(.|\n)*version 3, by .*: stairs"):
        rollback(opened(local), reason="and again")
    assert rollback(opened(local), "3", reason="it was the phones").number == 3
    assert rolled_back_from(Trail(opened(local)).events).keys() == {1, 2}


def test_dry_run(three: Setup) -> None:
    """A dry run checks and moves nothing."""
    before = Trail(opened(three)).events
    assert rollback(opened(three), "previous", reason="look", dry_run=True).number == 1
    assert Trail(opened(three)).events == before


def test_never_served(three: Setup) -> None:
    """A version that never served, or serves now, is nothing to go back to."""
    with pytest.raises(UsageError, match=r"version 3 never served(.|\n)*served: 1, 2"):
        rollback(opened(three), "3", reason="wish")
    with pytest.raises(UsageError, match="version 2 is the champion"):
        rollback(opened(three), "champion", reason="wish")


def test_no_previous(settings: Setup, make_candidate) -> None:
    """With one champion only there is no previous one; what there is is named."""
    promote(register(opened(settings), make_candidate()), settings, reason="first")
    with pytest.raises(MissingError, match="previous"):
        rollback(opened(settings), "previous", reason="wish")


@pytest.mark.parametrize("harm", ["changed", "not there"])
def test_damaged_files(local: Setup, make_candidate, harm: str, tmp_path: Path) -> None:
    """A version with a changed or a missing file is refused, and the champion stays."""
    for errors in (3, 1):
        promote(
            register(opened(local), make_candidate(errors=errors)),
            local,
            reason="season",
        )
    version = find(opened(local), "previous")
    assert len(verified_files(opened(local), version, tmp_path)) > 5
    file = files_of(version, local) / "onnx" / "builds.json"
    if harm == "changed":
        file.write_text(json.dumps({**json.loads(file.read_text()), "serving": "fp32"}))
    else:
        file.unlink()
    with pytest.raises(VerificationError, match=rf"onnx/builds\.json {harm}"):
        rollback(opened(local), "previous", reason="bad")
    assert find(opened(local), "champion").number == 2


def test_damaged_serving_file(local: Setup, make_candidate) -> None:
    """The very file that would serve is verified too, though a copy is in the store."""
    for errors in (3, 1):
        promote(
            register(opened(local), make_candidate(errors=errors)),
            local,
            reason="season",
        )
    client = opened(local).client
    uri = client.get_model_version_download_uri(local.registry.model, "1")
    path = Path(uri.removeprefix("file://")) / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(VerificationError, match=r"model\.onnx"):
        rollback(opened(local), "previous", reason="bad")

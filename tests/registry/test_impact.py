"""What something touches: versions found by person, file, package, commit and checkpoint."""

from collections.abc import Callable
from importlib.metadata import version as installed

import pytest
from support import Setup, opened, promote

from har.lineage import digest
from har.lineage.repository import code
from har.registry.impact import Impact, Kind, impact
from har.registry.versions.candidate import Candidate
from har.registry.versions.registration import register


@pytest.fixture
def ask(local: Setup, make_candidate: Callable[..., Candidate]) -> Callable[[Kind, str], Impact]:
    """Return what asks of a model of two versions: one served once, the other serves."""
    for name, errors in (("svm", 2), ("encoder-small", 0)):
        promote(register(opened(local), make_candidate(name, errors=errors)), local, reason="x")
    return lambda kind, what: impact(opened(local), kind, what)


def test_what_is_touched(ask: Callable[[Kind, str], Impact], origin_steps) -> None:
    """Both have the people and the raw file; one began from the checkpoint."""
    found = ask("subject", "s05")
    assert [(one.version, one.how) for one in found.touched] == [
        (2, ("in validation",)),
        (1, ("in validation",)),
    ]
    new, old = found.touched
    assert (new.aliases, old.aliases) == (("champion",), ("previous",))
    assert new.served[-1][1] == ""
    assert old.served[-1][1] == new.served[0][0]
    sizes = {
        ("subject", "s5"): 0,
        ("file", "tiny.parquet"): 2,
        ("file", "abababab"): 2,
        ("file", "ababab"): 0,
        ("package", "numpy"): 2,
        ("package", f"numpy=={installed('numpy')}"): 2,
        ("package", "numpy 0.1"): 0,
        ("checkpoint", digest.of_file(origin_steps["pretrain"].path / "model.safetensors")): 1,
    }
    for (kind, what), n in sizes.items():
        assert len(ask(kind, what).touched) == n, (kind, what)
    (commit,) = [c.digest["gitCommit"] for c in code() if c.name == "commit"]
    assert len(ask("commit", commit[:10]).touched) == 2

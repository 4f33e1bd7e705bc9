"""The version that a name stands for is served: verified, followed, and kept for an outage."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import Setup, opened, promote

from har.errors import MissingError, VerificationError
from har.lineage import digest
from har.registry.handle import Registry
from har.registry.versions.candidate import Candidate
from har.registry.versions.lookup import find
from har.registry.versions.registration import register
from har.registry.versions.served import RegistrySource
from har.serving.served import Served

WINDOW = np.zeros((1, 128, 6), np.float32)


@pytest.fixture
def registry(local: Setup, make_candidate: Callable[..., Candidate]) -> Registry:
    """Return a local registry whose champion is version 1, and which has a better version 2."""
    promote(register(opened(local), make_candidate("svm", errors=2)), local, reason="first")
    register(opened(local), make_candidate("encoder-small", errors=0))
    return opened(local)


def named(served: Served) -> tuple[str, str, str]:
    return served.model, served.version, served.candidate


def test_the_champion_is_followed(registry: Registry, local: Setup) -> None:
    """Its successor is served as soon as it is there; a number stays what it is."""
    source = RegistrySource(registry)
    first = source.load()
    assert named(first) == ("har", "1", "svm")
    assert first.sha256 == find(registry, "1").tags["har.onnx_sha256"]
    assert first.sha256 == digest.of_file(first.predictor.path)
    assert len(first.predictor.answer(WINDOW)) == 1
    assert source.newer(first) is None
    assert promote(find(registry, "2"), local, reason="better").passed
    second = source.newer(first)
    assert second is not None
    assert named(second) == ("har", "2", "encoder-small")
    assert source.newer(second) is None
    assert named(RegistrySource(registry, "1").load()) == named(first)


def test_an_outage_is_lived_through(
    registry: Registry, local: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    """What the name stood for is served, and a warning says so; an unknown name is an error."""
    source = RegistrySource(registry)
    served = source.load()
    database = Path("mlruns/mlflow.db")
    database.rename("away.db")
    cut_off = RegistrySource(opened(local))
    with pytest.raises(MissingError, match="no registry at"):
        cut_off.newer(served)
    with caplog.at_level(logging.WARNING):
        assert named(cut_off.load()) == named(served)
    assert "going on with har version 1 (svm)" in caplog.text
    with pytest.raises(MissingError, match="no registry at"):
        RegistrySource(opened(local), "2").load()
    Path("away.db").rename(database)
    with pytest.raises(MissingError, match="no version 'challenger'"):
        RegistrySource(opened(local), "challenger").load()
    with pytest.raises(MissingError, match="no version '7'"):
        RegistrySource(opened(local), "7").load()


def test_what_is_kept_is_verified(registry: Registry, local: Setup) -> None:
    """A changed file is fetched anew, and never served where that cannot be done."""
    source = RegistrySource(registry)
    served = source.load()
    kept = served.predictor.path
    kept.write_bytes(kept.read_bytes() + b"\0")
    assert source.load().sha256 == served.sha256 == digest.of_file(kept)
    kept.write_bytes(b"changed")
    Path("mlruns/mlflow.db").rename("away.db")
    with pytest.raises(VerificationError):
        RegistrySource(opened(local)).load()


def test_a_server_that_does_not_answer_is_an_outage(tmp_path: Path) -> None:
    """Without anything kept, it is the error."""
    nowhere = Setup(store=tmp_path, registry={"tracking_uri": "http://127.0.0.1:1"})
    with pytest.raises(MissingError, match="does not answer"):
        RegistrySource(opened(nowhere)).load()


def test_what_nobody_promoted_is_not_served(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """Where an alias was moved in MLflow's page, the champion by the history serves."""
    source = RegistrySource(registry)
    first = source.load()
    registry.writer.set_registered_model_alias("har", "champion", "2")
    with caplog.at_level(logging.WARNING):
        assert named(RegistrySource(registry, "Production").load()) == named(first)
        assert named(source.load()) == named(first)
    assert "version 2 is champion in MLflow, but nobody promoted it" in caplog.text
    with pytest.raises(VerificationError, match="nobody promoted it: by the history it is ver"):
        source.newer(first)
    assert named(RegistrySource(registry, "2").load())[1] == "2"
    registry.writer.set_registered_model_alias("har", "challenger", "2")
    with pytest.raises(VerificationError, match="version 2 is challenger in MLflow, but nobody"):
        RegistrySource(registry, "challenger").load()
    registry.writer.delete_model_version("har", "1")
    with pytest.raises(VerificationError, match="nobody promoted it") as refused:
        source.load()
    assert "version 1, which the history has as champion" in str(refused.value.expected)

"""What is promoted and served is what was judged, whatever tags say."""

import json
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from support import Setup, files_of, opened, promote

from har.errors import VerificationError
from har.lineage import digest
from har.lineage.record import FILE
from har.registry.moves.rollback import rollback
from har.registry.versions.candidate import Candidate
from har.registry.versions.files import fetch, require_verified
from har.registry.versions.lookup import find
from har.registry.versions.registration import register
from har.registry.versions.served import RegistrySource
from har.registry.versions.version import LINEAGE_DIGEST, ONNX_DIGEST, Version


@pytest.fixture
def two(local: Setup, make_candidate: Callable[..., Candidate]) -> tuple[Version, Version]:
    """Return a champion, and the version that it replaced."""
    first = register(opened(local), make_candidate("svm", errors=2))
    promote(first, local, reason="first")
    second = register(opened(local), make_candidate("encoder-small", errors=0))
    promote(second, local, reason="better")
    registry = opened(local)
    return find(registry, "champion"), find(registry, "previous")


def set_tag(local: Setup, version: Version, name: str, value: str) -> None:
    """Set a tag of a version, and of its run, as somebody in MLflow could."""
    client = opened(local).writer
    client.set_model_version_tag(version.model, str(version.number), name, value)
    client.set_tag(version.run_id, name, value)


def test_a_forged_record(two: tuple[Version, Version], local: Setup) -> None:
    """Its digest in every tag does not help: the history names the one that was judged."""
    champion, previous = two
    for version in two:
        path = files_of(version, local) / FILE
        record = json.loads(path.read_text())
        record["predicate"]["har_people"]["train"] = ["nobody"]
        path.write_bytes(digest.canonical(record))
        set_tag(local, version, LINEAGE_DIGEST, digest.of_file(path))
    registry = opened(local)
    forged = find(registry, str(previous.number))
    with pytest.raises(VerificationError) as refused:
        promote(forged, local, reason="again")
    assert f"version {previous.number}: another version of this number" in str(refused.value)
    with pytest.raises(VerificationError, match="is not as its history says"):
        rollback(registry, str(previous.number), reason="back")
    with pytest.raises(VerificationError, match="is not the one that was judged"):
        require_verified(registry, forged)
    for selector in ("champion", str(champion.number), str(previous.number)):
        with pytest.raises(VerificationError, match="is not the one that was judged"):
            RegistrySource(registry, selector).load()


def test_swapped_classes(two: tuple[Version, Version], local: Setup) -> None:
    """A model that answers in another order is not served, with its digest in every tag."""
    champion, _ = two
    registry = opened(local)
    location = registry.reader.model_location(champion.model, champion.number)
    path = Path(location.removeprefix("file://")) / "model.onnx"
    model = onnx.load(path)
    (classes,) = [entry for entry in model.metadata_props if entry.key == "classes"]
    classes.value = json.dumps(json.loads(classes.value)[::-1])
    onnx.save(model, path)
    set_tag(local, champion, ONNX_DIGEST, digest.of_file(path))
    with pytest.raises(VerificationError, match="its tag names another model than its lineage"):
        fetch(registry, find(registry, "champion"))
    with pytest.raises(VerificationError, match="its tag names another model than its lineage"):
        RegistrySource(registry).load()

"""The lineage record of a version: every digest in it, computed again from the bytes."""

import json
from importlib.metadata import version as installed
from pathlib import Path

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from support import Setup, files_of, opened

from har.errors import VerificationError
from har.lineage import digest
from har.lineage.record import FILE, outline
from har.lineage.repository import PACKAGE
from har.registry.versions.files import read_lineage
from har.registry.versions.lineage import build_record
from har.registry.versions.registration import register


def test_digests_are_those_of_the_bytes(settings: Setup, make_candidate, tmp_path) -> None:
    """Every subject and by-product is in the run with exactly the recorded digest."""
    version = register(opened(settings), make_candidate())
    record = read_lineage(opened(settings), version)
    (tmp_path / "run").mkdir()
    client = opened(settings).client
    run = Path(client.download_artifacts(version.run_id, "", str(tmp_path / "run")))
    logged = digest.of_folder(run)
    assert logged[FILE] == version.tags["har.lineage_digest"] == digest.of_bytes(record.to_bytes())
    assert record.files == {name: sha for name, sha in logged.items() if name != FILE}
    assert "model-card.md" in record.files
    sizes = {file.name: file.annotations["bytes"] for file in record.subject}
    assert sizes == {name: (run / name).stat().st_size for name in sizes}
    assert {"onnx/model-fp32.onnx", "onnx/model-int8-dynamic.onnx", "model/model.safetensors"} <= {
        file.name for file in record.subject
    }


def test_statement(local: Setup, make_candidate, origin_steps) -> None:
    """The record has the shape of an in-toto statement and says what, from what, by whom."""
    record = build_record(make_candidate(), run_id="run-1", texts={}).to_dict()
    assert record["_type"] == "https://in-toto.io/Statement/v1"
    assert record["predicateType"] == "https://slsa.dev/provenance/v1"
    predicate = record["predicate"]
    definition = predicate["buildDefinition"]
    by_role = {d["annotations"]["role"]: d for d in definition["resolvedDependencies"]}
    assert by_role["raw data"]["digest"] == {"sha256": "ab" * 32}
    assert by_role["raw data"]["annotations"]["licence"] == "CC BY 4.0"
    weights = origin_steps["pretrain"].path / "model.safetensors"
    assert by_role["base checkpoint"]["digest"]["sha256"] == digest.of_file(weights)
    lock = PACKAGE.parent / "requirements.txt"
    assert by_role["lock file"]["digest"]["sha256"] == digest.of_file(lock)
    assert definition["externalParameters"]["settings"]["window"]["hop_s"] == 1.28
    assert definition["internalParameters"] == {"seed": 0}
    assert predicate["runDetails"]["builder"]["version"]["onnx"] == installed("onnx")
    assert predicate["runDetails"]["metadata"]["invocationId"] == "run-1"
    assert predicate["har_people"]["validation"] == ["s05", "s06"]
    step = predicate["har_steps"]["pretrain"]
    assert (step["key"], step["content"]) == (
        origin_steps["pretrain"].key,
        origin_steps["pretrain"].content,
    )


def test_standards(local: Setup, make_candidate) -> None:
    """in-toto's own check passes, and what is not ours is strictly SLSA's provenance."""
    record = build_record(make_candidate(), run_id="run-1", texts={}).to_dict()
    parsed = json_format.ParseDict(record, statement_pb2.Statement())
    Statement.copy_from_pb(parsed).validate()
    predicate = {k: v for k, v in record["predicate"].items() if not k.startswith("har_")}
    provenance = json_format.ParseDict(predicate, provenance_pb2.Provenance())
    assert provenance.run_details.metadata.invocation_id == "run-1"
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict(record["predicate"], provenance_pb2.Provenance())


def test_prefect_run_is_named(local: Setup, make_candidate, monkeypatch) -> None:
    """The record names the Prefect flow run that it was made in."""
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "flow-1")
    record = build_record(make_candidate(), run_id="run-1", texts={})
    assert record.predicate.run.prefect_flow_run == "flow-1"


def test_outline(local: Setup, make_candidate) -> None:
    """The short form names files, sources, people and steps in text."""
    record = build_record(make_candidate(), run_id="run-1", texts={})
    tree = outline(record)
    assert tree["people"]["validation"] == "2: s05, s06"
    assert tree["model"]["candidate"] == "encoder-small on tiny"
    assert tree["made from"]["raw data: tiny.parquet"] == "sha256 abababababab"
    assert set(tree["steps"]) == {"ingest", "pretrain"}


def test_changed_record_is_found_out(local: Setup, make_candidate) -> None:
    """A record that was edited in the registry is not shown."""
    version = register(opened(local), make_candidate())
    path = files_of(version, local) / FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "subject": []}))
    with pytest.raises(VerificationError, match=r"lineage\.json: the bytes are not the"):
        read_lineage(opened(local), version)

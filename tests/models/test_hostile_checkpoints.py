"""Checkpoints of strangers: a folder's own two files are read, within bounds, or refused."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

from har.config import WindowGrid
from har.errors import DataError, HarError, MissingError, UsageError
from har.models import catalogue
from har.models.checkpoint import load_backbone
from har.models.networks import load_network
from har.steps.checkpoints import resolve
from har.training.base import take

WEIGHTS = "model.safetensors"
SIZES = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
CHANNELS = ("acc_x", "acc_y", "acc_z")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Save a tiny BERT."""
    model = BertModel(BertConfig(vocab_size=20, intermediate_size=8, **SIZES))
    model.save_pretrained(tmp_path / "ck")
    return tmp_path / "ck"


def load(folder: Path) -> torch.nn.Module:
    """Load a checkpoint for default windows."""
    return load_backbone(str(folder), WindowGrid(), 16, CHANNELS)


def state(folder: Path, **fields: Any) -> None:
    """Let the configuration state something else."""
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def header(entries: dict[str, Any], body: bytes = b"") -> bytes:
    """Return a safetensors file with a header of one's own."""
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + body


def one(dtype: str, shape: list[int], end: int) -> dict[str, Any]:
    """Return the entry of one tensor."""
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


@pytest.mark.parametrize("where", ["../other/model.safetensors", "/tmp/other.safetensors"])
def test_weights_of_another_folder_are_never_read(folder: Path, where: str) -> None:
    """An index beside the weights is not looked at; without the weights it is named."""
    weight_map = dict.fromkeys(load_file(folder / WEIGHTS), where)
    index = folder / f"{WEIGHTS}.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    load(folder)
    (folder.parent / "other").mkdir()
    (folder / WEIGHTS).rename(folder.parent / "other" / WEIGHTS)
    for ask in (load, lambda folder: resolve(str(folder))):
        with pytest.raises(MissingError, match=rf"{WEIGHTS} not there") as caught:
            ask(folder)
        assert "index.json, which names other files" in str(caught.value.found)


@pytest.mark.parametrize("name", ["config.json", WEIGHTS])
def test_a_link_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    """Neither the loading nor the step that takes a checkpoint in follows it."""
    outside = folder.parent / "outside"
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    for ask in (load, lambda folder: resolve(str(folder))):
        with pytest.raises(DataError, match="a link that leads out of the folder"):
            ask(folder)


def test_links_of_a_hubs_cache_are_followed(folder: Path) -> None:
    """A snapshot's files lie among the blobs of its repository, as the hub's library puts them."""
    snapshot = folder.parent / "models--a--b" / "snapshots" / "0123"
    blobs = snapshot.parent.parent / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for name in ("config.json", WEIGHTS):
        (folder / name).rename(blobs / name)
        (snapshot / name).symlink_to(f"../../blobs/{name}")
    load(snapshot)


@pytest.mark.parametrize(
    "stated",
    [
        {"_attn_implementation": "evil/kernel", "attn_implementation": "evil/kernel"},
        {"_attn_implementation_internal": "evil/kernel", "use_kernels": True},
        {"_name_or_path": "evil/repository", "base_model_name_or_path": "evil/repository"},
        {"_commit_hash": "main", "trust_remote_code": True, "torch_dtype": "evil"},
        {"dtype": ["evil"], "return_dict": False, "output_attentions": True, "torchscript": True},
        {"id2label": {"x": [1]}, "num_labels": -3, "pruned_heads": {"0": [0, 1]}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_names_code_or_a_repository_is_dropped(
    folder: Path, stated: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is the one that it is without; nothing is asked of the hub."""
    asked: list[str] = []
    monkeypatch.setattr("transformers.utils.hub.cached_files", lambda *a, **_: asked.append(a[0]))
    expected = load(folder).state_dict()
    state(folder, **stated)
    found = load(folder)
    assert all(torch.equal(expected[name], value) for name, value in found.state_dict().items())
    assert found.config._attn_implementation in ("sdpa", "eager")
    assert asked == []


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({"auto_map": {"AutoModel": "evil.Evil"}}, "auto_map: the network has code of its own"),
        ({"quantization_config": {"quant_method": "evil"}}, "quantization_config: the network has"),
        ({"hidden_size": 10**9}, "hidden_size: input should be less than or equal to 4096"),
        ({"hidden_size": "evil"}, "hidden_size: input should be a valid integer"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers: input should be less"),
        ({"num_hidden_layers": 64, "hidden_size": 4096}, "numbers, and at most 150,000,000"),
        ({"vocab_size": 10**12}, "vocab_size: input should be less"),
        ({"num_attention_heads": 0}, "num_attention_heads: input should be greater"),
        ({"num_attention_heads": 3}, "8 cannot be shared by 3 attention heads"),
        ({"hidden_act": "evil"}, "hidden_act: input should be 'gelu'"),
        ({"layer_norm_eps": float("nan")}, "layer_norm_eps: input should be a finite number"),
        ({"hidden_size": json.loads("[" * 900 + "]" * 900)}, "hidden_size: input should be"),
        ({"is_decoder": True}, "is_decoder: input should be False"),
    ],
)
def test_a_configuration_out_of_bounds_is_bad_input(
    folder: Path, stated: dict[str, Any], says: str
) -> None:
    """The field is named; nothing of such a size is made."""
    state(folder, **stated)
    with pytest.raises(DataError) as caught:
        load(folder)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{",
        b"",
        b"\xff\xfe{}",
        b'{"a":' * 100_000,
        b'{"model_type": "bert", "a": ' + b"9" * 10_000 + b"}",
        b" " * (2 << 20),
    ],
    ids=["list", "cut", "empty", "no UTF-8", "deep", "digits", "large"],
)
def test_what_is_no_configuration_is_bad_input(folder: Path, content: bytes) -> None:
    """Of whatever kind the fault is."""
    (folder / "config.json").write_bytes(content)
    with pytest.raises(DataError, match=r"config\.json: "):
        load(folder)


def test_another_kind_of_network_is_named(folder: Path) -> None:
    """A kind that is a list or a dict is none."""
    for kind in ("gpt2", ["bert"], {"bert": 1}, None):
        state(folder, model_type=kind)
        with pytest.raises(UsageError, match="not a network that can be loaded here"):
            load(folder)


LYING = {
    "empty": b"",
    "cut in its length": b"\x00\x01",
    "header of 100 MB": struct.pack("<Q", 100_000_000),
    "header beyond the file": struct.pack("<Q", 2**63) + b"{}",
    "no JSON": struct.pack("<Q", 4) + b"evil",
    "deep JSON": struct.pack("<Q", 200_000) + b"[" * 200_000,
    "offsets beyond the file": header(one("F32", [10], 40), b"abcd"),
    "offsets that do not fit the shape": header(one("F32", [10**9, 10**9], 4), b"abcd"),
    "shape that overflows": header(one("F32", [2**62, 2**62], 4), b"abcd"),
    "another type": header(one("BOOL", [4], 4), b"abcd"),
    "unknown type": header(one("EVIL", [4], 4), b"abcd"),
}


@pytest.mark.parametrize("what", LYING)
def test_lying_safetensors_are_bad_input(folder: Path, what: str) -> None:
    """Cut, empty, with a header that lies: one class of error, which names the file."""
    (folder / WEIGHTS).write_bytes(LYING[what])
    with pytest.raises(DataError, match=rf"{WEIGHTS}: "):
        load(folder)


def cut(path: Path) -> None:
    """Keep the first half of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def changed(path: Path, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Change every tensor of a file."""
    save_file({name: change(tensor).clone() for name, tensor in load_file(path).items()}, path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (cut, "cannot be read"),
        (lambda path: changed(path, lambda t: t * float("nan")), "not weights"),
        (lambda path: changed(path, lambda t: t[:1]), "not the weights of the network"),
        (lambda path: changed(path, lambda t: t.to(torch.uint8)), "not weights"),
        (lambda path: save_file({"a": torch.zeros(3)}, path), "lacks weights"),
        (lambda path: os.truncate(path, 2 << 30), "too large"),
        (lambda path: save_file({f"{i}": torch.zeros(0) for i in range(5001)}, path), "too large"),
    ],
    ids=["cut", "NaN", "other shapes", "other types", "other names", "2 GB", "many"],
)
def test_weights_that_are_not_the_networks_are_bad_input(
    folder: Path, change: Callable[[Path], None], says: str
) -> None:
    """They are looked at before a network is made of them."""
    change(folder / WEIGHTS)
    with pytest.raises(DataError, match=says):
        load(folder)


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({"channels": ["acc_x"] * 6}, "channels: "),
        ({"channels": ["evil", "acc_y", "acc_z"]}, "channels: "),
        ({"n_samples": 10**9}, "n_samples: "),
        ({"rate_hz": 0}, "rate_hz: "),
        ({"patch": 0}, "patch: "),
        ({"patch": 17}, "no whole patches"),
        ({"id2label": {"0": "a", "7": "b"}}, "classes are not numbered from 0"),
        ({"id2label": {"0": "a", "1": "a"}}, "two classes have one name"),
        ({"softmax_temperature": 0}, "softmax_temperature: "),
        ({"hidden_size": 128}, "not the weights of the network"),
        ({"model_type": "har-backbone"}, "backbone_config: field required"),
        (
            {"model_type": "har-backbone", "backbone_config": {"model_type": "evil"}},
            "backbone_config: input tag 'evil'",
        ),
        ({"model_type": "har-resnet", "filters": [10**6]}, "filters.0: "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_our_own_folders_are_read_as_strictly(
    tmp_path: Path, stated: dict[str, Any], says: str
) -> None:
    """What a pretraining or a training of ours writes may come from a stranger as well."""
    bundled = catalogue.bundled("encoder-small", "acc+gyro")
    for name in ("config.json", WEIGHTS):
        (tmp_path / name).write_bytes((bundled / name).read_bytes())
    state(tmp_path, **stated)
    with pytest.raises(HarError) as caught:
        load_network(tmp_path)
    assert caught.value.exit_code == 3
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "card",
    [
        "---\nlicense: [&a [x, x], *a]\n---\n",
        "---\nlicense: {a: b\n---\n",
        "---\n- a\n---\n",
        "---\nlicense: " + "[" * 10_000 + "\n---\n",
        "---\nlicense: " + "x" * 1000 + "\n---\n",
        "x" * (2 << 20),
    ],
    ids=["list", "broken", "no mapping", "deep", "long", "large"],
)
def test_a_card_that_cannot_be_read_has_no_licence(folder: Path, card: str) -> None:
    """The licence of a checkpoint is then unknown, and the rest is taken in."""
    (folder / "README.md").write_text(card)
    (out := folder.parent / "out").mkdir()
    take(out, **resolve(str(folder)).files)
    assert json.loads((out / "checkpoint.json").read_text())["licence"] is None

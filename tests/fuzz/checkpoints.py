"""Checkpoints: folders of Hugging Face with weights, networks of ours, and classical models."""

import io
import json
import struct
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from transformers import BertConfig, BertModel, PatchTSTConfig, PatchTSTModel

from fuzz import damage
from fuzz.target import Files, Seeds, Target, require
from har.arrays import Float32
from har.config import ResnetSettings, WindowGrid
from har.data.recording import CHANNELS
from har.features.scaler import ClippedScaler
from har.features.transformer import FeatureTransformer
from har.models.checkpoint import load_backbone
from har.models.classical import MODEL, ClassicalModel
from har.models.resnet import make_resnet
from har.models.trained_network import TrainedNetwork

CLASSES = ("lying", "sitting", "walking")
CONFIG, SCHEMA = "config.json", "schema.json"
_BERT = {
    "vocab_size": 10,
    "hidden_size": 8,
    "intermediate_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 20,
}
_PATCHES = {
    "context_length": 128,
    "patch_length": 16,
    "patch_stride": 16,
    "d_model": 8,
    "ffn_dim": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_input_channels": 3,
}
_ODD: dict[str, Any] = {
    "auto_map": {"AutoModel": "evil--evil.Evil", "AutoConfig": "evil.Evil"},
    "_attn_implementation": "evil/kernel",
    "attn_implementation": "evil/kernel",
    "trust_remote_code": True,
    "quantization_config": {"quant_method": "evil"},
    "model_type": "gpt2",
    "architectures": ["../../Evil"],
    "torch_dtype": "evil",
    "hidden_size": 10**9,
    "num_hidden_layers": 10**6,
    "id2label": {"0": "\x1b[2J"},
}

_PICKLE = b"\x80\x04cos\nsystem\n(S'true'\ntR."
_INDEX = {"metadata": {}, "weight_map": {"x": "../other.safetensors", "y": "/etc/passwd"}}
_MORE = {
    "pytorch_model.bin": _PICKLE,
    "model.pkl": _PICKLE,
    "evil.py": b"import os\nos.system('true')\n",
    "model.safetensors.index.json": json.dumps(_INDEX).encode(),
    "adapter_config.json": b'{"base_model_name_or_path": "evil/evil", "peft_type": "LORA"}',
}


@cache
def seeds() -> Seeds:
    """Return tiny checkpoints, a network of ours and a classical model."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    X = rng.normal(0, 1, (30, 128, len(CHANNELS))).astype(np.float32)
    network = make_resnet(ResnetSettings(), WindowGrid(), CLASSES, CHANNELS)
    return {
        "bert": _saved(lambda folder: BertModel(BertConfig(**_BERT)).save_pretrained(folder)),
        "patchtst": _saved(
            lambda folder: PatchTSTModel(PatchTSTConfig(**_PATCHES)).save_pretrained(folder)
        ),
        "resnet": _saved(network.save_pretrained),
        "logistic": _saved(_logistic(X).save),
    }


def _saved(save: Callable[[Path], object]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        save(Path(name))
        return {path.name: path.read_bytes() for path in Path(name).iterdir()}


def _logistic(X: Float32) -> ClassicalModel:
    features = FeatureTransformer(channels=CHANNELS).fit()
    made, y = features.transform(X), np.arange(len(X)) % len(CLASSES)
    pipeline = Pipeline([("scale", ClippedScaler()), ("decide", LogisticRegression(max_iter=2000))])
    pipeline.fit(made, y)
    return ClassicalModel("logistic", features, pipeline, {"temperature": 1.0}, CLASSES)


def damaged(files: Files, chance: Random) -> Files:
    """Return a checkpoint with other values, headers or bytes, a file less or one more."""
    changed = dict(files)
    for name in chance.sample(sorted(files), chance.randint(1, len(files))):
        changed[name] = _file_damaged(name, files[name], chance)
    if chance.random() < 0.1:
        changed.pop(chance.choice(sorted(changed)))
    if chance.random() < 0.1:
        name = chance.choice(sorted(_MORE))
        changed[name] = _MORE[name]
    return changed


def _file_damaged(name: str, content: bytes, chance: Random) -> bytes:
    if chance.random() < 0.15:
        return damage.damaged(content, chance)
    if name == CONFIG and chance.random() < 0.4:
        key = chance.choice(sorted(_ODD))
        return json.dumps({**json.loads(content), key: _ODD[key]}).encode()
    if name.endswith(".json"):
        return damage.json_damaged(content, chance)
    if name == MODEL:
        return _zip_damaged(content, chance)
    return _weights_damaged(content, chance)


def _weights_damaged(content: bytes, chance: Random) -> bytes:
    """Return safetensors with another header, whose length fits."""
    (size,) = struct.unpack("<Q", content[:8])
    header = damage.json_damaged(content[8 : 8 + size], chance)
    return struct.pack("<Q", len(header)) + header + content[8 + size :]


def _zip_damaged(content: bytes, chance: Random) -> bytes:
    """Return a file of skops with another schema or array."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([SCHEMA, SCHEMA, *sorted(files)])
    fault = damage.json_damaged if name == SCHEMA else damage.damaged
    return damage.zipped({**files, name: fault(files[name], chance)})


def check(seed: str, folder: Path) -> Counter[str]:
    """Load a checkpoint and ask it; a network answers probabilities."""
    given = folder / "input"
    X = np.random.default_rng(0).normal(0, 1, (3, 128, len(CHANNELS))).astype(np.float32)
    if seed in ("resnet", "logistic"):
        trained = ClassicalModel if seed == "logistic" else TrainedNetwork
        model = trained.load(given)
        # Weights are numbers, and any numbers are a model's: what it makes of them is its own.
        with np.errstate(all="ignore"):
            found = np.asarray(model.predict_proba(X))
        require(len(found) == len(X), "probabilities: of another shape")
        return Counter(answers=found.size)
    backbone = load_backbone(str(given), WindowGrid(), 16, CHANNELS)
    weights = sum(parameter.numel() for parameter in backbone.parameters())
    require(weights < 10**7, f"weights: {weights}")
    return Counter(weights=weights)


TARGETS = {"checkpoints": Target("checkpoints", seeds, damaged, check)}

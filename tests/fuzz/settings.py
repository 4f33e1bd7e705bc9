"""Settings: ``har.toml``, variables of the environment and ``--set``, which may hold secrets."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from fuzz import damage
from fuzz.target import Files, Seeds, Target, require
from har.config import Recipe
from har.config.sources import Settings, load
from har.errors import HarError

FILE, VARIABLES, FLAGS = "har.toml", "environment.json", "flags.json"
SECRET = "Q0FOQVJZIHNlY3JldCBvZiBzb21lYm9keSBDQU5BUlkh"
TOML = f"""
seeds = [0, 1]
candidates = ["logistic", "encoder-nano"]
store = "data/store"

[data]
datasets = ["hapt"]

[window]
length_s = 2.56
hop_s = 1.28
channels = "acc+gyro"

[models.logistic]
c_grid = [0.01, 0.1]

[gate]
margin = 0.0

[registry]
model = "har"
webhooks = ["https://user:{SECRET}@host.example/hook"]
webhook_secret = "{SECRET}"

[serve]
api_keys = ["{SECRET}"]
"""
_SAFE = ("PATH", "HOME", "TMPDIR", "LANG")


@cache
def seeds() -> Seeds:
    """Return a file, variables and flags; the flags state every setting as it is."""
    variables = {
        "HAR_WINDOW__HOP_S": "0.64",
        "HAR_SEEDS": "[0, 1, 2]",
        "HAR_REGISTRY__WEBHOOK_SECRET": SECRET,
        "HAR_REGISTRY__WEBHOOKS": json.dumps([f"https://x:{SECRET}@host.example/"]),
        "HAR_SERVE__API_KEYS": json.dumps([SECRET]),
        "HAR_GATE": '{"margin": 0.1}',
    }
    with _alone():
        flat = load().flat()
    # Some names hold what no flag can write, as "gate.robustness.noise 0.1 m/s²".
    stated = {name: v for name, v in flat.items() if v is not None and " " not in name}
    flags = [f"{name}={json.dumps(value)}" for name, value in stated.items()]
    sections = [flags[i : i + 12] for i in range(0, len(flags), 12)]
    named = {f"flags-{i}": {FLAGS: json.dumps(part).encode()} for i, part in enumerate(sections)}
    return {
        "file": {FILE: TOML.encode()},
        "variables": {VARIABLES: json.dumps(variables).encode()},
        **named,
    }


def damaged(files: Files, chance: Random) -> Files:
    """Return settings of which some are others; now and then of two sources at once."""
    changed = dict(files)
    if chance.random() < 0.2:
        changed |= seeds()[chance.choice(sorted(seeds()))]
    for name, content in changed.items():
        fault = damage.damaged if name == FILE else _texts_damaged
        changed[name] = fault(content, chance)
    return changed


def _texts_damaged(content: bytes, chance: Random) -> bytes:
    """Return variables or flags with faults of text in one or more of them."""
    tree = json.loads(content)
    keys = sorted(tree) if isinstance(tree, dict) else list(range(len(tree)))
    for key in chance.sample(keys, chance.randint(1, min(3, len(keys)))):
        text = str(tree[key]).encode()
        name, equals, value = text.rpartition(b"=") if isinstance(tree, list) else (b"", b"", text)
        kind = chance.randrange(3)
        if kind == 0:
            value = damage.damaged(value, chance)
        elif kind == 1:
            value = json.dumps(chance.choice(damage.VALUES)).encode()
        else:
            name = damage.damaged(name, chance)
        tree[key] = (name + equals + value).decode("utf-8", "replace").replace("\0", "")
    return json.dumps(tree).encode()


def check(seed: str, folder: Path) -> Counter[str]:
    """Load settings; what is taken is JSON without loss, and no error shows a secret."""
    given = folder / "input"
    if (given / FILE).exists():
        shutil.copy(given / FILE, folder / "out" / FILE)
    os.chdir(folder / "out")
    with _alone(_variables(given)):
        try:
            settings = load(_flags(given))
        except HarError as error:
            require(SECRET not in str(error), f"a secret is shown: {error}")
            raise
    _check_taken(settings)
    return Counter({"taken": 1})


def _check_taken(settings: Settings) -> None:
    text = json.dumps(settings.tree(), allow_nan=False)
    require(SECRET not in text, "a secret is shown: in the list of settings")
    require(SECRET not in repr(settings), "a secret is shown: in a repr")
    again = Recipe.model_validate_json(settings.recipe.model_dump_json())
    require(again == settings.recipe, "a recipe: not the same from JSON")


def _variables(given: Path) -> dict[str, str]:
    return {k: str(v) for k, v in _json(given / VARIABLES, {}).items() if k and "=" not in k}


def _flags(given: Path) -> list[str]:
    return [str(flag) for flag in _json(given / FLAGS, [])]


def _json(path: Path, otherwise: Any) -> Any:
    return json.loads(path.read_bytes()) if path.exists() else otherwise


@contextmanager
def _alone(variables: dict[str, str] | None = None) -> Iterator[None]:
    """Let the environment be some variables and no others."""
    before = dict(os.environ)
    kept = {name: before[name] for name in _SAFE if name in before}
    os.environ.clear()
    os.environ.update({**kept, **(variables or {})})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


TARGETS = {"settings": Target("settings", seeds, damaged, check)}

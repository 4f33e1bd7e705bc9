"""Pretrain an encoder that comes with the package: `python scripts/bundle_encoder.py acc`.

It sees the training subjects of HAPT's canonical split without their labels, and
nobody whom the split tests or validates on. The argument is a set of sensors, as
``window.channels`` has it. The encoder's folder gets the Hugging Face
directory, ``training.json`` (whom it saw), ``lineage.json`` (what it was made from)
and a card.
"""

import json
import shutil
import sys
from pathlib import Path

from har.config import flatten, load
from har.data.channels import described
from har.lineage import digest, origin
from har.models.catalogue import bundled
from har.models.record import PretrainingRecord
from har.steps.run import start

NAME = "encoder-small"
CARD = """---
license: cc-by-4.0
---

# {name}, pretrained without labels

Takes windows of {n_samples} samples at {rate_hz:g} Hz with {channels}.
Gives hidden states; a head for activities is trained on top (`har train --model {name}`).

- Learned: to find the neighbour in time of a window, changed at random, among {batch_size}
  windows ({epochs} epochs, loss {first:.3f} to {last:.3f}).
- Data: {windows:,} windows of {datasets}, CC BY 4.0, labels not read.
- People: {n_subjects}: {subjects}. Fine-tuning refuses to test or validate on any of them.
- Parameters: {parameters:,}, projection included; weights SHA-256 `{sha256}`.
- Made by `python scripts/bundle_encoder.py {sensors}`; `lineage.json` has inputs, settings and
  code.

It knows a phone at the waist; it is no medical device.
"""


def main(sensors: str) -> None:
    """Pretrain, or find it in the store, and write the folder."""
    recipe, environment = load(["pretrain.checkpoint=own", f"window.channels={sensors}"])
    run = start(recipe, environment)
    made = run[f"pretrain-{NAME}"]
    folder = bundled(NAME, sensors)
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("config.json", "model.safetensors", PretrainingRecord.FILE):
        shutil.copy(made.path / file, folder)
    (folder / "README.md").write_text(
        _card(folder, recipe.pretrain.batch_size, sensors), encoding="utf-8"
    )
    lineage = {
        "step": {
            k: v for k, v in made.manifest.to_dict().items() if k not in ("seconds", "created")
        },
        "raw_files": [file.to_dict() for file in origin.raw_files(run["ingest"].path)],
        "settings": dict(flatten(recipe.model_dump(mode="json"))),
    }
    (folder / "lineage.json").write_text(json.dumps(lineage, indent=1) + "\n", encoding="utf-8")


def _card(folder: Path, batch_size: int, sensors: str) -> str:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    record = PretrainingRecord.read(folder)
    losses = [epoch.loss for epoch in record.history]
    return CARD.format(
        name=NAME,
        batch_size=batch_size,
        sensors=sensors,
        channels=described(config["channels"]),
        **{key: config[key] for key in ("n_samples", "rate_hz")},
        windows=record.windows,
        parameters=record.parameters,
        epochs=len(losses),
        first=losses[0],
        last=losses[-1],
        datasets=", ".join(record.datasets),
        n_subjects=len(record.subjects),
        subjects=", ".join(record.subjects),
        sha256=digest.of_file(folder / "model.safetensors"),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

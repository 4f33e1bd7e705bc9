"""Weights of strangers: safetensors files, looked at before they are loaded."""

from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel

from har.errors import DataError

MAX_BYTES = 768 << 20
"""Of a file: BERT-base in float32, with its heads, has 440 MB."""
MAX_HEADER = 4 << 20
"""Bytes of the names, types and shapes: of a thousand tensors they are 100 kB."""
MAX_TENSORS = 5_000
"""Of a file: BERT-base has 200."""
_LENGTH = 8
# As safetensors names them. Whole numbers are positions and counts.
_TYPES = ("F16", "BF16", "F32", "F64", "I64")

Network = TypeVar("Network", bound=PreTrainedModel)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises
    ------
    DataError
        If it is damaged, too large, or holds what no weights are: another type, NaN or an
        infinity.
    """
    _check_size(path)
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            if len(names) > MAX_TENSORS:
                raise DataError(
                    f"{path}: too large",
                    expected=f"at most {MAX_TENSORS:,} tensors",
                    found=f"{len(names):,}",
                )
            for name in names:
                _check_type(path, name, file.get_slice(name).get_dtype())
            weights = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{path}: cannot be read",
            expected="weights in safetensors",
            found=str(error).splitlines()[0][:200],
            hint="copy it again from where it was made",
        ) from None
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise DataError(
                f"{path}: {name}: not weights", expected="finite numbers", found="NaN or infinity"
            )
    return weights


def with_weights(
    kind: type[Network], config: PretrainedConfig, path: Path, **arguments: object
) -> Network:
    """Return a network with the weights of a file; what is new in it is made.

    Hugging Face's own loading, which knows prefixes and former names, but of tensors that are
    there: no file is looked for, and nothing of a configuration but sizes is followed.

    Parameters
    ----------
    kind : type
        Of the network.
    config : PretrainedConfig
        Made by `har.models.checkpoint_config`.
    path : Path
        The safetensors file.
    **arguments : object
        What the type takes besides a configuration.

    Raises
    ------
    DataError
        If the file cannot be read, lacks weights of the network, or has them in another shape.
    """
    weights = read_weights(path)
    try:
        network, loading = kind.from_pretrained(
            None, config=config, state_dict=weights, output_loading_info=True, **arguments
        )
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise DataError(
            f"{path}: not the weights of the network that its configuration describes",
            found=lines[min(1, len(lines) - 1)][:300],
        ) from None
    if missing := loading["missing_keys"]:
        raise DataError(f"{path}: lacks weights", found=", ".join(sorted(missing))[:300])
    loaded: Network = network
    return loaded


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DataError(
            f"{path}: too large", expected=f"at most {MAX_BYTES:,} bytes", found=f"{size:,} bytes"
        )
    with path.open("rb") as file:
        header = int.from_bytes(file.read(_LENGTH), "little")
    if size < _LENGTH or header > min(MAX_HEADER, size - _LENGTH):
        raise DataError(
            f"{path}: not weights in safetensors",
            expected=f"a header of at most {MAX_HEADER:,} bytes, within the file",
            found=f"{size:,} bytes, whose header is said to have {header:,}",
            hint="copy it again from where it was made",
        )


def _check_type(path: Path, name: str, found: str) -> None:
    if found not in _TYPES:
        raise DataError(
            f"{path}: {name}: not weights", expected=", ".join(_TYPES), found=f"{found} numbers"
        )

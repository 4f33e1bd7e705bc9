"""Which models there are and what sets them apart; imports none of them.

A model is named like its section of the settings (`har.config.ModelSettings`).
"""

from pathlib import Path

BUNDLED = Path(__file__).parent / "bundled"  # pretrained encoders, a folder each
# What an encoder and its checkpoint must have in common, of ``config.json``.
SIZES = (
    *("n_samples", "rate_hz", "patch", "hidden_size", "num_hidden_layers"),
    *("num_attention_heads", "intermediate_size"),
)
CLASSICAL = ("svm", "logistic", "minirocket", "extra-trees")
DETERMINISTIC = ("svm", "logistic")
ENCODERS = ("encoder-nano", "encoder-small", "encoder-base")


def seeds_of(name: str, seeds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the seeds to train a model with: one is enough where none is used.

    Examples
    --------
    >>> seeds_of("svm", (3, 4))
    (3,)
    """
    return seeds[:1] if name in DETERMINISTIC else seeds

"""Which models there are and what sets them apart; imports none of them.

A model is named like its section of the settings (`har.config.ModelSettings`).
"""

CLASSICAL = ("svm", "logistic", "extra-trees")
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

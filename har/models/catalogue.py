"""What every model is, in one place: name, maker, seeds, pretraining, look in plots.

A model is named like its section of the settings (`har.config.ModelSettings`). To add
one: its module, its section, and its entry in `MODELS`. What makes a model is imported
when it is asked for, so that this module can be read without torch or scikit-learn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from har.config import WindowGrid

if TYPE_CHECKING:
    from har.models.method import Method
    from har.models.network import WindowClassifier

# Pretrained encoders, one folder per model.
BUNDLED = Path(__file__).parent / "bundled"
# What an encoder and its checkpoint must have in common, of ``config.json``.
SIZES = (
    *("n_samples", "rate_hz", "patch", "hidden_size", "num_hidden_layers"),
    *("num_attention_heads", "intermediate_size"),
)

NetworkMaker = Callable[[Any, WindowGrid, Sequence[str]], "WindowClassifier"]


@dataclass(frozen=True)
class ModelSpec:
    """One kind of model.

    Attributes
    ----------
    name : str
        As in the settings, with hyphens.
    colour, marker : str
        In plots: hexadecimal, of the palettes of Okabe and Ito and of Paul Tol, which people
        with any colour vision can tell apart; and a marker of matplotlib's.
    method : callable, optional
        Of a classical model: imports and returns how its estimator is searched,
        calibrated and exported.
    network : callable, optional
        Of a network: imports and returns what makes it from its section, the windows and
        the class names.
    deterministic : bool
        Whether one seed is enough: its fit draws no random numbers.
    encoder : bool
        Whether it can be pretrained without labels.
    """

    name: str
    colour: str
    marker: str
    method: "Callable[[], Method] | None" = None
    network: Callable[[], NetworkMaker] | None = None
    deterministic: bool = False
    encoder: bool = False


def _svm() -> "Method":
    from har.models import svm

    return svm


def _logistic() -> "Method":
    from har.models import logistic

    return logistic


def _trees() -> "Method":
    from har.models import trees

    return trees


def _encoder() -> NetworkMaker:
    from har.models.encoder import make_encoder

    return make_encoder


def _patchtst() -> NetworkMaker:
    from har.models.backbones import make_patchtst

    return make_patchtst


def _patchtsmixer() -> NetworkMaker:
    from har.models.backbones import make_patchtsmixer

    return make_patchtsmixer


def _bert() -> NetworkMaker:
    from har.models.backbones import make_bert

    return make_bert


def _resnet() -> NetworkMaker:
    from har.models.resnet import make_resnet

    return make_resnet


MODELS: Mapping[str, ModelSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            ModelSpec("svm", "#D55E00", "D", method=_svm, deterministic=True),
            ModelSpec("logistic", "#E69F00", "s", method=_logistic, deterministic=True),
            ModelSpec("minirocket", "#AA4499", "X", method=_logistic),
            ModelSpec("extra-trees", "#CC79A7", "P", method=_trees),
            ModelSpec("encoder-nano", "#56B4E9", "*", network=_encoder, encoder=True),
            ModelSpec("encoder-small", "#0072B2", "o", network=_encoder, encoder=True),
            ModelSpec("encoder-base", "#332288", "p", network=_encoder, encoder=True),
            ModelSpec("patchtst", "#009E73", "^", network=_patchtst),
            ModelSpec("patchtsmixer", "#999933", "v", network=_patchtsmixer),
            ModelSpec("bert", "#882255", "<", network=_bert),
            ModelSpec("resnet", "#661100", ">", network=_resnet),
        )
    }
)
CLASSICAL = tuple(name for name, spec in MODELS.items() if spec.method)
NETWORKS = tuple(name for name, spec in MODELS.items() if spec.network)
ENCODERS = tuple(name for name, spec in MODELS.items() if spec.encoder)


def seeds_of(name: str, seeds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the seeds to train a model with: one is enough where none is used.

    Examples
    --------
    >>> seeds_of("svm", (3, 4))
    (3,)
    """
    return seeds[:1] if MODELS[name].deterministic else seeds

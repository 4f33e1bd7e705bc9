"""What every model is, in one place: name, maker, seeds, pretraining, look in plots.

A model is named like its section of the settings (`har.config.ModelSettings`). To add
one: its module, its section, and its entry in `MODELS`. What makes a model is imported
when it is asked for, so that this module can be read without torch or scikit-learn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

# Pretrained encoders, one folder for a model and a set of sensors.
BUNDLED = Path(__file__).parent / "bundled"
# What an encoder and its checkpoint must have in common, of ``config.json``.
SIZES = (
    *("n_samples", "rate_hz", "patch", "hidden_size", "num_hidden_layers"),
    *("num_attention_heads", "intermediate_size", "statistics"),
)


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
    method : str, optional
        Of a classical model: the module (`har.models.method`) that says how its estimator
        is searched, calibrated and exported.
    network : str, optional
        Of a network: the function, ``module:function``, that makes it from its section,
        the windows and the class names.
    deterministic : bool
        Whether one seed is enough: its fit draws no random numbers.
    encoder : bool
        Whether it can be pretrained without labels.
    """

    name: str
    colour: str
    marker: str
    method: str | None = None
    network: str | None = None
    deterministic: bool = False
    encoder: bool = False

    @property
    def module(self) -> str:
        """The module that is the model; imports alone do not lead to it."""
        named = self.method or self.network
        assert named
        return named.partition(":")[0]


MODELS: Mapping[str, ModelSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            ModelSpec("svm", "#D55E00", "D", method="har.models.svm", deterministic=True),
            ModelSpec("logistic", "#E69F00", "s", method="har.models.logistic", deterministic=True),
            ModelSpec("minirocket", "#AA4499", "X", method="har.models.logistic"),
            ModelSpec("extra-trees", "#CC79A7", "P", method="har.models.trees"),
            ModelSpec(
                "encoder-nano",
                "#56B4E9",
                "*",
                network="har.models.encoder:make_encoder",
                encoder=True,
            ),
            ModelSpec(
                "encoder-small",
                "#0072B2",
                "o",
                network="har.models.encoder:make_encoder",
                encoder=True,
            ),
            ModelSpec(
                "encoder-base",
                "#332288",
                "p",
                network="har.models.encoder:make_encoder",
                encoder=True,
            ),
            ModelSpec("patchtst", "#009E73", "^", network="har.models.backbones:make_patchtst"),
            ModelSpec(
                "patchtsmixer", "#999933", "v", network="har.models.backbones:make_patchtsmixer"
            ),
            ModelSpec("bert", "#882255", "<", network="har.models.backbones:make_bert"),
            ModelSpec("resnet", "#661100", ">", network="har.models.resnet:make_resnet"),
        )
    }
)
CLASSICAL = tuple(name for name, spec in MODELS.items() if spec.method)
NETWORKS = tuple(name for name, spec in MODELS.items() if spec.network)
ENCODERS = tuple(name for name, spec in MODELS.items() if spec.encoder)


def bundled(name: str, sensors: str) -> Path:
    """Return the folder of a model's bundled encoder for windows of a set of sensors.

    Examples
    --------
    >>> bundled("encoder-small", "acc").name
    'encoder-small-acc'
    """
    return BUNDLED / (name if sensors == "acc+gyro" else f"{name}-{sensors}")


def seeds_of(name: str, seeds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the seeds to train a model with: one is enough where none is used.

    Examples
    --------
    >>> seeds_of("svm", (3, 4))
    (3,)
    """
    return seeds[:1] if MODELS[name].deterministic else seeds

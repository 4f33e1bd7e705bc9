"""Typed settings: the recipe of a result, and the environment that it is made in.

=======================  =========================================================
`har.config.recipe`      all that determines a result, a section for each concern:
                         `data`, `models`, `training`, `evaluation`, `export`, `gate`
`har.config.environment` store, registry, identity, secrets, workers, serving,
                         bounds of what is opened
`har.config.names`       names that settings have, have had, and are mistaken for
`har.config.sources`     defaults < ``har.toml`` < ``HAR_*`` < flags
=======================  =========================================================

>>> from har.config import load
>>> recipe, environment = load(["window.hop_s=0.64"])
>>> recipe.window.hop_s
0.64
"""

from har.config.data import (
    CleanSettings,
    DataSettings,
    LabelSettings,
    SplitSettings,
    WindowGrid,
    WindowSettings,
    WindowShape,
)
from har.config.environment import Environment, RegistrySettings, RunSettings, current, using
from har.config.evaluation import IntervalSettings, ProtocolSettings
from har.config.export import ExportSettings
from har.config.gate import DeploymentSettings, GateSettings
from har.config.limits import LimitSettings
from har.config.models import (
    BertSettings,
    ClassicalSettings,
    EncoderSettings,
    ExtraTreesSettings,
    LogisticSettings,
    ModelSettings,
    NetworkSettings,
    PatchTsMixerSettings,
    PatchTstSettings,
    ResnetSettings,
    Statistics,
    SvmSettings,
    model_names,
)
from har.config.recipe import Recipe
from har.config.section import flatten
from har.config.serve import ServeSettings
from har.config.sources import Settings, load, stated
from har.config.training import AugmentSettings, FinetuneSettings, PretrainSettings

__all__ = [
    "AugmentSettings",
    "BertSettings",
    "ClassicalSettings",
    "CleanSettings",
    "DataSettings",
    "DeploymentSettings",
    "EncoderSettings",
    "Environment",
    "ExportSettings",
    "ExtraTreesSettings",
    "FinetuneSettings",
    "GateSettings",
    "IntervalSettings",
    "LabelSettings",
    "LimitSettings",
    "LogisticSettings",
    "ModelSettings",
    "NetworkSettings",
    "PatchTsMixerSettings",
    "PatchTstSettings",
    "PretrainSettings",
    "ProtocolSettings",
    "Recipe",
    "RegistrySettings",
    "ResnetSettings",
    "RunSettings",
    "ServeSettings",
    "Settings",
    "SplitSettings",
    "Statistics",
    "SvmSettings",
    "WindowGrid",
    "WindowSettings",
    "WindowShape",
    "current",
    "flatten",
    "load",
    "model_names",
    "stated",
    "using",
]

"""The recipe: all that determines a result."""

from typing import Annotated, Any

from pydantic import Field

from har.config.data import (
    CleanSettings,
    DataSettings,
    LabelSettings,
    SplitSettings,
    WindowSettings,
)
from har.config.evaluation import IntervalSettings, ProtocolSettings
from har.config.export import ExportSettings
from har.config.gate import GateSettings
from har.config.models import EncoderSettings, ModelSettings, NetworkSettings
from har.config.section import EachOnce, Section, Seed, flatten
from har.config.training import FinetuneSettings, PretrainSettings


class Recipe(Section):
    """What is made of which data: every setting that shapes a result, and no other.

    It is JSON-able without loss, so it is what the lineage records and what a deployment
    keeps as a parameter. Where the results go, who acts and all secrets are in the
    `Environment`.

    Examples
    --------
    >>> recipe = Recipe(window={"hop_s": 0.64})
    >>> Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    True
    """

    data: DataSettings = DataSettings()
    clean: CleanSettings = CleanSettings()
    split: SplitSettings = SplitSettings()
    window: WindowSettings = WindowSettings()
    labels: LabelSettings = LabelSettings()
    candidates: Annotated[tuple[str, ...], EachOnce] = Field(
        ("svm", "encoder-small"),
        min_length=1,
        description="models of a run; the others are compared with the first",
    )
    seeds: Annotated[tuple[Seed, ...], EachOnce] = Field(
        (0, 1, 2), min_length=1, description="one training for each"
    )
    models: ModelSettings = ModelSettings()
    pretrain: PretrainSettings = PretrainSettings()
    finetune: FinetuneSettings = FinetuneSettings()
    intervals: IntervalSettings = IntervalSettings()
    protocols: ProtocolSettings = ProtocolSettings()
    export: ExportSettings = ExportSettings()
    gate: GateSettings = GateSettings()

    def flat(self) -> dict[str, Any]:
        """Return every setting by its dotted name, JSON-able."""
        return dict(flatten(self.model_dump(mode="json")))

    def checkpoint_of(self, name: str) -> str | None:
        """Return what a network starts from, as it was asked for; None for random weights."""
        if not isinstance(section := self.models.of(name), NetworkSettings):
            return None
        if isinstance(section, EncoderSettings):
            return None if self.pretrain.checkpoint == "none" else self.pretrain.checkpoint
        named: str | None = getattr(section, "checkpoint", None)
        return named

    def finetune_of(self, name: str) -> FinetuneSettings:
        """Return how a network is fine-tuned: ``finetune``, changed by its own section."""
        own: dict[str, Any] = self.models.network(name).finetune
        shared = self.finetune.model_dump()
        augment = {**shared["augment"], **own.get("augment", {})}
        return FinetuneSettings.model_validate({**shared, **own, "augment": augment})

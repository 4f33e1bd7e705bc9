"""Settings from their sources: defaults < ``har.toml`` < environment (``HAR_*``) < flags.

An environment variable names a setting by its path: ``HAR_WINDOW__HOP_S=0.64``.
"""

from typing import Any, NamedTuple, TypeVar

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from har.config.environment import Environment
from har.config.recipe import Recipe
from har.config.section import Section, flatten
from har.errors import UsageError

Part = TypeVar("Part", Recipe, Environment)
# Today's name of each setting that once had another.
RENAMED = {
    "evaluate.bootstrap": "intervals.bootstrap",
    "evaluate.confidence": "intervals.confidence",
    "evaluate.seed": "intervals.seed",
    "evaluate.groups": "protocols.groups",
    "evaluate.validation_subjects": "protocols.n_validation_subjects",
    "gate.max_mended": "gate.max_repaired",
}


class Settings(NamedTuple):
    """Everything that can be set.

    Attributes
    ----------
    recipe : Recipe
        What determines a result.
    environment : Environment
        Where it is made, by whom and with which secrets.
    """

    recipe: Recipe
    environment: Environment

    def tree(self) -> dict[str, Any]:
        """Return every setting as ``har.toml`` would have it, JSON-able; secrets as stars."""
        return {k: v for part in self[::-1] for k, v in part.model_dump(mode="json").items()}

    def flat(self) -> dict[str, Any]:
        """Return every setting by its dotted name, as `tree` has it."""
        return dict(flatten(self.tree()))


class _Sources(Recipe, Environment, BaseSettings):
    """Both as one tree, which is how files, variables and flags write them."""

    model_config = SettingsConfigDict(
        env_prefix="HAR_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    evaluate: Section = Field(Section(), description="empty: see RENAMED")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Rank the sources: flags first, then the environment, then the file."""
        ranked = (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, "har.toml"))
        return tuple(_ByTodaysNames(settings_cls, source) for source in ranked)


class _ByTodaysNames(PydanticBaseSettingsSource):
    """A source whose old names are today's, so that sources are ranked by setting."""

    def __init__(
        self, settings_cls: type[BaseSettings], source: PydanticBaseSettingsSource
    ) -> None:
        super().__init__(settings_cls)
        self.source = source

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return one field's value, as the source has it."""
        return self.source.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        tree = self.source()
        for old, today in RENAMED.items():
            section, name = old.split(".")
            settings = tree.get(section)
            if isinstance(settings, dict) and name in settings:
                value = settings.pop(name)
                section, name = today.split(".")
                tree.setdefault(section, {}).setdefault(name, value)
        return tree


def load(overrides: list[str] | None = None, **flags: Any) -> Settings:
    """Return the settings with flags applied last.

    Parameters
    ----------
    overrides : list of str
        ``section.name=value`` pairs, as given with ``--set``.
    **flags : Any
        Whole sections or scalars.

    Raises
    ------
    UsageError
        If a name is unknown or a value does not fit.

    Examples
    --------
    >>> load(["finetune.epochs=5"]).recipe.finetune.epochs
    5
    """
    tree: dict[str, Any] = dict(flags)
    for pair in overrides or []:
        path, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set {pair}", expected="section.name=value", found="no '='")
        *sections, name = path.split(".")
        node = tree
        for section in sections:
            node = node.setdefault(section, {})
        node[name] = _parsed(value)
    try:
        merged = _Sources(**tree)
    except ValidationError as error:
        problem = error.errors()[0]
        # Of a union, pydantic names the member that came closest.
        where = ".".join(str(part) for part in problem["loc"] if "[" not in str(part))
        raise UsageError(
            f"setting {where}: {problem['msg'].lower()}",
            found=repr(problem["input"]),
            hint="`har config` prints every setting with its value",
        ) from None
    return Settings(_part(Recipe, merged), _part(Environment, merged))


def _part(kind: type[Part], merged: _Sources) -> Part:
    return kind.model_validate({name: getattr(merged, name) for name in kind.model_fields})


def _parsed(text: str) -> Any:
    """Read a flag's value as TOML, and what is not TOML as a plain string."""
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text

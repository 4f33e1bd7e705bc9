"""A registry that was made by hand, taken in as it is, with the digests of its files."""

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from har.errors import MissingError, UsageError
from har.lineage import digest
from har.registry.handle import Registry
from har.registry.history import stages
from har.registry.history.stages import CHAMPION, HOLDER, PREVIOUS, Placement
from har.registry.moves.mover import Mover
from har.registry.moves.observation import Observed
from har.registry.moves.reconcile import change_to
from har.registry.reading import RegisteredVersion
from har.registry.versions.files import download_model
from har.registry.versions.lookup import foreign_versions
from har.registry.versions.version import CANDIDATE_DIGEST, FILES, ONNX_DIGEST


@dataclass(frozen=True)
class Adoption:
    """What was taken in.

    Attributes
    ----------
    versions : dict of int to str
        The versions that were registered without `har`, with the flavour of their model.
    placement : Placement or None
        Where versions stand from now on; None if a history says so already.
    """

    versions: dict[int, str]
    placement: Placement | None


def adopt(registry: Registry, *, reason: str, dry_run: bool = False) -> Adoption:
    """Take in what was registered and staged without `har`.

    Versions keep their bytes, whose digests are recorded: a rollback to one of them is
    verified against those. They have no scores and no lineage, so none can be promoted,
    and the gate never compares a version with one. Where there is no history yet, it begins with
    where versions stand.

    Parameters
    ----------
    registry : Registry
        The model.
    reason : str
        Why; kept in the history.
    dry_run : bool
        Look, but change nothing.

    Raises
    ------
    UsageError
        If alias and stages contradict each other.
    MissingError
        If the files of a version are not there.
    ConflictError
        If somebody's move is under way.
    """
    mover = Mover(registry)
    observed = mover.look()
    new = None if mover.trail.events else placed(observed)
    versions = {}
    for version in foreign_versions(registry):
        tags = _tags(registry, version)
        versions[version.number] = tags["har.candidate"]
        if not dry_run:
            _stamp(registry, version, tags)
    if new is not None and not dry_run:
        change = change_to(new, Placement(), mover.look())
        if change.stages or change.aliases:
            mover.execute("adoption", new.aliases.get(CHAMPION), change, reason=reason)
            mover.announce()
    return Adoption(versions, new)


def placed(observed: Observed) -> Placement:
    """Return where versions stand by aliases and MLflow's stages.

    Of several versions at one stage the newest has it, as ``models:/<model>/Production``
    means it; the others are archived.

    Raises
    ------
    UsageError
        If an alias and the stage that it stands for name different versions.
    """
    aliases = {alias.lower(): version for alias, version in observed.aliases.items()}
    archived = [v for v, stage in observed.native.items() if stage not in ("None", *HOLDER)]
    now = Placement(stages=dict.fromkeys(archived, "Archived"))
    for stage, alias in HOLDER.items():
        staged = sorted(v for v, native in observed.native.items() if native == stage)
        named = aliases.get(alias)
        if named is not None and staged and named not in staged:
            raise UsageError(
                f"{alias}: the registry contradicts itself",
                expected=f"the alias {alias} and MLflow's stage {stage} at one version",
                found=f"version {named}, and at {stage} {_listed(staged)}",
                hint="repair it in MLflow, then adopt it",
            )
        if named is not None:
            staged = [*(v for v in staged if v != named), named]
        for version in staged:
            now = stages.place(now, version, stage)
    former = {PREVIOUS: aliases[PREVIOUS]} if PREVIOUS in aliases else {}
    held = {alias: version for alias, version in now.aliases.items() if alias != PREVIOUS}
    return Placement({**held, **former}, now.stages)


def _tags(registry: Registry, version: RegisteredVersion) -> dict[str, str]:
    """Return what reading commands need to know of a version, from its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        got = download_model(registry, version.number, Path(folder, "model"))
        if not got.is_dir():
            raise MissingError(
                f"version {version.number}: the files of its model are not there",
                hint="bring them back to where MLflow says they are, or delete the version",
            )
        files = digest.of_folder(got)
        flavours = _flavours(got)
    onnx = {ONNX_DIGEST: files["model.onnx"]} if "model.onnx" in files else {}
    return {
        "har.candidate": ", ".join(flavours) or "unknown",
        "har.dataset": "unknown",
        "har.serving": "onnx" if onnx else "none",
        "har.stage": "None",
        **onnx,
        FILES: json.dumps(files),
        # Last: with it the version is one that is known.
        CANDIDATE_DIGEST: digest.of_mapping(files),
    }


def _flavours(folder: Path) -> list[str]:
    from mlflow.models import Model

    if not (folder / "MLmodel").exists():
        return []
    return [name for name in Model.load(folder).flavors if name != "python_function"]


def _stamp(registry: Registry, version: RegisteredVersion, tags: dict[str, str]) -> None:
    for name, value in tags.items():
        registry.writer.set_model_version_tag(registry.model, str(version.number), name, value)


def _listed(versions: Iterable[int]) -> str:
    return ", ".join(f"version {version}" for version in versions)

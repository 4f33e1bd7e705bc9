"""The one place where stages move: aliases, the tag ``har.stage``, MLflow's own stage.

========== ============ ==========================================
stage      alias        meaning
========== ============ ==========================================
None                    registered, may not serve
Staging    challenger   may serve, not better than the champion
Production champion     serves
Archived   previous     served before the champion
========== ============ ==========================================
"""

import warnings
from typing import TYPE_CHECKING

from har.errors import VerificationError
from har.registry.gate import Decision, Stage

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
STAGES: tuple[Stage, ...] = ("None", "Staging", "Production", "Archived")


def apply(client: "MlflowClient", decision: Decision) -> None:
    """Move aliases and stages as a recorded decision says, and read them back.

    Applying a decision twice gives what applying it once gives, so an interrupted move
    is completed by repeating it.

    Raises
    ------
    VerificationError
        If the registry does not say afterwards what it was told.
    """
    model, number = decision.model, decision.version
    if decision.stage == "Production":
        _crown(client, model, number, decision.champion)
    elif decision.stage == "Staging":
        client.set_registered_model_alias(model, CHALLENGER, str(number))
    if decision.stage != "Staging" and aliases(client, model).get(CHALLENGER) == number:
        client.delete_registered_model_alias(model, CHALLENGER)
    _mark(client, model, number, decision.stage)
    _require(client, decision)


def aliases(client: "MlflowClient", model: str) -> dict[str, int]:
    """Return the version that each alias names."""
    held = client.get_registered_model(model).aliases
    return {alias: int(number) for alias, number in held.items()}


def _crown(client: "MlflowClient", model: str, number: int, former: int | None) -> None:
    # The former champion gets its name first: a kill in between leaves two names, not none.
    if former is not None:
        client.set_registered_model_alias(model, PREVIOUS, str(former))
    client.set_registered_model_alias(model, CHAMPION, str(number))
    if former is not None:
        _mark(client, model, former, "Archived")


def _mark(client: "MlflowClient", model: str, number: int, stage: Stage) -> None:
    client.set_model_version_tag(model, str(number), "har.stage", stage)
    with warnings.catch_warnings():
        # MLflow means to drop its stages; while it has them, its pages show them.
        warnings.simplefilter("ignore", FutureWarning)
        client.transition_model_version_stage(model, str(number), stage)


def _require(client: "MlflowClient", decision: Decision) -> None:
    expected = {"Production": CHAMPION, "Staging": CHALLENGER}.get(decision.stage)
    held = aliases(client, decision.model)
    if expected and held.get(expected) != decision.version:
        raise VerificationError(
            f"{decision.model}: the alias {expected} did not move",
            expected=f"version {decision.version}",
            found=f"version {held.get(expected)}",
            hint="somebody else moved it at the same time; see `har registry list`",
        )

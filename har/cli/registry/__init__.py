"""``har registry``: versions, their stages, and how they got there."""

import typer

from har.cli.registry import (
    adopt,
    compare,
    moves,
    notify,
    past,
    policy,
    prune,
    score,
    shadow,
    views,
)

app = typer.Typer(
    no_args_is_help=True, help="Model versions: list, show, compare, promote, history."
)
app.command(name="list")(views.list_)
for command in (
    *(views.show, compare.compare, score.score, shadow.shadow),
    *(moves.promote, moves.approve, moves.reject, moves.rollback),
    *(past.history, policy.policy),
    *(past.reconcile, adopt.adopt, prune.prune, notify.notify),
):
    app.command()(command)

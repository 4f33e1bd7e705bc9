"""What MLflow shows and the history does not say, in one sentence with what to do."""

from collections.abc import Callable

from support import Setup, opened, promote, registry_command

from har.registry.history.trail import Trail
from har.registry.moves.disagreement import disagreement
from har.registry.versions.candidate import Candidate
from har.registry.versions.registration import register


def test_what_buttons_did_is_said(local: Setup, make_candidate: Callable[..., Candidate]) -> None:
    """Aliases, tags and versions that are gone; what began and did not end is another matter."""
    registry = opened(local)
    promote(register(registry, make_candidate("svm", errors=2)), local, reason="first")
    register(registry, make_candidate("encoder-small", errors=0))
    assert disagreement(registry, Trail(registry).events) is None
    registry.writer.set_registered_model_alias("har", "champion", "2")
    registry.writer.set_model_version_tag("har", "2", "har.stage", "Production")
    said = (
        "MLflow does not show what the history says (alias champion: 2, by the history 1; "
        "tag har.stage of version 2: Production, by the history None): see `har registry "
        "reconcile`, then settle it with --adopt or --revert."
    )
    assert disagreement(registry, Trail(registry).events) == said
    for command in (("list",), ("show", "1")):
        shown = registry_command(local, *command)
        assert shown.exit_code == 0
        assert said in shown.stderr
    registry.writer.delete_model_version("har", "1")
    text = disagreement(registry, Trail(registry).events)
    assert text is not None
    assert "version 1: deleted in MLflow, by the history champion" in text
    begun = next(event for event in Trail(registry).events if event.event == "move")
    events = Trail(registry).events
    interrupted = disagreement(registry, events[: events.index(begun) + 1])
    assert interrupted is not None
    assert "has not ended" in interrupted

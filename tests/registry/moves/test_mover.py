"""Moves that are killed at every write, raced, cut off, and meddled with."""

import contextlib
import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import support
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from support import WITH_SETUP, Setup, opened, promote

from har.config import RegistrySettings
from har.errors import ConflictError, MissingError, VerificationError
from har.registry.gate.approval import approve
from har.registry.handle import Registry
from har.registry.history import stages
from har.registry.history.events import GateDecided, MoveBegun, RequestRejected
from har.registry.history.placement import pending, placement, unfinished
from har.registry.history.stages import Placement
from har.registry.history.trail import Trail
from har.registry.moves import mover as moves
from har.registry.moves.mover import Mover
from har.registry.moves.observation import Observed, observe
from har.registry.moves.rollback import rollback
from har.registry.versions.lookup import find, list_versions
from har.registry.versions.registration import register

# Forks a child for each line of "<act> <number>", which dies before its number-th write.
KILLED = (
    WITH_SETUP
    + """
import json, os, sys
from har.registry.gate.approval import approve
from har.registry.gate.promotion import promote
from har.registry.handle import Registry
from har.registry.moves.rollback import rollback

ana, ben = (Setup.model_validate(person) for person in json.loads(sys.argv[1]))
bounds = {"gate": ana.gate, "export": ana.export, "intervals": ana.intervals}

def opened(person):
    return Registry.open(person.environment)

ACTS = {
    "ask": lambda: promote(opened(ana), "2", **bounds, reason="better", rejudge=True),
    "approve": lambda: approve(opened(ben), "2", reason="seen"),
    "rollback": lambda: rollback(opened(ana), "1", reason="back"),
}

for line in sys.stdin:
    act, number = line.split()
    if (child := os.fork()) == 0:
        die_before(int(number))
        ACTS[act]()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
)
BEFORE = Placement({"champion": 1}, {1: "Production"})
AFTER = Placement({"champion": 2, "previous": 1}, {1: "Archived", 2: "Production"})


def where_it_stands(settings: Setup) -> Placement:
    """Return where versions stand by alias, tag and MLflow's own stage, which must agree."""
    found = observe(opened(settings))
    assert found.tags == found.native
    return Placement(found.aliases, {v: s for v, s in found.tags.items() if s != "None"})


def person(name: str, settings: Setup) -> Setup:
    """Return the settings of somebody whose promotions another person approves."""
    registry = settings.registry.model_copy(update={"identity": name})
    gate = settings.gate.model_copy(update={"approval": "replacing"})
    return settings.model_copy(update={"registry": registry, "gate": gate})


def test_killed_at_every_write(rivals: Setup) -> None:
    """Whichever write of an act is the first that is lost: the next call makes the state whole."""
    ana, ben = person("ana", rivals), person("ben", rivals)
    begin = Placement({"champion": 1, "previous": 2}, {1: "Production", 2: "Archived"})
    asked = Placement({**begin.aliases, "challenger": 2}, {1: "Production", 2: "Staging"})
    acts: list[tuple[str, Placement, Callable[[], object]]] = [
        ("ask", asked, lambda: promote(find(opened(ana), "2"), ana, reason="better", rejudge=True)),
        ("approve", AFTER, lambda: approve(opened(ben), "2", reason="seen")),
        ("rollback", begin, lambda: rollback(opened(ana), "1", reason="back")),
    ]
    for _, _, act in acts:
        act()
    argument = json.dumps([person.model_dump(mode="json") for person in (ana, ben)])
    halfway, n_writes = 0, dict.fromkeys(("ask", "approve", "rollback"), 0)
    with subprocess.Popen(
        [sys.executable, "-c", support.DIE_BEFORE + KILLED, argument],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killer:
        assert killer.stdin is not None
        assert killer.stdout is not None
        before = begin
        for number, (name, after, act) in itertools.product(range(11), acts):
            judged = n_judgements(ana)
            print(name, number, file=killer.stdin, flush=True)
            killed = int(killer.stdout.readline()) == -signal.SIGKILL
            n_writes[name] += killed
            found = observe(opened(ana))
            assert "champion" in found.aliases
            halfway += found.tags != found.native
            settled = Mover(opened(ana)).recover()
            assert settled in (before, after)
            assert where_it_stands(ana) == settled
            if settled != after or (name == "ask" and not waits(ana)):
                act()
            assert where_it_stands(ana) == after
            assert placement(Trail(opened(ana)).events) == after
            assert n_judgements(ana) == judged + (name == "ask")
            before = after
        killer.stdin.close()
    assert n_writes == {"ask": 10, "approve": 9, "rollback": 8}
    assert halfway == 5  # kills between a tag and a stage, or the test tests nothing


def n_judgements(settings: Setup) -> int:
    """Return how many judgements the history has; each can be read, and the last one is shown."""
    registry = opened(settings)
    judged = [e for e in Trail(registry).events if isinstance(e, GateDecided)]
    shown = find(registry, "2").gate
    assert shown is not None
    assert shown.audit == judged[-1].sha256
    return len(judged)


def waits(settings: Setup) -> bool:
    """Whether a version waits for approval."""
    return bool(pending(Trail(opened(settings)).events))


STAGED = Placement({"champion": 1, "challenger": 2}, {1: "Production", 2: "Staging"})

RACER = (
    WITH_SETUP
    + """
import sys
from har.errors import ConflictError
from har.registry.gate.promotion import promote
from har.registry.handle import Registry

settings = Setup.model_validate_json(sys.argv[1])
bounds = {"gate": settings.gate, "export": settings.export, "intervals": settings.intervals}
registry = Registry.open(settings.environment)
registry.client
print("ready", flush=True)
sys.stdin.readline()
try:
    promote(registry, sys.argv[2], **bounds, reason="race", rejudge=True)
except ConflictError as error:
    print(error)
    sys.exit(error.exit_code)
"""
)


def test_race(settings: Setup, make_candidate, tmp_path: Path) -> None:
    """Of two promotions at the same time on two machines one wins; the other is refused."""
    promote(
        register(opened(settings), make_candidate("svm", errors=3)),
        settings,
        reason="first",
    )
    for errors in (1, 0):
        register(opened(settings), make_candidate("encoder-small", errors=errors))

    def start(number: int) -> subprocess.Popen[str]:
        registry = settings.registry.model_copy(update={"audit": tmp_path / f"{number}.jsonl"})
        own = settings.model_copy(update={"registry": registry}).model_dump_json()
        return subprocess.Popen(
            [sys.executable, "-c", RACER, own, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    racers = [start(2), start(3)]
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda racer: racer.communicate("go\n")[0], racers))
    codes = [racer.returncode for racer in racers]
    assert sorted(codes) == [0, ConflictError.exit_code], said
    winner = 2 + codes.index(0)
    assert find(opened(settings), "champion").number == winner
    assert where_it_stands(settings).stages[winner] == "Production"
    refused = said[1 - codes.index(0)]
    assert "try again" in refused


def begun_elsewhere(now: Placement) -> MoveBegun:
    """Return a move to Staging that a process of another machine began."""
    return MoveBegun(
        kind="staging",
        version=2,
        reason="",
        change=stages.Change.between(now, stages.move(now, 2, "Staging")),
        by="ana",
        host="elsewhere",
        pid=1,
    )


def test_move_of_a_living_process(rivals: Setup) -> None:
    """While another process may be at work on a move, nobody touches it."""
    mover = Mover(opened(rivals))
    now = mover.recover()
    mover.trail.append(begun_elsewhere(now))
    with pytest.raises(ConflictError, match="a staging of version 2 is under way"):
        promote(find(opened(rivals), "2"), rivals, reason="me too", rejudge=True)
    with pytest.raises(ConflictError, match="is under way"):
        mover.record(RequestRejected(version=2, reason="no", request=""))


def test_move_during_a_look(rivals: Setup, monkeypatch) -> None:
    """Who reads the registry while somebody moves a version is not told of a moved alias."""
    mover = Mover(opened(rivals))

    def slow(registry: Registry) -> Observed:
        monkeypatch.setattr(moves, "observe", observe)
        promote(find(opened(rivals), "2"), rivals, reason="fast")
        return observe(registry)

    monkeypatch.setattr(moves, "observe", slow)
    with pytest.raises(ConflictError, match="somebody is moving a version"):
        mover.recover()
    assert mover.recover() == AFTER


def test_move_of_a_silent_process(rivals: Setup, monkeypatch) -> None:
    """After its lease a move of an unknown process is completed by the next call."""
    mover = Mover(opened(rivals))
    now = mover.recover()
    mover.trail.append(begun_elsewhere(now))
    monkeypatch.setattr(moves, "LEASE_S", -1.0)
    assert Mover(opened(rivals)).recover() == STAGED == where_it_stands(rivals)


def test_server_goes_away(local: Setup, make_candidate, tmp_path: Path, monkeypatch) -> None:
    """A server that dies between two writes loses nothing: what was recorded is completed."""
    running, database = contextlib.ExitStack(), contextlib.ExitStack()
    place = (database.enter_context(support.database(tmp_path)), tmp_path / "artifacts")
    uri = running.enter_context(support.mlflow_server(*place))
    settings = local.model_copy(update={"registry": RegistrySettings(tracking_uri=uri)})
    promote(
        register(opened(settings), make_candidate("svm", errors=2)),
        settings,
        reason="first",
    )
    second = register(opened(settings), make_candidate("encoder-small", errors=0))

    def die(mover: Mover, version: int, stage: stages.Stage) -> None:
        running.close()

    with monkeypatch.context() as patch:
        patch.setattr(Mover, "_set_stage", die)
        with pytest.raises(MissingError, match="in the middle of a staging"):
            promote(second, settings, reason="better")
    port = int(uri.rpartition(":")[2])
    with database, support.mlflow_server(*place, port=port):
        monkeypatch.setattr(moves, "LEASE_S", -1.0)
        assert Mover(opened(settings)).recover() == STAGED == where_it_stands(settings)
        promote(find(opened(settings), "2"), settings, reason="again")
        assert where_it_stands(settings) == AFTER


def test_move_that_is_taken_back(rivals: Setup, monkeypatch) -> None:
    """A move that was cut off can be undone: everything is where it was."""
    mover = Mover(opened(rivals))
    now = mover.recover()
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "transition_model_version_stage", cut_off)
        with pytest.raises(MissingError, match="in the middle of a staging"):
            change = stages.Change.between(now, stages.move(now, 2, "Staging"))
            mover.execute("staging", 2, change, reason="try")
    begun = unfinished(mover.trail.events)
    assert begun is not None
    assert where_aliases(rivals) == {"champion": 1, "challenger": 2}
    mover.finish(begun, undo=True)
    assert where_it_stands(rivals) == BEFORE == mover.recover()


def cut_off(*_: object, **__: object) -> None:
    """Fail like a server that went away."""
    raise MlflowException("connection refused")


def where_aliases(settings: Setup) -> dict[str, int]:
    """Return the aliases that the registry has now."""
    return observe(opened(settings)).aliases


def by_alias(client: MlflowClient, model: str) -> None:
    """Move the champion by hand, as in a notebook."""
    client.set_registered_model_alias(model, "champion", "2")


def by_stage(client: MlflowClient, model: str) -> None:
    """Move a stage by hand, as in MLflow's pages of before."""
    client.transition_model_version_stage(model, "2", "Production")


def by_tag(client: MlflowClient, model: str) -> None:
    """Overwrite the tag."""
    client.set_model_version_tag(model, "2", "har.stage", "Production")


def by_capital(client: MlflowClient, model: str) -> None:
    """Set an alias that differs in letter case alone."""
    client.set_registered_model_alias(model, "Champion", "2")


@pytest.mark.filterwarnings("ignore:.*stage.*:FutureWarning")
@pytest.mark.parametrize("meddle", [by_alias, by_stage, by_tag, by_capital])
def test_moved_by_hand(rivals: Setup, meddle) -> None:
    """What somebody moved without the history is found before anything else moves."""
    meddle(opened(rivals).client, rivals.registry.model)
    with pytest.raises(VerificationError, match="not as its history says"):
        promote(find(opened(rivals), "2"), rivals, reason="better", rejudge=True)
    assert len(list_versions(opened(rivals))) == 2


def test_alias_is_read_back(rivals: Setup, monkeypatch) -> None:
    """A registry that does not keep what was written is found out, and nothing counts as done."""
    monkeypatch.setattr(Mover, "_set_alias", lambda *_: None)
    with pytest.raises(VerificationError, match="did not keep what was written"):
        promote(find(opened(rivals), "2"), rivals, reason="better")
    assert placement(Trail(opened(rivals)).events) == BEFORE

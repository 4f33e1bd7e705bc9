"""Races and kills at random moments: whatever happens, registry and history tell one truth.

A short form of it is a test. ``scripts/drill_registry.py`` runs the long one, on sqlite and on
PostgreSQL behind a server, and prints what it found.
"""

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import Setup, opened

from har.lineage import digest
from har.registry.history.events import Event, GateDecided, MoveBegun, MoveCompleted
from har.registry.history.placement import placement, unfinished
from har.registry.history.trail import Trail
from har.registry.moves.observation import differences, observe
from har.registry.versions import judgement
from har.registry.versions.lookup import list_versions
from har.registry.versions.registration import register

# How many races and kills, where somebody wants more than the short form.
WANTED = os.environ.get("DRILL", "2,4")
SHORT = "DRILL" not in os.environ

# Forks a process for each command of a line, loaded and waiting, and lets them go at once; one
# may be killed after so many seconds. Answers with their exit codes and how long it took.
STABLE = """
import json, os, select, signal, sys, time
import har.registry.gate.promotion, har.registry.moves.rollback, har.registry.moves.reconcile
import mlflow.store.tracking.sqlalchemy_store, mlflow.store.model_registry.sqlalchemy_store
from har.cli import main

def begin(words, log):
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.close(write)
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
        os.dup2(1, 2)
        sys.argv = ["har", *words]
        os.read(read, 1)
        try:
            main()
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(int(end.code or 0))
        sys.stdout.flush()
        os._exit(0)
    os.close(read)
    return child, write

for line in sys.stdin:
    order = json.loads(line)
    begun = [begin(words, order["log"]) for words in order["commands"]]
    since = time.monotonic()
    for _, write in begun:
        os.close(write)
    if order["kill_after_s"] is not None:
        time.sleep(order["kill_after_s"])
        for child, _ in begun:
            os.kill(child, signal.SIGKILL)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child, _ in begun]
    print(json.dumps([codes, time.monotonic() - since]), flush=True)
"""


@dataclass
class Drill:
    """A registry of three versions that replace each other, and what came of racing and killing.

    Attributes
    ----------
    settings : Setup
        Of the registry.
    stable : Popen
        Forks the commands.
    chance : Random
        Who races, who is killed and when.
    found : Counter
        What happened, in words.
    duration_s : dict of str to float
        How long each command took when it was last let run alone.
    """

    settings: Setup
    stable: "subprocess.Popen[str]"
    chance: random.Random
    found: Counter[str] = field(default_factory=Counter)
    duration_s: dict[str, float] = field(default_factory=dict)

    def har(self, *commands: str, kill_after_s: float | None = None) -> list[int]:
        """Run commands at once, as processes of their own; return their exit codes."""
        assert self.stable.stdin is not None
        assert self.stable.stdout is not None
        words = [command.split() for command in commands]
        order = {"commands": words, "log": "drill.log", "kill_after_s": kill_after_s}
        print(json.dumps(order), file=self.stable.stdin, flush=True)
        codes, seconds = json.loads(self.stable.stdout.readline())
        if kill_after_s is None and len(commands) == 1:
            self.duration_s[words[0][1]] = seconds
        return list(codes)

    @property
    def events(self) -> tuple[Event, ...]:
        """The history, whose chain is verified as it is read, against the copy too."""
        return Trail(opened(self.settings)).events

    def another(self) -> int:
        """Return a version that is not the champion."""
        return self.chance.choice([v for v in (1, 2, 3) if v != self.champion])

    @property
    def champion(self) -> int:
        """The champion by the alias."""
        return observe(opened(self.settings)).aliases["champion"]

    def race(self) -> None:
        """Let two promotions go at once, or a promotion and a rollback; both are over then."""
        one = self.another()
        rest = next(v for v in (1, 2, 3) if v not in (one, self.champion))
        rivals = [f"registry {act} {rest} --reason race" for act in ("promote", "rollback")]
        before = len(self.events)
        codes = self.har(f"registry promote {one} --reason race", self.chance.choice(rivals))
        assert set(codes) <= {0, 2, 4}, (codes, Path("drill.log").read_text()[-3000:])
        assert 0 in codes
        moves = changes(self.events[before:])
        assert moves == codes.count(0)
        self.found[f"races: {codes.count(0)} won, {2 - codes.count(0)} refused"] += 1
        self.check()

    def kill(self) -> None:
        """Kill a command at a random moment; `reconcile`, and say it again."""
        target = self.another()
        command = f"registry promote {target} --reason kill"
        if self.chance.random() < 0.3:
            command = f"registry rollback {target} --reason kill"
        before = len(self.events)
        # Half of them late, when a command that has read begins to write.
        least, most = self.chance.choice([(0, 1), (0.6, 1.1)])
        moment = self.chance.uniform(least, most) * self.duration_s[command.split()[1]]
        (code,) = self.har(command, kill_after_s=moment)
        assert code in (0, -signal.SIGKILL)
        last = self.events[before:][-1].label if len(self.events) > before else "nothing"
        ended = "ended before it" if code == 0 else f"the last event was {last}"
        self.found[f"kills of a {command.split()[1]}: {ended}"] += 1
        assert self.har("registry reconcile") == [0], Path("drill.log").read_text()[-3000:]
        self.check()
        done = changes(self.events[before:])
        if not done:
            assert self.har(command) == [0], Path("drill.log").read_text()[-3000:]
            self.check()
        new = self.events[before:]
        assert changes(new) == 1
        assert n_judged(new) == ("promote" in command)

    def check(self) -> None:
        """Look whether there is one truth."""
        registry, events = opened(self.settings), self.events
        now, observed = placement(events), observe(registry)
        assert unfinished(events) is None
        assert differences(now, events, observed) == []
        assert [v for v, stage in observed.native.items() if stage == "Production"] == [
            observed.aliases["champion"]
        ]
        assert judged_twice(events) == []
        for version in list_versions(registry):
            event = judgement.last_judgement(events, version.number)
            assert (version.gate and version.gate.audit) == (event and event.sha256)


def changes(events: Sequence[Event]) -> int:
    """Return how many times the champion changed."""
    pairs = itertools.pairwise(events)
    return sum(
        isinstance(move, MoveBegun) and isinstance(end, MoveCompleted) and move.changes_champion
        for move, end in pairs
    )


def n_judged(events: Sequence[Event]) -> int:
    """Return how many judgements there are."""
    return sum(isinstance(event, GateDecided) for event in events)


def judged_twice(events: Sequence[Event]) -> list[int]:
    """Return versions that were judged again although the champion had not changed."""
    since: dict[int, int] = {}
    twice = []
    for position, event in enumerate(events):
        if not isinstance(event, GateDecided):
            continue
        number = event.version
        assert number is not None
        if number in since and not changes(events[since[number] : position]):
            twice.append(number)
        since[number] = position
    return twice


@pytest.fixture(params=["local"] if SHORT else ["local", "server"])
def drill(request: pytest.FixtureRequest, local: Setup, make_candidate) -> Iterator[Drill]:
    """Make a registry of three versions, each of which has served."""
    variables = {
        "HAR_GATE__MARGIN": "1",  # each may replace each
        "HAR_GATE__APPROVAL": "never",
        "HAR_GATE__MAX_ECE": "0.3",
        "HAR_INTERVALS__BOOTSTRAP": "100",
        "HAR_EXPORT__LATENCY_REPEATS": "20",
    }
    settings = local
    if request.param == "server":
        uri = request.getfixturevalue("server")
        name = "drill-" + digest.of_json(str(local.store))[:8]
        variables |= {"MLFLOW_TRACKING_URI": uri, "HAR_REGISTRY__MODEL": name}
        settings = Setup(store=local.store, registry={"tracking_uri": uri, "model": name})
    for errors in (0, 1, 2):
        register(opened(settings), make_candidate("svm", errors=errors))
    with subprocess.Popen(
        [sys.executable, "-c", STABLE],
        env={**os.environ, **variables, "HAR_STORE": str(local.store)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as stable:
        assert stable.stdin is not None
        made = Drill(settings, stable, random.Random(0))
        for number in (1, 2, 3):  # so that there is a way back to each
            assert made.har(f"registry promote {number} --reason begin") == [0]
        assert made.har("registry rollback 1 --reason begin") == [0]
        yield made
        stable.stdin.close()


def test_one_truth(drill: Drill, capsys: pytest.CaptureFixture[str]) -> None:
    """After every race and every kill, history, aliases, tags and stages say the same."""
    races, kills = map(int, WANTED.split(","))
    begun = time.monotonic()
    try:
        for _ in range(races):
            drill.race()
        for _ in range(kills):
            drill.kill()
    finally:
        with contextlib.nullcontext() if SHORT else capsys.disabled():
            backend = "a server" if drill.settings.registry.tracking_uri else "sqlite"
            print(f"\nOn {backend}, {time.monotonic() - begun:.0f} s:")
            for what, n in sorted(drill.found.items()):
                print(f"  {n:3} {what}")
            events = drill.events
            print(f"  {len(events)} events, {n_judged(events)} judgements, chain verified")
    assert drill.found.total() == races + kills

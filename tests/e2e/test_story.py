"""The life of a registry, as its people live it: on sqlite, and on PostgreSQL behind a server.

Every step is a command of theirs, on made people; what is killed and what races are
processes. At the end MLflow itself says the same as `har`.
"""

import contextlib
import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from support import DIE_BEFORE, MAIN, Project, mlflow_server, postgresql, postgresql_programs

FIRST = (
    "--set=candidates=['logistic']",
    *("--set=models.logistic.copies=0", "--set=models.logistic.coherence=false"),
)
MODELS = {
    "first": (*FIRST, "--set=models.logistic.c_grid=[1e-4]"),
    "better": ("--set=candidates=['svm']",),
    "worse": (*FIRST, "--set=models.logistic.c_grid=[1e-5]"),
    "worst": (*FIRST, "--set=models.logistic.c_grid=[1e-6]"),
}
RULES = {
    "HAR_GATE__ROBUSTNESS": '{"gain -5 %": 0.03}',
    "HAR_GATE__MIN_SHADOW_WINDOWS": "100",
}
KILLED = f"{DIE_BEFORE}\nimport sys\ndie_before(int(sys.argv.pop(1)))\n{MAIN}"
WAITING = f"""
import sys
import mlflow
import har.registry.gate.promotion

print("ready", flush=True)
sys.stdin.readline()
{MAIN}
"""


@pytest.fixture(params=["sqlite", "server"])
def ana(
    request: pytest.FixtureRequest, people: Project, prefect: None, tmp_path: Path
) -> Iterator[Project]:
    """Let Ana work in a project of her own."""
    env = {**RULES, "HAR_STORE": str(people.folder / "data" / "store")}
    with contextlib.ExitStack() as running:
        if request.param == "server":
            programs = postgresql_programs()
            if programs is None:
                pytest.skip("PostgreSQL is not installed")
            database = running.enter_context(postgresql(programs))
            server = mlflow_server(database, tmp_path / "artifacts")
            env["MLFLOW_TRACKING_URI"] = running.enter_context(server)
        yield Project(tmp_path, {**env, "HAR_REGISTRY__IDENTITY": "ana"})


def test_story(ana: Project) -> None:
    """From the first model to the question of what was live when."""
    ben = replace(ana, env={**ana.env, "HAR_REGISTRY__IDENTITY": "ben"})
    moments = [now()]

    # 1. The first model bears a sensor that reads too little badly: the gate refuses it.
    (first,) = run(ana, "first")
    assert (first["version"], first["stage"], first["verdict"]) == (1, "Staging", "refused")
    assert first["reason"].startswith("loss if gain -5 %")

    # 2. It is waived, by name and with a reason, so it is the first champion.
    waiver = "--waive=loss if gain -5 %=the phones of the pilot are calibrated"
    ok(ana, "registry promote 1 --reason pilot", waiver)
    assert stages(ana) == {1: "Production"}
    moments.append(now())

    # 3. A better one was never seen beside the champion.
    (better,) = run(ana, "better")
    assert (better["version"], better["stage"]) == (2, "Staging")
    assert better["reason"] == "scored on 0 of 100 windows beside version 1"

    # 4. Its shadow: the same recordings, answered by both.
    ok(ana, "data export people-2-s2-day -o walk.csv")
    shadow = ana.json("registry", "shadow", "2", "walk.csv", "--reason", "before it serves")
    assert shadow["overall"]["windows"] >= 100
    assert shadow["overall"]["agreement"] < 1

    # 5. Now it passes, and waits for somebody else than Ana.
    asked = ok(ana, "registry promote 2 --reason better")
    assert "It waits for approval: har registry approve 2" in asked
    refused(ana, "registry approve 2 --reason mine", 4, "nobody approves their own request")
    assert stages(ana) == {1: "Production", 2: "Staging"}

    # 6. Ben looks at both. His name alone makes him nobody else on Ana's account: the policy has
    # to say that it may, and that waits for somebody else too.
    page = ana.folder / "comparison.html"
    compared = ok(ben, f"registry compare 2 champion --html {page} --own walk.csv --yes")
    assert "is better than" in compared
    assert all(said in page.read_text() for said in ("ana asked for version 2", "Your files"))
    versions = ("--version", "1", "--version", "2", "--raw")
    mine = ana.json("registry", "score", "walk.csv", "--yes", *versions)
    worse_f1, better_f1 = (one["scores"]["overall"]["macro_f1"] for one in mine["versions"])
    assert better_f1 >= worse_f1
    assert mine["against"][0]["disagreements"]
    refused(ben, "registry approve 2 --reason seen", 4, "a request of their own account")
    asked = ok(ana, "registry policy --set gate.shared_account=true --reason one-machine")
    assert "It waits for somebody else: shared_account: True instead of False" in asked
    ok(ben, "registry policy --approve --allow-self-approval --reason one-machine")
    ok(ben, "registry approve 2 --reason seen")
    assert "asked by ana, same account" in " ".join(ok(ben, "registry history").split())
    assert stages(ana) == {1: "Archived", 2: "Production"}
    moments.append(now())

    shown = ok(ana, "registry show 2")
    for told in ("asked for by +ana: better", "approved by +ben: seen", "waived +nothing"):
        assert re.search(told, shown), told

    # 7. A worse one is refused.
    (worse,) = run(ana, "worse")
    assert (worse["version"], worse["verdict"], worse["stage"]) == (3, "refused", "Staging")
    assert "not better than version 2 beyond noise" in worse["reason"]
    bent = "--set gate.max_megabytes=20"
    refused(ana, f"registry promote 3 --reason please {bent}", 4, "version 3 was refused")
    judged = [e for e in ana.json("registry", "history") if e["event"] == "gate"]
    assert [e["bent"] for e in judged][-2:] == [[], ["max_megabytes: 20 instead of 25"]]

    (worst,) = run(ana, "worst")
    assert (worst["version"], worst["verdict"], worst["stage"]) == (4, "refused", "None")
    assert "Version 3 stays challenger" in " ".join(ok(ana, "registry show 4").split())

    # 8. Somebody makes it the champion in a notebook: that is found, and put back.
    client(ana).set_registered_model_alias("har", "champion", "3")
    assert "alias champion: 3, by the history 2" in ana.har("registry", "list").stderr
    assert ana.json("predict", "walk.csv")["version"] == 2
    refused(ben, "registry rollback --reason odd", 5, "not as its history says")
    refused(ben, "registry reconcile", 5, "registry and history disagree")
    ok(ben, "registry reconcile --revert --reason notebook")
    assert alias(ana, "champion") == 2

    # 9. A rollback is killed in the middle: `previous` moved, the champion did not.
    killed = ana.start("2", *["registry", "rollback", "--reason", "stairs"], program=KILLED)
    assert ana.end_of(killed).returncode == -signal.SIGKILL
    assert (alias(ana, "champion"), alias(ana, "previous")) == (2, 2)
    said = ok(ben, "registry reconcile")
    assert "Interrupted: rollback of version 1, begun by ana" in said
    assert "completed" in said
    assert stages(ana) == {1: "Production", 2: "Archived", 3: "Staging"}
    moments.append(now())

    # 10. Ana archives the worse one while Ben withdraws it: one of them is told no.
    archive = ["registry", "promote", "3", "--to", "archived", "--reason", "a"]
    withdraw = ["registry", "promote", "3", "--to", "none", "--reason", "b"]
    codes = race(ana.start(*archive, program=WAITING), ben.start(*withdraw, program=WAITING))
    assert codes[0] == 0
    assert codes[1] in (2, 4)  # too late for that move, or overtaken

    # 11. The better one comes back, with its files verified.
    ok(ben, "registry rollback 2 --reason mended")
    assert (alias(ana, "champion"), alias(ana, "previous")) == (2, 1)
    moments.append(now())
    refused(ana, "registry rollback --reason again", 2, "that nobody rolled back from")

    # 12. What was live at each of those moments, and who put it there?
    reigns = [ana.json("registry", "history", "--at", at)["reign"] for at in moments]
    assert reigns.pop(0) is None
    keys = ("version", "kind", "by", "reason", "replaced")
    assert [tuple(reign[key] for key in keys) for reign in reigns] == [
        (1, "promotion", "ana", "pilot", None),
        (2, "promotion", "ben", "better", 1),
        (1, "rollback", "ana", "stairs", 2),
        (2, "rollback", "ben", "mended", 1),
    ]

    # 13. Nothing may go; and the history is whole.
    kept = ana.json("registry", "prune", "--reason", "tidy", "--dry-run")
    assert (kept["versions"], sorted(kept["kept"])) == ([], ["1", "2", "3", "4"])
    events = [event["event"] for event in ana.json("registry", "history")]
    assert events.count("gate") == 7
    assert events.count("shadow") == events.count("request") == 1
    assert events.count("move") == events.count("moved")

    agrees_with_mlflow(ana)

    # 14. Somebody deletes the champion in MLflow's page: that is told, and settled.
    client(ana).delete_model_version("har", "2")
    assert "version 2: deleted in MLflow" in ana.har("registry", "list").stderr
    refused(ben, "registry reconcile", 5, "registry and history disagree")
    ok(ben, "registry reconcile --adopt --reason deleted")
    assert "champion" not in ok(ana, "registry list")

    # 15. And then the model: the next version 1 inherits nothing of the first.
    client(ana).delete_registered_model("har")
    assert ana.har("run", "--reason=anew", *MODELS["first"]).returncode == 5
    ok(ben, "registry reconcile --adopt --reason anew")
    refused(ana, "registry promote 1 --reason anew", 4, "version 1 was refused")
    refused(ana, "registry rollback 1 --reason anew", 2, "version 1 never served")


def run(who: Project, model: str) -> list[dict[str, object]]:
    """Run the main job for one model; return its versions."""
    done = who.har("run", "--json", f"--reason={model}", *MODELS[model])
    assert done.returncode == 0, done.stderr
    versions: list[dict[str, object]] = json.loads(done.stdout)["versions"]
    return versions


def ok(who: Project, command: str, *more: str) -> str:
    """Run a command that succeeds; return what it printed."""
    done = who.har(*command.split(), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(who: Project, command: str, code: int, message: str) -> None:
    """Run a command that ends with a code and one error."""
    done = who.har(*command.split())
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def now() -> str:
    """Return the moment as people type it, in the time of this machine."""
    return f"{datetime.now():%Y-%m-%d %H:%M:%S}"


def stages(who: Project) -> dict[int, str]:
    """Return the stage of every version that has one."""
    listed = who.json("registry", "list")
    return {v["number"]: v["stage"] for v in reversed(listed) if v["stage"] != "None"}


def client(who: Project) -> MlflowClient:
    """Return MLflow's own client, as a notebook has it."""
    uri = who.env.get("MLFLOW_TRACKING_URI", f"sqlite:///{who.folder}/mlruns/mlflow.db")
    return MlflowClient(uri, uri)


def alias(who: Project, name: str) -> int:
    """Return the version that MLflow knows by an alias."""
    return int(client(who).get_model_version_by_alias("har", name).version)


def race(*racers: "subprocess.Popen[str]") -> list[int]:
    """Let commands that are loaded go at the same time; return their codes, least first."""
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()
    for racer in racers:
        assert racer.stdin is not None
        print("go", file=racer.stdin, flush=True)
    return sorted(Project.end_of(racer).returncode for racer in racers)


def agrees_with_mlflow(who: Project) -> None:
    """Compare `har` with MLflow's client, its addresses of models, and its page of each version."""
    own = {v["number"]: v for v in who.json("registry", "list")}
    theirs = client(who)
    aliases = {name: int(n) for name, n in theirs.get_registered_model("har").aliases.items()}
    assert aliases == {name: n for n, version in own.items() for name in version["aliases"]}
    for number, version in own.items():
        found = theirs.get_model_version("har", str(number))
        assert found.current_stage == found.tags["har.stage"] == version["stage"]
    mlflow.set_tracking_uri(theirs.tracking_uri)
    served = [
        mlflow.pyfunc.load_model(uri).metadata.metadata["lineage_digest"]
        for uri in ("models:/har@champion", "models:/har/Production")
    ]
    mlflow.set_tracking_uri(None)
    assert served == [own[2]["tags"]["har.lineage_digest"]] * 2
    if browser := shutil.which("chromium"):
        for number, version in own.items():
            shows(browser, version["url"], number, version)


def shows(browser: str, url: str | None, number: int, version: dict[str, object]) -> None:
    """Look at MLflow's page of a version, where a server shows one."""
    if url is None:
        return
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000"]
    page = subprocess.run(
        [browser, *options, "--dump-dom", url], capture_output=True, text=True, check=True
    ).stdout
    assert f"Version {number}" in page
    assert f">{version['stage']}<" in page
    for name in version["aliases"]:  # type: ignore[attr-defined]
        assert name in page

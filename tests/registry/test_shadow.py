"""A challenger beside the champion: numbers, record, and what the gate makes of it."""

import json
import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
from support import Setup, opened, promote, registry_command

from har.data.recording import CHANNELS
from har.errors import ConflictError, DataError, MissingError, UsageError
from har.lineage import digest
from har.lineage.origin import processor
from har.registry import shadow as module
from har.registry.gate import approval
from har.registry.history.events import MoveBegun, RequestRejected
from har.registry.history.placement import shadow_windows
from har.registry.history.stages import Change
from har.registry.history.trail import MAX_LINE, Trail
from har.registry.moves.mover import Mover
from har.registry.shadow import shadow
from har.registry.versions.files import fetch
from har.registry.versions.lookup import find
from har.registry.versions.registration import register

CLASSES = ("WALKING", "SITTING", "LAYING")
LENGTH, N_SAMPLES, N_HOP = 1000, 128, 64
WINDOWS = (LENGTH - N_SAMPLES) // N_HOP + 1
# Scores where neither torch nor what it was trained with can be imported.
BARE = """
import sys
for name in ("torch", "transformers", "optimum", "sklearn", "prefect"):
    sys.modules[name] = None
from pathlib import Path
from har.config import Environment, ExportSettings
from har.registry.handle import Registry
from har.registry.shadow import shadow

registry = Registry.open(Environment.model_validate_json(sys.argv[1]))
report = shadow(registry, "2", [Path(sys.argv[2])], export=ExportSettings(), reason="look")
print(report.overall.windows)
"""
local_only = pytest.mark.parametrize("settings", ["local"], indirect=True)


def record(path: Path, *, seed: int, subject: str | None = None) -> Path:
    """Write 20 s of a phone that is turned now and then."""
    rng = np.random.default_rng(seed)
    turns = rng.normal(size=(LENGTH // 100, 3))
    gravity = 9.8 * turns / np.linalg.norm(turns, axis=1, keepdims=True)
    values = np.hstack([np.repeat(gravity, 100, axis=0), np.zeros((LENGTH, 3))])
    values += rng.normal(0, 0.5, values.shape)
    table = pd.DataFrame(values.astype(np.float32), columns=list(CHANNELS))
    table.insert(0, "time_s", np.arange(LENGTH) / 50)
    if subject:
        table["subject_id"] = subject
    table.to_csv(path, index=False)
    return path


def answers(path: Path, selector: str, settings: Setup) -> list[str]:
    """Return what a version says of a file, by onnxruntime and numpy alone."""
    values = pd.read_csv(path)[list(CHANNELS)].to_numpy(np.float32)
    windows = np.stack([values[i * N_HOP : i * N_HOP + N_SAMPLES] for i in range(WINDOWS)])
    session = ort.InferenceSession(fetch(opened(settings), find(opened(settings), selector)))
    (probabilities,) = session.run(["probabilities"], {"windows": windows})
    return [CLASSES[i] for i in probabilities.argmax(1)]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Write three recordings of two people, one of whom only the file's name tells."""
    folder = tmp_path / "week-47"
    folder.mkdir()
    return [
        record(folder / "a.csv", seed=1, subject="s1"),
        record(folder / "b.csv", seed=2, subject="s1"),
        record(folder / "c.csv", seed=3),
    ]


def test_numbers(rivals: Setup, files: list[Path]) -> None:
    """Agreement is as computed by hand, overall, by activity and by subject."""
    report = shadow(opened(rivals), "2", files, export=rivals.export, reason="look")
    rows = [
        (subject, one, other)
        for path, subject in zip(files, ("s1", "s1", "c"), strict=True)
        for one, other in zip(answers(path, "1", rivals), answers(path, "2", rivals), strict=True)
    ]
    assert len(rows) == report.overall.windows == 3 * WINDOWS
    same = [one == other for _, one, other in rows]
    assert 0 < np.mean(same) < 1
    assert report.overall.agreement == pytest.approx(np.mean(same))
    for place, found in ((0, report.by_subject), (1, report.by_activity)):
        assert set(found) == {row[place] for row in rows}
        for name, part in found.items():
            said = [row[1:] for row in rows if row[place] == name]
            assert part.windows == len(said)
            assert part.agreement == pytest.approx(np.mean([one == other for one, other in said]))
            others = [other for one, other in said if one != other]
            assert not others or others.count(part.instead) == max(map(others.count, others))
        agreements = [part.agreement for part in found.values()]
        assert agreements == sorted(agreements)
    assert report.recordings == {digest.of_file(path)[:16]: WINDOWS for path in files}
    for side, number in ((report.champion, 1), (report.challenger, 2)):
        assert (side.version, side.unknown) == (number, 0)
        assert 1 / len(CLASSES) < side.probability <= 1
        assert 0 < side.latency_ms <= side.latency_p95_ms
    assert report.machine == processor()


def test_record(rivals: Setup, files: list[Path]) -> None:
    """The whole report is in the challenger's run; the history has its digest and the files."""
    report = shadow(opened(rivals), "2", files, export=rivals.export, reason="before promotion")
    event = Trail(opened(rivals)).events[-1]
    assert (event.event, event.version, event.champion) == ("shadow", 2, 1)
    assert (event.reason, event.windows) == ("before promotion", 3 * WINDOWS)
    assert event.agreement == report.overall.agreement
    assert event.recordings == report.recordings
    name = f"shadow/{report.time.replace(':', '')}.json"
    kept = opened(rivals).client.download_artifacts(find(opened(rivals), "2").run_id, name)
    content = json.loads(Path(kept).read_text())
    assert digest.of_json(content) == event.report
    assert content["by_subject"]["c"]["windows"] == WINDOWS


@local_only
def test_dry_run(rivals: Setup, files: list[Path]) -> None:
    """A dry run gives the numbers and writes nothing."""
    before = Trail(opened(rivals)).events
    report = shadow(opened(rivals), "2", files, export=rivals.export, reason="look", dry_run=True)
    assert report.overall.windows == 3 * WINDOWS
    assert Trail(opened(rivals)).events == before
    assert opened(rivals).client.list_artifacts(find(opened(rivals), "2").run_id, "shadow") == []


@local_only
def test_counted_once(rivals: Setup, files: list[Path]) -> None:
    """The same bytes count once, under another name, in one call or in several."""
    copy = files[0].with_name("z.csv")
    copy.write_bytes(files[0].read_bytes())
    report = shadow(opened(rivals), "2", [files[0], copy], export=rivals.export, reason="look")
    assert (report.overall.windows, report.repeated) == (WINDOWS, (str(copy),))
    folder = files[0].parent
    shadow(opened(rivals), "2", [folder], export=rivals.export, reason="again, and two more")
    events = Trail(opened(rivals)).events
    assert shadow_windows(events, 2, 1) == 3 * WINDOWS
    assert shadow_windows(events, 1, 2) == shadow_windows(events, 2, None) == 0


@local_only
def test_many_recordings(rivals: Setup, files: list[Path]) -> None:
    """What is too much for one event is several; all of it counts."""
    report = shadow(opened(rivals), "2", files, export=rivals.export, reason="look", dry_run=True)
    many = replace(report, recordings={f"{n:016x}": 99_999 for n in range(250)})
    mover = Mover(opened(rivals))
    module._record(mover, find(opened(rivals), "2"), many, reason="long " * 400)
    events = mover.trail.events[-3:]
    assert [event.part for event in events] == [(1, 3), (2, 3), (3, 3)]
    assert max(len(digest.canonical(event.to_dict())) for event in events) < MAX_LINE
    assert shadow_windows(mover.trail.events, 2, 1) == 250 * 99_999


@local_only
def test_bad_files(rivals: Setup, files: list[Path]) -> None:
    """A file that cannot be trusted is named with its reason, and the others are scored."""
    files[1].write_text("time_s,acc_x\n0,1\n")
    empty, short = files[0].parent / "empty", files[0].with_name("short.csv")
    empty.mkdir()
    short.write_text("".join(files[0].read_text().splitlines(keepends=True)[:100]))
    report = shadow(
        opened(rivals),
        "2",
        [*files, short, empty, Path("gone.csv")],
        export=rivals.export,
        reason="look",
    )
    assert report.overall.windows == 2 * WINDOWS
    first_lines = {Path(p).name: why.splitlines()[0] for p, why in report.rejected.items()}
    assert first_lines == {
        "b.csv": "no columns that look like acceleration",
        "short.csv": "the recording is too short for one window",
        "empty": "no tables",
        "gone.csv": "no such file or folder",
    }
    with pytest.raises(DataError, match=r"none of 2 file\(s\)(.|\n)*b\.csv: no columns that look"):
        shadow(opened(rivals), "2", [files[1], empty], export=rivals.export, reason="look")


def test_gate(rivals: Setup, files: list[Path]) -> None:
    """Below the minimum of windows a better version stays at Staging; at it, it passes."""
    gate = rivals.gate.model_copy(update={"min_shadow_windows": 2 * WINDOWS})
    strict = rivals.model_copy(update={"gate": gate})
    shadow(opened(strict), "2", files[:1], export=strict.export, reason="look")
    refused = promote(find(opened(strict), "2"), strict, reason="season", rejudge=True)
    assert refused.failures == [f"scored on {WINDOWS} of {2 * WINDOWS} windows beside version 1"]
    assert find(opened(strict), "challenger").number == 2
    shadow(opened(strict), "challenger", files[:2], export=strict.export, reason="one more")
    assert promote(find(opened(strict), "2"), strict, reason="season", rejudge=True).passed
    assert find(opened(strict), "champion").number == 2


@local_only
def test_other_windows(rivals: Setup, make_candidate, files: list[Path]) -> None:
    """Models that cut recordings differently cannot be held side by side."""
    register(opened(rivals), make_candidate("svm", errors=1, n_hop="32"))
    with pytest.raises(UsageError, match=r"different windows(.|\n)*every 64(.|\n)*every 32 at 50"):
        shadow(opened(rivals), "3", files, export=rivals.export, reason="look")


@local_only
def test_other_classes(rivals: Setup, make_candidate, files: list[Path]) -> None:
    """What counts is the activity's name, not its place among the classes."""
    turned = json.dumps(CLASSES[::-1])
    register(opened(rivals), make_candidate("svm", errors=1, classes=turned))
    report = shadow(opened(rivals), "3", files, export=rivals.export, reason="look")
    said = [name for path in files for name in answers(path, "1", rivals)]
    assert report.overall.agreement == pytest.approx(said.count(CLASSES[1]) / len(said))
    assert report.by_activity[CLASSES[0]].instead == CLASSES[2]


def test_no_rival(local: Setup, make_candidate, files: list[Path]) -> None:
    """Without a champion, or beside itself, there is nothing to score; nothing is written."""
    version = register(opened(local), make_candidate("svm"))
    with pytest.raises(MissingError, match="no champion to score version 1 beside"):
        shadow(opened(local), "1", files, export=local.export, reason="look")
    promote(version, local, reason="first")
    with pytest.raises(UsageError, match="version 1 is the champion"):
        shadow(opened(local), "champion", files, export=local.export, reason="look")
    written = {event.event for event in Trail(opened(local)).events}
    assert written == {"policy", "gate", "move", "moved"}


@local_only
def test_request_stays(rivals: Setup, files: list[Path]) -> None:
    """Who waits for approval still does after more was scored."""
    gate = rivals.gate.model_copy(update={"approval": "always"})
    asking = rivals.model_copy(update={"gate": gate})
    promote(find(opened(asking), "2"), asking, reason="season", rejudge=True)
    shadow(opened(asking), "2", files, export=asking.export, reason="while it waits")
    approval.approve(opened(asking), "2", reason="looked at", allow_self=True)
    assert find(opened(asking), "champion").number == 2


@local_only
def test_move_under_way(rivals: Setup, files: list[Path]) -> None:
    """While somebody moves a version nothing is recorded."""
    process = {"host": platform.node(), "pid": os.getpid()}
    nothing = Change(aliases={}, stages={})
    move = MoveBegun(kind="rollback", version=1, reason="slow", change=nothing, **process)
    begun = Mover(opened(rivals)).record(move)
    with pytest.raises(ConflictError, match="a rollback of version 1 is under way"):
        shadow(opened(rivals), "2", files, export=rivals.export, reason="look")
    assert Trail(opened(rivals)).events[-1] == begun


@local_only
def test_scored_while_others_write(rivals: Setup, files: list[Path], monkeypatch) -> None:
    """What others added to the history while the files were scored is no obstacle."""

    def slow_score(*args, **kwargs):
        Mover(opened(rivals)).record(RequestRejected(version=2, reason="fast", request=""))
        return score(*args, **kwargs)

    score = module.score
    monkeypatch.setattr(module, "score", slow_score)
    shadow(opened(rivals), "2", files, export=rivals.export, reason="look")
    assert [e.event for e in Trail(opened(rivals)).events[-2:]] == ["rejected", "shadow"]


@local_only
def test_without_training_libraries(rivals: Setup, files: list[Path]) -> None:
    """Scoring needs neither torch nor scikit-learn."""
    done = subprocess.run(
        [sys.executable, "-c", BARE, rivals.environment.model_dump_json(), str(files[0])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == (f"{WINDOWS}\n", 0), done.stderr


@local_only
def test_command(rivals: Setup, files: list[Path]) -> None:
    """The tables fit a narrow terminal, faults go to standard error, the history tells it."""
    files[1].write_text("time_s\n")
    command = ["shadow", "2", str(files[0].parent), "--reason", "season"]
    done = registry_command(rivals, *command)
    assert f"{2 * WINDOWS} windows of 2 recording(s): " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "b.csv: no rows" in done.stderr.replace("\n", "")
    assert isinstance(done.exception, DataError)
    as_json = json.loads(registry_command(rivals, *command, "--dry-run", "--json").stdout)
    assert as_json["overall"]["windows"] == 2 * WINDOWS
    told = " ".join(registry_command(rivals, "history").stdout.split())
    assert f"{2 * WINDOWS} windows" in told
    assert "% agree" in told

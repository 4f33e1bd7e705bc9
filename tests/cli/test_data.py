"""``har data`` as a user meets it: tables of their own, reports, refusals."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from har.cli import app
from har.errors import DataError, MissingError, UsageError


def har(*words: str) -> Result:
    """Run a command in the working folder, which is a temporary one."""
    return CliRunner().invoke(app, [*words])


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Three people's files in g and deg/s, with names of the user's own."""
    for who in (1, 2, 3):
        random = np.random.default_rng(who)
        values = random.normal((0, 0, 1, 0, 0, 0), (0.05,) * 3 + (40,) * 3, (600, 6))
        frame = pd.DataFrame(values, columns=["ax", "ay", "az", "gx", "gy", "gz"])
        frame["time"] = np.arange(600) * 20
        frame["label"] = np.where(np.arange(600) < 300, "walking", "sitting")
        path = tmp_path / "raw" / f"subject{who}" / "walk.csv"
        path.parent.mkdir(parents=True)
        frame.to_csv(path, index=False)
    return tmp_path / "raw"


def test_guessed_columns_need_a_yes(raw: Path) -> None:
    """Without a terminal nothing is taken for granted; what was guessed is shown."""
    done = har("data", "ingest", "lab", str(raw))
    assert isinstance(done.exception, UsageError)
    assert "nobody confirmed" in str(done.exception)
    assert "deg/s" in done.stderr
    assert "1, 2, 3, by the path, as subject1/walk.csv" in " ".join(done.stderr.split())


def test_ingest_list_quarantine_and_report(raw: Path) -> None:
    """One command ingests, the second finds, and the others tell of it."""
    path = raw / "subject2" / "walk.csv"
    path.write_text(path.read_text().replace("walking", "walking,extra", 1))
    first = json.loads(har("data", "ingest", "lab", str(raw), "--yes", "--json").stdout)
    assert first["counts"]["rows_in"] == 1800
    assert first["reasons"] == {"not 8 fields": 1}
    assert (first["items_read"], first["counts"]["subjects"]) == (3, 3)
    again = har("data", "ingest", "lab", str(raw), "--yes")
    assert "0 read now, 3 found" in again.stdout
    listed = json.loads(har("data", "list", "--json").stdout)
    assert {d["name"]: d["state"] for d in listed}["lab"] == "ingested"
    (reason,) = json.loads(har("data", "quarantine", "lab", "--json").stdout)["reasons"]
    assert (reason["file"], reason["line"]) == ("subject2/walk.csv", 2)
    assert har("data", "report", "lab", "-o", "report").exit_code == 0
    page = Path("report/report.html").read_text()
    assert "not 8 fields" in page
    assert (
        json.loads(Path("report/croissant.json").read_text())["name"] == "Tables of your own: lab"
    )


def test_stated_columns_need_no_yes(raw: Path) -> None:
    """Everything that could be guessed is stated, in flags or in a file."""
    stated = {
        "time": "time",
        "time_unit": "ms",
        "acc": "ax,ay,az",
        "acc_unit": "g",
        "gyro": "gx,gy,gz",
        "gyro_unit": "deg/s",
        "activity": "label",
    }
    flags = [word for k, v in stated.items() for word in ("--map", f"{k}={v}")]
    by_flags = har("data", "ingest", "lab", str(raw), *flags, "--json")
    lines = [f"{k} = {json.dumps(v.split(',') if ',' in v else v)}" for k, v in stated.items()]
    Path("map.toml").write_text("\n".join(lines))
    by_file = har("data", "ingest", "lab", str(raw), "--mapping", "map.toml", "--json")
    assert json.loads(by_flags.stdout)["path"] == json.loads(by_file.stdout)["path"]


def test_files_and_globs(raw: Path) -> None:
    """Some files of a folder are ingested as the shell lists them, or by a quoted pattern."""
    two = [str(raw / f"subject{who}" / "walk.csv") for who in (1, 3)]
    listed = json.loads(har("data", "ingest", "lab", *two, "--yes", "--json").stdout)
    assert listed["counts"]["subjects"] == 2
    pattern = har("data", "ingest", "lab", str(raw / "*[13]" / "*.csv"), "--yes", "--json")
    assert json.loads(pattern.stdout)["path"] == listed["path"]
    folders = [str(raw / f"subject{who}") for who in (1, 3)]
    done = har("data", "ingest", "lab", *folders, "--yes", "--json")
    assert json.loads(done.stdout)["path"] == listed["path"]
    lost = har("data", "ingest", "lab", *two, str(raw / "lost.csv"), "--yes")
    assert isinstance(lost.exception, MissingError)


def test_a_wrong_unit_is_rejected(raw: Path) -> None:
    """Stating m/s² for g poisons nothing: exit code 3, and the data set does not exist."""
    done = har("data", "ingest", "lab", str(raw), "--yes", "--map", "acc_unit=m/s2")
    assert isinstance(done.exception, DataError)
    assert "looks like g" in str(done.exception)
    assert "lab" not in {d["name"] for d in json.loads(har("data", "list", "--json").stdout)}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("ingest", "pamap2"), "no path to the files of pamap2"),
        (("ingest", "mine"), "no data set 'mine'"),
        (("ingest", "../mine", "raw"), "'../mine' is not a valid name"),
        (
            ("ingest", "hapt", "--map", "time=t"),
            "--map or --mapping with hapt, whose columns are known",
        ),
        (("download", "mhealth"), "the licence of mhealth is not accepted"),
    ],
)
def test_refusals_say_what_to_do(words: tuple[str, ...], message: str) -> None:
    """A wrong call ends with exit code 2 and a way out."""
    done = har("data", *words)
    assert isinstance(done.exception, UsageError)
    assert message in str(done.exception)
    assert done.exception.hint or done.exception.expected


# what was understood


def table_of(n: int = 200, *, unit: float = 9.8, seed: int = 0) -> pd.DataFrame:
    """Return a sound table: 50 Hz, names without units."""
    values = np.random.default_rng(seed).normal((0, 0, unit), 0.02 * unit, (n, 3))
    frame = pd.DataFrame(values, columns=["ax", "ay", "az"])
    frame.insert(0, "time", np.arange(n) / 50)
    return frame


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder beside the store."""
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


def test_refused_files_are_grouped_by_reason(folder: Path) -> None:
    """Three sound files, three other tables: one line for the three, all of them in JSON."""
    for i in range(3):
        table_of(seed=i).to_csv(folder / f"a{i}.csv", index=False)
        pd.DataFrame({"time": range(5), "pulse": 60}).to_csv(folder / f"b{i}.csv", index=False)
    done = har("data", "ingest", "lab", str(folder), "--yes")
    assert done.exit_code == 0
    lines = [line.split() for line in done.stderr.splitlines()]
    reason = "no columns that look like acceleration"
    assert [*reason.split(), "3", "b0.csv"] in lines  # before anything is read
    assert [*reason.split(), "3", "18", "b0.csv"] in lines  # and after, with all of their lines
    found = json.loads(har("data", "ingest", "lab", str(folder), "--yes", "--json").stdout)
    rejected = {f"b{i}.csv": f"b{i}.csv: {reason}" for i in range(3)}
    assert {name: why.partition("\n")[0] for name, why in found["rejected"].items()} == rejected
    assert found["counts"]["recordings"] == 3


def test_strict_ends_with_an_error(folder: Path) -> None:
    """A refused file is a warning, or exit code 3 with --strict; the rest is ingested."""
    table_of().to_csv(folder / "a.csv", index=False)
    (folder / "b.csv").write_text("pulse,time\n60,1\n")
    done = har("data", "ingest", "lab", str(folder), "--yes", "--strict")
    assert isinstance(done.exception, DataError)
    assert "1 of the files or recordings of lab were refused" in str(done.exception)
    (folder / "b.csv").unlink()
    assert har("data", "ingest", "lab", str(folder), "--yes", "--strict").exit_code == 0


def test_yes_answers_no_doubt(folder: Path) -> None:
    """g, or m/s² without gravity: the error names both flags, and either is taken."""
    values = np.random.default_rng(0).normal(0, 1, (200, 3))
    table_of().assign(ax=values[:, 0], ay=values[:, 1], az=values[:, 2]).to_csv(
        folder / "a.csv", index=False
    )
    done = har("data", "ingest", "lab", str(folder / "a.csv"), "--yes")
    assert isinstance(done.exception, UsageError)
    assert done.exception.hint == "--map acc_unit=g or --map acc_unit=m/s2"


def test_json_tells_all_that_was_understood(raw: Path) -> None:
    """Layouts with facts, guesses, the mapping and the files."""
    found = json.loads(har("data", "ingest", "lab", str(raw), "--yes", "--json").stdout)
    (layout,) = found["understood"]
    assert layout["facts"]["acceleration"] == "ax, ay, az in g, with gravity"
    assert layout["facts"]["subject"].startswith("1, 2, 3, by the path")
    assert layout["guesses"]["gyro_unit"] == "deg/s"
    assert layout["mapping"]["acc_unit"] == "g"
    assert [item["files"] for item in layout["items"]] == [
        [f"subject{who}/walk.csv"] for who in (1, 2, 3)
    ]


def test_names_that_say_everything_need_no_yes(folder: Path) -> None:
    """Units in all names: nothing is guessed, nothing asked, what was understood is shown."""
    frame = table_of()
    frame.columns = pd.Index(["Time (s)", "Acc X (m/s²)", "Acc Y (m/s²)", "Acc Z (m/s²)"])
    frame.to_csv(folder / "a.csv", index=False)
    done = har("data", "ingest", "lab", str(folder / "a.csv"))
    assert done.exit_code == 0
    assert "as on Android" in done.stderr
    assert "Guessed" not in done.stderr


def test_a_mapping_file_may_state_a_part(folder: Path) -> None:
    """The sign alone; the rest is guessed."""
    table_of().to_csv(folder / "a.csv", index=False)
    (folder / "mine.toml").write_text('acc_sign = "-"\n')
    words = (
        "data",
        "ingest",
        "lab",
        str(folder / "a.csv"),
        "--mapping",
        str(folder / "mine.toml"),
    )
    assert "nobody confirmed" in str(har(*words).exception)
    assert har(*words, "--yes").exit_code == 0


def test_doubts_are_asked_at_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers are those of the flags; then the guesses are confirmed."""
    table_of().drop(columns="time").to_csv(folder / "a.csv", index=False)
    monkeypatch.setattr("har.cli.understood.is_terminal", lambda: True)
    done = CliRunner().invoke(
        app, ["data", "ingest", "lab", str(folder / "a.csv")], input="40\ny\n"
    )
    assert done.exit_code == 0, done.stderr
    assert "how many rows are there in a second" in done.stderr
    assert "none; 40 rows a second" in done.stderr


# one person


def test_one_person_is_enough_to_look_at(raw: Path) -> None:
    """Recordings are listed without a split, exported, shown, reported; training says no."""
    alone = str(raw / "subject1")
    assert har("data", "ingest", "me", alone, "--yes").exit_code == 0
    listed = har("data", "recordings", "--dataset", "me", "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["split"], row["samples"], row["seconds"]) == (None, 600, 12.0)
    assert "without a split: no subject left for: train, validation" in listed.stderr
    assert " - " in har("data", "recordings", "--dataset", "me").stdout
    assert har("data", "export", row["recording"], "--dataset", "me").exit_code == 0
    assert len(pd.read_csv(f"{row['recording']}.csv")) == 600
    for command in ("report", "quarantine", "show"):
        assert har("data", command, "me").exit_code == 0, command
    trained = har("train", "--dataset", "me")
    assert isinstance(trained.exception, DataError)
    assert trained.exception.expected.startswith("at least three people")
    assert trained.exception.found == f"1: {row['subject']}"


# what there is


def test_an_ingested_data_set_is_shown(raw: Path) -> None:
    """Three people's twelve seconds each: half walking, half sitting, of one placement."""
    har("data", "ingest", "lab", str(raw), "--yes", "--map", "placement=wrist")
    shown = json.loads(har("data", "show", "lab", "--json").stdout)
    inside = shown["ingested"]
    assert shown["title"] == "Tables of your own: lab"
    assert (inside["recordings"], inside["subjects"], inside["samples"]) == (3, 3, 1800)
    assert (inside["time_s"], inside["labelled_s"]) == (36.0, 36.0)
    assert (inside["placements"], inside["rates_hz"]) == (["wrist"], [50.0])
    alike = {"seconds": 18.0, "subjects": 3, "words": []}
    assert inside["activities"] == {
        "walking": {**alike, "parent": "locomotion"},
        "sitting": {**alike, "parent": "still"},
    }
    text = har("data", "show", "lab").stdout
    assert "36 s" in text
    assert "locomotion" in text
    known = json.loads(har("data", "show", "pamap2", "--json").stdout)
    assert (known["licence"], known["ingested"]) == ("CC BY 4.0", None)
    assert isinstance(har("data", "show", "nobody").exception, MissingError)


# what lies in data/


def test_files_in_data_are_found_and_taken_on_one_answer(raw: Path) -> None:
    """Listed with their command, an error without an answer; what is odd stops no other."""
    Path("data").mkdir()
    raw.rename("data/lab")
    Path("data/bad").mkdir()
    Path("data/bad/x.csv").write_text("a,b\n1,2\n")
    listed = {row["name"]: row for row in json.loads(har("data", "list", "--json").stdout)}
    assert listed["lab"]["state"] == "found in data/, not ingested"
    assert "har data ingest lab data/lab" in listed["lab"]["title"]
    unanswered = har("data", "ingest")
    assert isinstance(unanswered.exception, UsageError)
    assert "har data ingest lab data/lab" in unanswered.exception.hint
    assert "3 tables" in unanswered.stderr
    done = har("data", "ingest", "--yes")
    assert isinstance(done.exception, DataError)
    assert "bad is not ingested" in done.stderr
    listed = {row["name"]: row for row in json.loads(har("data", "list", "--json").stdout)}
    assert listed["lab"]["state"] == "ingested"
    assert listed["bad"]["state"] == "found in data/, not ingested"

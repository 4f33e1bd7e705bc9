"""Hostile names through every command and page: each is shown as text, and nothing acts."""

import contextlib
import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

import pytest
from hostile import ACTIVITIES, ALARM, REASON, ingest_words, make_hostile
from markdown_it import MarkdownIt
from paging import CHROMIUM
from people import write_people
from playwright.sync_api import Browser, Page, sync_playwright
from support import MAIN, Done, Project

from har.config import load
from har.registry.handle import Registry
from har.registry.history.placement import pending
from har.registry.history.trail import Trail
from har.registry.notices.messages import notices
from har.registry.notices.receivers import _waiting_page
from har.registry.versions.lookup import find
from har.steps.release import promote, register
from har.steps.run import start
from har.visible import INVISIBLE

SHOWN = r"\x1b]0;PWN\x07\x1b[2J\x1b[8m\x9b31m"


def printed(done: Done) -> str:
    """Return what a command printed, once it is known that none of it acts."""
    told = done.stdout + done.stderr
    assert set(INVISIBLE.findall(told)) <= {"\n"}, done
    assert "unexpected" not in told
    assert "Warning" not in told
    return " ".join(told.split())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Ingest the hostile files: two are refused, all else is stored."""
    made = make_hostile(tmp_path_factory.mktemp("hostile"))
    done = made.har(*ingest_words())
    assert done.returncode == 0, done.stderr
    told = printed(done)
    assert "Refused; the rest is ingested" in told
    assert f"{SHOWN}3/{SHOWN}" in told
    return made


@pytest.fixture(scope="module")
def registered(project: Project) -> Project:
    """Register a champion and a version that waits for approval, for a hostile reason."""
    with contextlib.chdir(project.folder), mock.patch.dict(os.environ, project._env):
        for change in ([], ["models.logistic.c_grid=[0.1]"]):
            recipe, environment = load(change)
            registry = Registry.open(environment)
            version = register(start(recipe, environment), registry, "logistic")
            promote(recipe, registry, version, REASON)
    waived = ("--waive", f"better than the champion={REASON}")
    done = project.har("registry", "promote", "2", "--reason", REASON, *waived)
    assert done.returncode == 0, done.stderr
    assert "It waits for approval" in printed(done)
    return project


def test_ingestion_of_a_name_in_brackets(tmp_path: Path) -> None:
    """A refused file whose name is markup of Rich: all else is stored, and the exit code is 0."""
    project = Project(tmp_path)
    write_people(tmp_path / "raw", [1], seconds=5.12)
    (tmp_path / "raw/[").mkdir()
    (tmp_path / "raw/[/red]empty.csv").touch()
    done = project.har("data", "ingest", "tiny", "raw", "--yes", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "red-empty" in printed(done)
    assert project.json("data", "quarantine", "tiny")["reasons"][0]["file"] == "[/red]empty.csv"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["data", "validate", "raw", "--yes"], 3, r"[red]x[bold]\n to do: rm -rf.csv"),
        (["data", "quarantine", "lab"], 0, rf"{SHOWN}3/{SHOWN}.csv:32"),
        (["data", "show", "lab"], 0, ACTIVITIES[0]),
        (["data", "recordings"], 0, "lab-"),
        (["data", "report", "lab", "-o", "report"], 0, "report.html"),
        (["data", "list"], 0, "lab"),
        (["evaluate"], 0, "logistic"),
        (["evaluate", "--continuous"], 0, "logistic"),
        (["export"], 0, "serves"),
        (["predict", "raw", "--yes", "--html", "predicted.html", "--plot", "p.png"], 0, SHOWN),
        (["registry", "list"], 0, "<b>eve</b> [/red] $x$ | @x `y` [l](javascript:x)"),
        (["registry", "show", "2"], 0, r"waived: <img"),
        (["registry", "history"], 0, r"a\nb \u202e"),
        (["registry", "history", "--at", "2100-01-01"], 0, r"a\nb \u202e"),
        (["registry", "policy"], 0, r"a\nb \u202e"),
        (["registry", "compare", "2", "1", "--html", "compared.html"], 0, "Page: compared.html"),
        (["registry", "score", "raw", "--yes", "--version", "1"], 0, "By person"),
        (["registry", "shadow", "2", "raw", "--yes", "--reason", REASON], 3, SHOWN),
        (["lineage", "show", "1"], 0, "<img src=x"),
    ],
)
def test_commands(registered: Project, words: list[str], code: int, says: str) -> None:
    """No character of control reaches standard output or standard error; names are there."""
    done = registered.har(*words)
    assert done.returncode == code, done.stderr
    assert says in printed(done)


def test_json_has_the_very_names(registered: Project) -> None:
    """What a terminal is shown by its code, a program reads as it is."""
    done = registered.har("data", "quarantine", "lab", "--json")
    printed(done)
    files = [reason["file"] for reason in json.loads(done.stdout)["reasons"]]
    assert "[/red]empty\x1b[31m.csv" in files
    assert any(name.startswith("\x1b]0;PWN\x07") for name in files)
    (request,) = pending_of(registered)
    history = registered.json("registry", "history")
    assert REASON in {event["reason"] for event in history if "reason" in event}
    assert request.reason == REASON


def pending_of(project: Project) -> list[object]:
    """Return what waits for approval."""
    with contextlib.chdir(project.folder), mock.patch.dict(os.environ, project._env):
        return list(pending(Trail(Registry.open(load().environment)).events))


def test_a_terminal_gets_our_colours_alone(project: Project) -> None:
    """In a pseudo-terminal, too, where colours are written: theirs are text."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-c", MAIN, "data", "quarantine", "lab"]
    env = {**os.environ, **project._env, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        command, cwd=project.folder, env=env, stdout=follower, stderr=follower
    )
    os.close(follower)
    told = b"".join(_read(leader)).decode()
    assert process.wait() == 0
    assert SHOWN in told
    ours = re.sub(r"\x1b\[[01]m", "", told)
    assert ours != told
    assert set(INVISIBLE.findall(ours)) <= {"\r", "\n"}


def _read(leader: int) -> Iterator[bytes]:
    while True:
        try:
            yield os.read(leader, 65536)
        except OSError:  # its other end is closed
            return


def test_sheets_hold_no_formula(registered: Project) -> None:
    """`har predict --csv` opened by a spreadsheet computes nothing; numbers stay numbers."""
    done = registered.har("predict", "raw", "--yes", "--csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["recording"][:6] for row in rows} >= {"'=cmd ", "<img s"}
    assert all(float(row["start_s"]) >= 0 for row in rows)
    texts = [text for row in rows for text in row.values()]
    assert [text for text in texts if text[:1] in tuple("=+-@\t\r")] == []


def test_what_is_exported_is_ingested_with_the_same_labels(registered: Project) -> None:
    """An activity that begins like a formula is the same one behind its apostrophe."""
    (name, *_) = [row["recording"] for row in registered.json("data", "recordings")]
    out = registered.folder / "again" / "one.csv"
    assert registered.har("data", "export", name, "-o", str(out)).returncode == 0
    words = out.read_text(encoding="utf-8")
    done = registered.har("data", "ingest", "again", str(out), "--yes", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    shown = registered.json("data", "show", "again")
    own = registered.json("data", "show", "lab")
    assert set(shown["ingested"]["activities"]) == set(own["ingested"]["activities"])
    assert "'+77-frac" in words


class Elements(HTMLParser):
    """The elements and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.names.add(tag)
        self.addresses |= {value or "" for name, value in attrs if name in ("href", "src")}


MARKDOWN = {"h1", "h2", "h3", "h4", "p", "ul", "li", "strong", "em", "code", "a", "hr"}
MARKDOWN |= {"table", "thead", "tbody", "tr", "th", "td"}


def test_markdown_is_words(registered: Project) -> None:
    """Model card, MLflow description, what waits in Prefect: no element or link of theirs."""
    with contextlib.chdir(registered.folder), mock.patch.dict(os.environ, registered._env):
        registry = Registry.open(load().environment)
        run = registry.client.get_run(find(registry, "2").run_id)
        card = run.data.tags["mlflow.note.content"]
        about = registry.client.get_model_version("har", "2").description
        events = Trail(registry).events
    pages = {"card": card, "about": about, "waiting": _waiting_page("har", pending(events))}
    for name, page in pages.items():
        assert set(INVISIBLE.findall(page)) <= {"\n"}, name
        made = Elements(MarkdownIt("commonmark", {"html": True}).enable("table").render(page))
        assert made.names <= MARKDOWN, name
        assert not {address for address in made.addresses if "javascript" in address}
    assert ALARM not in "".join(pages.values())
    told = "".join(notice.text for notice in notices(events, since=0))
    assert "&lt;!channel&gt;" in told
    assert not set("<>") & set(told)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Browser, path: Path) -> Page:
    """Open a page, and look whether anything in it is theirs."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert page.evaluate("window.pwned") is None
    assert page.locator("img:not([src^='data:']), script, [onerror]").count() == 0
    assert page.locator("b", has_text="eve").count() == 0
    assert page.locator("a[href^='javascript:']").count() == 0
    return page


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_pages_in_a_browser(registered: Project, browser: Browser) -> None:
    """Reports, comparison and answers: names are to be read, and nothing of them is alive."""
    folder = registered.folder
    for words in (
        ["data", "report", "lab", "-o", "report"],
        ["predict", "raw", "--yes", "--html", "predicted.html"],
        ["registry", "compare", "2", "1", "--html", "compared.html"],
    ):
        assert registered.har(*words).returncode == 0
    (report,) = ((folder / "data/store").glob("report/*/report.html"),)
    pages = {
        folder / "report/report.html": SHOWN,
        folder / "predicted.html": r"=cmd \u202egpj\u200b",
        folder / "compared.html": r"\u202e</script><script>window.pwned=1</script>",
    }
    for path, name in pages.items():
        page = opened(browser, path)
        assert name in page.inner_text("body"), path
        assert not set(INVISIBLE.findall(page.content())) - {"\n", "\t"}, path
        page.close()
    for path in report:
        opened(browser, path).close()

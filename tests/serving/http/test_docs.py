"""The page of routes works offline, and tells nobody that it was opened."""

import re
from pathlib import Path

import httpx

from har.config import ServeSettings
from har.serving.http import connections, limits, running, schemas, sessions
from har.serving.http.routes import recordings

PAGE = Path(__file__).parents[3] / "docs" / "serving.md"


def test_page_of_routes_asks_nobody_but_the_service(client: httpx.Client) -> None:
    """All that it names is here, and nothing has a scheme or another host."""
    page = client.get("/docs").text
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert any(name.endswith(".js") for name in named)
    assert any(name.endswith(".css") for name in named)
    assert all(client.get(name).status_code == 200 for name in named if name.startswith("/"))
    assert all(re.match(r"/[^/]", name) for name in named)
    assert not re.findall(r"[a-z]+://[^\"'\s]*", page)
    assert '"validatorUrl": null' in page
    assert client.get("/redoc").status_code == 404


def test_bounds_are_those_of_the_code() -> None:
    """Every number of the table of bounds is a setting's default, or a constant."""
    table = PAGE.read_text(encoding="utf-8").partition("## What strangers may")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", table.partition("\n## ")[0], re.M)
    values = dict(rows)
    told = dict(re.findall(r"`serve\.(\w+)` \(([\d.]+)\)", table))
    assert told
    assert {name: float(n) for name, n in told.items()} == {
        name: float(getattr(ServeSettings(), name)) for name in told
    }
    numbers = {
        "head of a request": f"{connections.HEAD_BYTES:,} bytes in {connections.HEAD_S:g} s",
        "connections": f"{connections.MOST:,}, or what",
        "lists and objects in JSON": f"{schemas.MOST_LISTS:,}",
        "columns of a recording as JSON": f"{recordings.MOST_COLUMNS:,}",
        "parts of a form": f"{recordings.MOST_FILES} files, {recordings.MOST_FIELDS} fields",
        "JSON in memory, of all requests": f"{limits.HELD} times",
        "sessions, events kept, followers of one": f"{sessions.KEPT:,}, {sessions.MOST_FOLLOWERS}",
        "WebSockets": f"{running.MESSAGE_MB:g} MB a message",
    }
    for name, number in numbers.items():
        assert number in values[name], name
    assert f"requests more than {connections.AHEAD} ahead" in table

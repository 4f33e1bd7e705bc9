"""The page of routes works offline, and tells nobody that it was opened."""

import re

import httpx


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

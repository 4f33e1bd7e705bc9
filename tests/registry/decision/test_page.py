"""The page for a decision: what it says, and how it looks to a browser and a screen reader."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from paging import CHROMIUM, HOSTILE
from playwright.sync_api import expect, sync_playwright
from support import Setup, opened, patience_s, promote, registry_command

from har.registry.decision.verdicts import held, next_step, way_back
from har.registry.history.trail import Trail
from har.registry.versions.candidate import Candidate
from har.registry.versions.decision import Decision, Rule
from har.registry.versions.lookup import find
from har.registry.versions.registration import register


@pytest.fixture
def asking(local: Setup, make_candidate: Callable[..., Candidate]) -> Setup:
    """Register a champion and a better version; what replaces one waits for approval."""
    promote(register(opened(local), make_candidate("svm", errors=2)), local, reason="first")
    register(opened(local), make_candidate("encoder-small", errors=0))
    gate = local.gate.model_copy(update={"approval": "always"})
    return local.model_copy(update={"gate": gate})


def test_the_distance_of_every_rule() -> None:
    """What is broken comes first, then what is closest to its bound, then what has no numbers."""
    rules = (
        Rule("lineage", True, detail="14 files"),
        Rule("macro-F1", True, 0.95, 0.90),
        Rule("splits", True, 0, 0),
        Rule("size, MB", True, 24.0, 25.0),
        Rule("loss if slow", False, 0.08, 0.05),
    )
    decision = Decision("har", 2, "svm", "Staging", 1, "", rules)
    distances = [(one.rule.name, one.distance and round(one.distance, 3)) for one in held(decision)]
    assert distances[:3] == [("loss if slow", -0.03), ("size, MB", 1.0), ("macro-F1", 0.05)]
    assert {name for name, distance in distances[3:] if not distance} == {"lineage", "splits"}


def test_what_to_do(asking: Setup) -> None:
    """What waits is named with who asked; a champion has a way back to the one before."""
    registry = opened(asking)
    events = Trail(registry).events
    assert next_step(find(registry, "1"), events)[0] == "Version 1 is the champion: it serves."
    assert "has not judged version 2" in next_step(find(registry, "2"), events)[0]
    assert way_back(registry, events, 1) is None
    promote(find(registry, "2"), asking, reason="better")
    events = Trail(registry).events
    words, command = next_step(find(registry, "2"), events)
    assert "asked for version 2 (better); it waits for somebody else" in words
    assert command.startswith("har registry approve 2")
    way = way_back(registry, events, 2)
    assert way is not None
    assert way.version.number == 1


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_in_a_browser(asking: Setup, tmp_path: Path) -> None:
    """It asks for nothing, fits a phone, has no serious fault, and shows words as words."""
    promote(find(opened(asking), "2"), asking, reason=HOSTILE)
    path = tmp_path / "page.html"
    assert registry_command(asking, "compare", "2", "1", "--html", str(path)).exit_code == 0
    expect.set_options(timeout=1000 * patience_s())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width, scheme in ((1200, "light"), (400, "dark")):
            size = {"width": width, "height": 900}
            page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(path.as_uri())
            expect(page.get_by_text(HOSTILE).first).to_be_visible()
            assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = Axe().run(page).response["violations"]
            assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
            page.locator("a[href='#stretch-1']").first.click()
            expect(page.locator("#stretch-1")).to_be_in_viewport()
            expect(page.locator("#stretch-1")).to_contain_text("version 2 says")
        browser.close()

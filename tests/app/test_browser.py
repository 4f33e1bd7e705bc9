"""The page in a real browser: what a person, a keyboard and a screen reader meet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from paging import CHROMIUM, HOSTILE
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support import patience_s

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once; what is expected may take as long as a slow machine needs."""
    expect.set_options(timeout=1000 * patience_s())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A page that is open, with all that it asked for and complained about."""

    def __init__(self, browser: Browser, address: str, *, width: int, scheme: str) -> None:
        size = {"width": width, "height": 900}
        self.page: Page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        self.page.set_default_timeout(1000 * patience_s())
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.page.get_by_text("Answered by").wait_for()

    def _heard(self, message: object) -> None:
        if message.type == "error":  # type: ignore[attr-defined]
            self.faults.append(message.text)  # type: ignore[attr-defined]

    def drop(self, path: Path) -> None:
        """Drop a file."""
        self.page.locator("input[type=file]").set_input_files(path)

    def serious(self) -> list[str]:
        """Return the serious and critical faults that axe finds."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        widest = "Math.max(...[...document.querySelectorAll('html, [data-testid=stMain]')]"
        return int(self.page.evaluate(f"{widest}.map(e => e.scrollWidth - e.clientWidth))"))


@pytest.fixture
def visit(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open the page, at a width and with a colour scheme."""
    width, scheme = getattr(request, "param", (1200, "light"))
    opened = Visit(browser, address, width=width, scheme=scheme)
    yield opened
    opened.page.close()


@pytest.mark.parametrize("visit", [(1200, "light"), (400, "dark")], indirect=True)
def test_dropped_file_is_shown_to_everybody(visit: Visit, walk: bytes, tmp_path: Path) -> None:
    """No fault for a screen reader, nothing wider than a phone, nothing asked of others."""
    path = tmp_path / HOSTILE
    path.write_bytes(walk)
    visit.drop(path)
    expect(visit.page.get_by_text("100 rows read; 100 samples in 1 stretch")).to_be_visible()
    expect(visit.page.locator("canvas, svg.marks").first).to_be_visible()
    visit.page.get_by_text("Segments (2)").click()
    expect(visit.page.get_by_text("Segments in order")).to_be_visible()
    assert visit.serious() == []
    assert visit.overflow <= 0
    assert visit.page.locator("img[src=x]").count() == 0
    assert visit.faults == []
    own = ("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:")
    assert [url for url in visit.asked if not url.startswith(own)] == []


def test_bad_file_is_told_and_the_next_one_is_answered(
    visit: Visit, walk: bytes, tmp_path: Path
) -> None:
    """An error with what to do, no traceback, and the page goes on."""
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_bytes(b"no table at all\n")
    good.write_bytes(walk)
    visit.drop(bad)
    alert = visit.page.get_by_role("alert").filter(has_text="expected")
    expect(alert).to_be_visible()
    assert "Traceback" not in visit.page.content()
    assert visit.serious() == []
    visit.page.get_by_role("button", name="Remove bad.csv").click()
    visit.drop(good)
    expect(visit.page.get_by_text("100 rows read; 100 samples in 1 stretch")).to_be_visible()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Segments, CSV").click()
    rows = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith("recording,start_s,end_s,activity")
    assert [row.split(",")[3] for row in rows[1:]] == ["walking", "sitting"]
    assert visit.faults == []


def test_tabs_are_reached_by_the_keyboard(visit: Visit) -> None:
    """Arrow keys move between the tabs, and each shows its own."""
    visit.page.get_by_role("tab", name="Recording").focus()
    visit.page.keyboard.press("ArrowRight")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_label("Session")).to_be_visible()
    assert visit.serious() == []
    visit.page.keyboard.press("ArrowRight")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_text("No version of the model har yet.")).to_be_visible()
    assert visit.serious() == []
    assert visit.faults == []

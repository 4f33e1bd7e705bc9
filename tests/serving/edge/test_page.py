"""The page in Chromium, with a phone's sensors as the browser's own tools make them."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from graphs import write_rule
from playwright.sync_api import expect, sync_playwright
from support import patience_s

from har.serving.edge.folder import write
from har.serving.predictor import Predictor
from har.serving.served import Served

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, web_package: Path) -> Iterator[str]:
    """Serve a folder with a model that says walking while the phone turns about x."""
    folder = tmp_path_factory.mktemp("edge")
    predictor = Predictor(write_rule(folder / "rule.onnx"))
    write(folder / "site", Served(predictor, "<b>rule</b>", "7", "0" * 64), web_package)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder / "site"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Chromium once; what is expected may take as long as a slow machine needs."""
    expect.set_options(timeout=1000 * patience_s())
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Phone:
    """A page with sensors, and all that it asked for and complained of."""

    def __init__(self, browser: Any, address: str) -> None:
        self.context = browser.new_context(viewport={"width": 400, "height": 800})
        self.page = self.context.new_page()
        self.page.set_default_timeout(1000 * patience_s())
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.errors.append(said.text) if said.type == "error" else None,
        )
        self.tools = self.context.new_cdp_session(self.page)
        for kind in ("accelerometer", "linear-acceleration", "gyroscope"):
            self.tools.send("Emulation.setSensorOverrideEnabled", {"enabled": True, "type": kind})
        self.page.goto(address)

    def feel(self, gravity_z: float, turning: float = 0.0) -> None:
        """Let the sensors give gravity along z, m/s², and a turn about x, rad/s."""
        readings = {
            "accelerometer": (0.0, 0.0, gravity_z),
            "linear-acceleration": (0.0, 0.0, 0.0),
            "gyroscope": (turning, 0.0, 0.0),
        }
        for kind, (x, y, z) in readings.items():
            self.tools.send(
                "Emulation.setSensorOverrideReadings",
                {"type": kind, "reading": {"xyz": {"x": x, "y": y, "z": z}}},
            )

    def says(self, what: str) -> None:
        """Wait until the page says an activity."""
        self.page.get_by_role("status").get_by_text(what).wait_for()


@pytest.fixture
def phone(browser: Any, address: str) -> Iterator[Phone]:
    """Open the page for the first time on a phone."""
    phone = Phone(browser, address)
    yield phone
    phone.context.close()


def test_a_phone_is_answered_on_the_phone(phone: Phone, address: str) -> None:
    """Lying it is still, turning it walks; nothing is asked of anyone but the folder."""
    phone.feel(9.8)
    phone.page.get_by_role("button", name="Start").click()
    phone.says("sitting")
    phone.feel(9.8, turning=1.0)
    phone.says("walking")
    phone.page.get_by_role("button", name="Stop").click()
    rows = phone.page.locator("#sums tr").all_inner_texts()
    assert {row.split("\t")[0] for row in rows} == {"sitting", "walking"}
    assert all(url.startswith(address) for url in phone.asked)
    assert phone.errors == []


def test_it_works_without_a_network(phone: Phone) -> None:
    """After the first visit, from the browser's own copy."""
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    phone.context.set_offline(True)
    phone.page.reload()
    phone.feel(9.8)
    phone.page.get_by_role("button", name="Start").click()
    phone.says("sitting")
    assert phone.errors == []


def test_the_opposite_sign_is_learned_once(phone: Phone) -> None:
    """Safari's phone that lies face up measures -9.8; the next start asks for nothing."""
    phone.feel(-9.8)
    phone.page.get_by_role("button", name="Start").click()
    phone.says("sitting")
    assert phone.page.evaluate("localStorage.getItem('har-sign')") == "-1"
    phone.page.reload()
    expect(phone.page.locator("#advice")).to_contain_text("Start, and wear the phone")


def test_a_phone_that_does_not_lie_is_asked_to(phone: Phone) -> None:
    """Gravity must be along z while the sign is learned."""
    phone.feel(4.0)
    phone.page.get_by_role("button", name="Start").click()
    phone.page.get_by_role("alert").get_by_text("does not lie still").wait_for()
    assert phone.page.get_by_role("button", name="Start").is_enabled()


def test_the_model_is_named_as_text(phone: Phone) -> None:
    """Names are never markup; the page is as wide as the phone."""
    phone.page.locator("summary").click()
    expect(phone.page.locator("#model")).to_contain_text("<b>rule</b>")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_no_fault_of_accessibility(phone: Phone, scheme: Any) -> None:
    """As axe-core finds them, in both colour schemes, with answers shown."""
    phone.page.emulate_media(color_scheme=scheme)
    phone.feel(9.8)
    phone.page.get_by_role("button", name="Start").click()
    phone.says("sitting")
    found = Axe().run(phone.page)
    assert found.response["violations"] == []

"""Make the pictures of `har app` in docs/, in the folder of a finished `har run`.

Needs Debian's Chromium. Run: PYTHONPATH=. .venv/bin/python scripts/screenshots.py
[FOLDER_OF_THE_RUN [FOLDER_OF_THE_PICTURES]]
"""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PATIENCE_MS = 120_000
DOCS = Path(__file__).parents[1] / "docs"


@dataclass(frozen=True)
class Picture:
    """One picture: how wide and high, in which colours, and what is done before it is taken."""

    name: str
    width: int
    height: int
    scheme: str
    prepare: tuple[Callable[[Page], None], ...] = field(default=())


def sample(title: str) -> Callable[[Page], None]:
    """Return what chooses a sample and waits for its answer."""

    def choose(page: Page) -> None:
        page.get_by_role("radio", name=title).click()
        page.get_by_text("rows read").wait_for()

    return choose


def tab(title: str) -> Callable[[Page], None]:
    """Return what opens a tab."""

    def open_tab(page: Page) -> None:
        page.get_by_role("tab", name=title).click()
        page.get_by_text("Rules of the gate").first.wait_for()

    return open_tab


PICTURES = (
    Picture("app", 1100, 1250, "light", (sample("Six activities"),)),
    Picture("app-phone", 400, 1560, "dark", (sample("A walk with stairs"),)),
    Picture("app-registry", 1100, 1000, "light", (tab("Registry"),)),
)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the page in a folder until the block ends; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = "from har.cli import main; main()"
    command = [sys.executable, "-c", program, "app", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health"):
                break
            if process.poll() is not None:
                raise SystemExit(f"`har app` ended with {process.returncode}")
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def take(browser: Browser, address: str, picture: Picture, folder: Path) -> Path:
    """Take a picture and return its file, with as few colours as it needs."""
    size = {"width": picture.width, "height": picture.height}
    page = browser.new_page(viewport=size, color_scheme=picture.scheme)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.get_by_text("Answered by").wait_for()
    for step in picture.prepare:
        step(page)
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
    # Charts are drawn a moment after their data are there.
    page.wait_for_timeout(2000)
    path = folder / f"{picture.name}.png"
    page.screenshot(path=path)
    page.close()
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    return path


def main() -> None:
    """Take all pictures."""
    run = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else DOCS
    with served(run) as address, sync_playwright() as playwright:
        options = {"executable_path": shutil.which("chromium"), "args": ["--no-sandbox"]}
        browser = playwright.chromium.launch(**options)
        for picture in PICTURES:
            path = take(browser, address, picture, folder)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()

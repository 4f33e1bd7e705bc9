"""Archives from a server of our own: fetched once, pinned, and compared ever after."""

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from har.data.ingest import own
from har.data.ingest.download import download
from har.data.ingest.mapping import ColumnMapping
from har.data.ingest.plan import Group, Plan
from har.data.sources.base import Archive, Source
from har.errors import MissingError, UsageError, VerificationError

CONTENT = b"PK not really an archive"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: object, asked: list[str], **options: object) -> None:
        self.asked = asked
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Site:
    """A server of one archive."""

    address: str
    folder: Path
    asked: list[str]

    def source(self, name: str = "my%20set.zip", **archive: object) -> Source:
        """Return a source whose archive lies here."""
        mapping = ColumnMapping(time="t", acc=("x", "y", "z"))
        return replace(
            own.source("lab", Plan((Group("tables", (), mapping=mapping),))),
            licence="CC BY 4.0",
            homepage="https://example.org/lab",
            archive=Archive(f"{self.address}/{name}", **archive),  # type: ignore[arg-type]
        )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Serve a folder on a free port of this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "my set.zip").write_bytes(CONTENT)
    asked: list[str] = []
    handler = partial(_Handler, directory=str(folder), asked=asked)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Site(f"http://127.0.0.1:{server.server_port}", folder, asked)
        finally:
            server.shutdown()
            thread.join()


def pins(folder: Path) -> dict[str, str]:
    """Return the digests of what came first."""
    found: dict[str, str] = json.loads((folder / "sha256.json").read_text())
    return found


def test_licence_must_be_accepted(site: Site, tmp_path: Path) -> None:
    """The refusal names the licence and where it stands, and nothing was fetched."""
    with pytest.raises(UsageError, match="the licence of lab is not accepted") as caught:
        download(site.source(), tmp_path / "raw", accept_licence=False)
    assert caught.value.found == "CC BY 4.0 (https://example.org/lab)"
    assert caught.value.exit_code == 2
    assert site.asked == []
    assert not (tmp_path / "raw").exists()


def test_archive_is_fetched_once_and_pinned(site: Site, tmp_path: Path) -> None:
    """It has the data set's name before its own; the second time it is there."""
    path = download(site.source(), tmp_path / "raw", accept_licence=True)
    assert path == tmp_path / "raw" / "lab-my-set.zip"
    assert path.read_bytes() == CONTENT
    assert pins(tmp_path / "raw") == {"lab-my-set.zip": SHA256}
    assert download(site.source(), tmp_path / "raw", accept_licence=True) == path
    assert site.asked == ["/my%20set.zip"]


def test_archive_that_was_put_there_by_hand_is_pinned(site: Site, tmp_path: Path) -> None:
    """No address is asked for what is there."""
    (tmp_path / "lab-my-set.zip").write_bytes(CONTENT)
    download(site.source(), tmp_path, accept_licence=True)
    assert pins(tmp_path) == {"lab-my-set.zip": SHA256}
    assert site.asked == []


def test_bytes_that_changed_are_refused(site: Site, tmp_path: Path) -> None:
    """On the disk or at the address; the first digest stays."""
    path = download(site.source(), tmp_path / "raw", accept_licence=True)
    path.write_bytes(CONTENT + b"!")
    with pytest.raises(VerificationError, match="not the archive that came the first time") as one:
        download(site.source(), tmp_path / "raw", accept_licence=True)
    assert one.value.expected == f"sha256 {SHA256}"
    assert one.value.exit_code == 5
    path.unlink()
    (site.folder / "my set.zip").write_bytes(b"other")
    with pytest.raises(VerificationError, match="not the archive that came the first time"):
        download(site.source(), tmp_path / "raw", accept_licence=True)
    assert pins(tmp_path / "raw") == {"lab-my-set.zip": SHA256}


def test_published_digest_is_compared(site: Site, tmp_path: Path) -> None:
    """Two statements of another digest refuse the archive, and it is not pinned."""
    source = site.source(sha256="0" * 64, seen=2)
    for _ in range(2):  # the file is there the second time, and no better
        with pytest.raises(VerificationError, match="not the archive published") as caught:
            download(source, tmp_path / "raw", accept_licence=True)
        assert caught.value.found == f"sha256 {SHA256}"
    assert not (tmp_path / "raw" / "sha256.json").exists()
    good = site.source(sha256=SHA256, seen=2)
    assert download(good, tmp_path / "raw", accept_licence=True).exists()


def test_one_statement_of_a_digest_refuses_nothing(site: Site, tmp_path: Path) -> None:
    """A single third party may be wrong: what comes first is pinned."""
    download(site.source(sha256="0" * 64, seen=1), tmp_path / "raw", accept_licence=True)
    assert pins(tmp_path / "raw") == {"lab-my-set.zip": SHA256}


def test_another_address(site: Site, tmp_path: Path) -> None:
    """A mirror serves it under a name of its own, which has a pin of its own."""
    (site.folder / "mirror.zip").write_bytes(CONTENT)
    source = site.source("gone.zip")
    url = f"{site.address}/mirror.zip?download=1"
    path = download(source, tmp_path / "raw", accept_licence=True, url=url)
    assert path.name == "lab-mirror.zip"
    assert pins(tmp_path / "raw") == {"lab-mirror.zip": SHA256}


def test_what_is_not_at_the_address(site: Site, tmp_path: Path) -> None:
    """404: nothing is left behind, and the hint tells the way by hand."""
    with pytest.raises(MissingError, match=r"/gone\.zip: cannot be reached") as caught:
        download(site.source("gone.zip"), tmp_path / "raw", accept_licence=True)
    assert "404" in str(caught.value.found)
    assert "har data ingest" in str(caught.value.hint)
    assert not list((tmp_path / "raw").glob("*.zip"))


def test_address_that_nobody_answers(site: Site, tmp_path: Path) -> None:
    """A port that is closed, and an address that is none."""
    for address in ("http://127.0.0.1:9/set.zip", "set.zip"):
        with pytest.raises(MissingError, match="cannot be reached") as caught:
            download(site.source(), tmp_path / "raw", accept_licence=True, url=address)
        assert caught.value.exit_code == 6


def test_data_set_without_an_archive(site: Site, tmp_path: Path) -> None:
    """It says where the provider is."""
    with pytest.raises(MissingError, match="lab has no archive to download") as caught:
        download(replace(site.source(), archive=None), tmp_path, accept_licence=True)
    assert caught.value.hint == "https://example.org/lab"

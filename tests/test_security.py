"""SECURITY.md names whatever HAR reads of strangers, and every bound that can be set."""

import re
from pathlib import Path

import pytest

from har.config import Environment, LimitSettings, Recipe, ServeSettings
from har.config.section import flatten
from har.data import recorders, sources
from har.data.ingest.archives import ARCHIVES
from har.data.ingest.blocks import SUFFIXES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TABLE = PAGE.split("## What each reader admits")[1].split("\n## ")[0]
NAMED = set(re.findall(r"`([^`]+)`", TABLE))
# Of the service, what bounds nothing that a client may ask.
NO_BOUNDS = {
    *("host", "port", "workers", "threads", "api_keys", "api_keys_file", "batch", "wait_ms"),
    *("poll_s", "grace_s", "log", "log_every_s", "log_identity", "hosts", "origins"),
}


def test_every_ending_that_is_read_is_named() -> None:
    """Of tables and archives; `.gz` once for all of them."""
    plain = {suffix.removesuffix(".gz") for suffix in SUFFIXES}
    assert {*plain, *ARCHIVES, ".gz"} <= NAMED


@pytest.mark.parametrize("known", [recorders, sources])
def test_every_recorder_and_data_set_is_named(known: object) -> None:
    """One that is added is read by somebody who has to know what it admits."""
    assert set(known.names()) <= NAMED  # type: ignore[attr-defined]


def test_every_bound_is_named() -> None:
    """All that limits what is opened, and what clients may ask."""
    limits = {f"limits.{name}" for name in LimitSettings.model_fields}
    served = {f"serve.{name}" for name in ServeSettings.model_fields.keys() - NO_BOUNDS}
    assert limits | served <= NAMED


def test_every_setting_and_file_that_is_named_exists() -> None:
    """Nothing is promised that is not there."""
    known = {name for name, _ in flatten(Recipe().model_dump() | Environment().model_dump())}
    sections = {name.partition(".")[0] for name in known}
    words = re.findall(r"`([\w*]+\.[\w.*]+)`", PAGE)
    for word in (word for word in words if word.partition(".")[0] in sections):
        pattern = re.compile(word.replace(".", r"\.").replace("*", r"\w+"))
        assert any(map(pattern.fullmatch, known)), word
    for path in re.findall(r"`((?:har|scripts|flows)/[\w/.]*)`", PAGE):
        assert (ROOT / path).exists(), path


def test_links_lead_to_headings_and_the_readme_leads_here() -> None:
    """As on the other pages."""
    for link, anchor in re.findall(r"\]\(([^)#]+)#?([^)]*)\)", PAGE):
        text = (ROOT / link).read_text(encoding="utf-8")
        headings = {h.lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.M)}
        assert not anchor or anchor in headings, link
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")

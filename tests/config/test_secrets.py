"""Secrets are checked where they are set, and no error, log, traceback or file has them in it."""

import logging
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError
from support import Project

from har.config import RegistrySettings, load
from har.errors import UsageError
from har.terminal.log import LineFormatter

# In all cases part of what nobody may see.
CANARY = "CANARY7"
GOOD = "aGVhcmQgYnkgbm9ib2R5IGVsc2U="
_WEBHOOK, _SIGNING, _KEYS = "registry.webhooks", "registry.webhook_secret", "serve.api_keys"
_URI = "registry.tracking_uri"


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (f"{_WEBHOOK}=http://{CANARY}@x", "input should be a valid tuple"),
        (f"{_WEBHOOK}=['http://[{CANARY}']", "its host or port is none"),
        (f"{_WEBHOOK}=['http://x:{CANARY}/']", "its host or port is none"),
        (f"{_WEBHOOK}=['http://x:99999/{CANARY}']", "its host or port is none"),
        (f"{_WEBHOOK}=['chat.example.org/{CANARY}']", "begins with neither"),
        (f"{_WEBHOOK}=['file:///etc/{CANARY}']", "begins with neither"),
        (f"{_WEBHOOK}=['https:///{CANARY}']", "names no host"),
        (f"{_WEBHOOK}=['https://u:{CANARY}@y@x/']", "percent-encoded"),
        (f'{_WEBHOOK}=["https://x/{CANARY}\\u0007"]', "a space, a backslash, or a character"),
        (f'{_WEBHOOK}=["https://x\\\\@{CANARY}/"]', "a space, a backslash, or a character"),
        (f"{_WEBHOOK}=[['{CANARY}']]", "input should be a valid string"),
        (f"{_SIGNING}=['{CANARY}']", "input should be a valid string"),
        (f"{_SIGNING}=1234567890", "input should be a valid string"),
        (f"{_SIGNING}={CANARY}notbase64!!", "not base64, as `openssl"),
        (f"{_SIGNING}=whsec_{CANARY}-_", "not base64, as `openssl"),
        (f"{_SIGNING}=''", "shorter than 16 bytes"),
        (f"{_SIGNING}={CANARY}A", "shorter than 16 bytes"),
        (f"{_SIGNING}.x={CANARY}", "no such setting"),
        (f"{_SIGNING}:{CANARY}", f"--set {_SIGNING}\n  expected: section.name=value"),
        (f"{CANARY}", "--set …\n  expected: section.name=value"),
        (f"{_KEYS}=['{CANARY}']", "a key is shorter than 16 characters"),
        (f"{_KEYS}=['{CANARY} and more of it']", "a key holds a space"),
        (f"{_KEYS}={CANARY}", "input should be a valid tuple"),
        (f"{_URI}=['http://u:{CANARY}@x']", "input should be a valid string"),
        (f"{_URI}=postgresql://u:{CANARY}@y@db/har", "percent-encoded"),
        (f"{_URI}=postgresql://u:a/{CANARY}@db/har", "percent-encoded"),
        (f"registry={CANARY}", "registry is a section"),
        (f"serve={CANARY}", "serve is a section"),
    ],
)
def test_flags(pair: str, message: str) -> None:
    """What does not fit is refused by name, and not shown."""
    with pytest.raises(UsageError) as caught:
        load([pair])
    assert message in str(caught.value)
    _has_no_secret("".join(traceback.format_exception(caught.value)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAR_REGISTRY__WEBHOOKS", f"https://x/{CANARY}"),
        ("HAR_REGISTRY__WEBHOOKS", f'["https://x/{CANARY}"'),
        ("HAR_REGISTRY__WEBHOOKS__0", f"https://x/{CANARY}"),
        ("HAR_REGISTRY__WEBHOOK_SECRET", f"{CANARY}!"),
        ("HAR_REGISTRY", f'{{"webhook_secret": {CANARY}}}'),
        ("HAR_REGISTRY", f'{{"webhook_secret": ["{CANARY}"]}}'),
        ("HAR_REGISTRY", f'{{"webhooks": "[{CANARY}"}}'),
        ("HAR_REGISTRY", f'"{CANARY}"'),
        ("HAR_SERVE__API_KEYS", CANARY),
        ("HAR_SERVE", f'{{"api_keys": "{CANARY}"}}'),
        ("HAR_SERVE__API_KEYS", "[" * 100_000 + CANARY),
        ("HAR_SERVE__API_KEYS", "[" + "9" * 5000 + f', "{CANARY}"]'),
    ],
)
def test_variables(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """JSON or none, of the right type or not: an error of ours names the variable alone."""
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=name) as caught:
        load()
    _has_no_secret("".join(traceback.format_exception(caught.value)))


@pytest.mark.parametrize(
    "content",
    [
        f"[registry]\nwebhook_secret = ['{CANARY}']\n",
        f"[registry]\nwebhook_secret = {CANARY}\n",
        f"[serve]\napi_keys = '{CANARY}'\n",
        f"registry = '{CANARY}'\n",
        f"x = {'[' * 5000}'{CANARY}'",
    ],
)
def test_a_file(content: str) -> None:
    """The same of har.toml."""
    Path("har.toml").write_text(content)
    with pytest.raises(UsageError, match=r"har\.toml") as caught:
        load()
    _has_no_secret(str(caught.value))


def test_what_is_good_is_taken_and_not_shown() -> None:
    """With a user or without, in either spelling of the secret; `repr` shows nothing of it."""
    pairs = [
        f"{_WEBHOOK}=['https://x/T0/{CANARY}', 'http://u:{CANARY}@x:8080/']",
        f"{_SIGNING}=whsec_{GOOD}",
        f"{_KEYS}=['{CANARY}-0123456789']",
        f"{_URI}=postgresql://u:{CANARY}%40@db/har",
    ]
    settings = load(pairs)
    assert settings.environment.registry.webhooks[0].get_secret_value().endswith(CANARY)
    for shown in (repr(settings), str(settings), settings.environment.model_dump_json()):
        _has_no_secret(shown)
        assert GOOD not in shown
    with pytest.raises(ValidationError) as caught:
        RegistrySettings(webhooks=f"https://x/{CANARY}", webhook_secret=[GOOD])
    _has_no_secret(str(caught.value))


SECRETS = {
    "MLFLOW_TRACKING_USERNAME": "ana",
    "MLFLOW_TRACKING_PASSWORD": f"{CANARY}-1",
    "MLFLOW_TRACKING_TOKEN": f"{CANARY}-2",
    "PREFECT_API_KEY": f"{CANARY}-3",
    "PREFECT_API_URL": f"http://u:{CANARY}-4@127.0.0.1:9/api",
    "HAR_REGISTRY__WEBHOOKS": f'["http://u:{CANARY}-5@127.0.0.1:9/{CANARY}?x={CANARY}"]',
    "HAR_REGISTRY__WEBHOOK_SECRET": GOOD,
    "HAR_SERVE__API_KEYS": f'["{CANARY}-0123456789"]',
    "PGPASSWORD": f"{CANARY}-6",
}
COMMANDS = (
    ("config",),
    ("config", "--json"),
    ("registry", "list"),
    ("registry", "notify", "--json"),
    ("registry", "rollback", "--reason", "none"),
    ("--debug", "registry", "list"),
    ("serve", "--version", "3"),
)


@pytest.mark.parametrize(
    "uri",
    [
        f"postgresql://u:{CANARY}@127.0.0.1:9/har",
        f"postgresql://u:{CANARY}@127.0.0.1:none/har",
        f"http://u:{CANARY}@127.0.0.1:9",
        f"http://u:{CANARY}@127.0.0.1:none",
        f"ftp://u:{CANARY}@127.0.0.1",
        f"postgresql://u:{CANARY}/@127.0.0.1:9/har",
    ],
)
def test_no_command_shows_a_secret(uri: str, tmp_path: Path) -> None:
    """Nor do the files that it leaves: whatever is refused or cannot be reached."""
    project = Project(tmp_path / "project", SECRETS | {"MLFLOW_TRACKING_URI": uri})
    project.folder.mkdir()
    for command in COMMANDS:
        done = project.har(*command)  # which takes back what it sets in the environment
        assert done.returncode in (0, 2, 3, 5, 6), (command, done.stderr)
        _has_no_secret(done.stdout + done.stderr)
        assert GOOD not in done.stdout + done.stderr
    for path in project.folder.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


def test_no_log_shows_a_secret() -> None:
    """Neither a line nor a traceback below it."""
    try:
        int(f"postgresql://u:{CANARY}@db/har")
    except ValueError as error:
        trace = (type(error), error, error.__traceback__)
    line = logging.LogRecord("har", 40, "", 0, f"http://u:{CANARY}@x fails", (), trace)
    _has_no_secret(LineFormatter("%(message)s").format(line))


def _has_no_secret(text: str) -> None:
    assert CANARY not in text

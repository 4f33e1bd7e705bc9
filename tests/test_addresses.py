"""No password of an address is shown, wherever the address stands."""

import pytest

from har.addresses import without_credentials
from har.cli.output import print_error
from har.errors import MissingError

SECRET = "hunter2"
ADDRESSES = [
    f"http://bob:{SECRET}@127.0.0.1:5999/x",
    f"postgresql+psycopg2://bob:{SECRET}@db.example.org/har",
    f"mysql://bob:{SECRET}@:3306@db/har",
    f"postgresql://db/har?user=bob&password={SECRET}",
    f"https://{SECRET}@models.example.org",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_errors(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither errors of ours nor those of libraries show it."""
    told = f"{address} does not answer"
    for error in (MissingError(told, expected=told, found=told, hint=told), ValueError(told)):
        print_error(error)
    shown = capsys.readouterr()
    assert "does not answer" in shown.err
    assert SECRET not in shown.out + shown.err


@pytest.mark.parametrize(
    "text", ["mail bob@example.org", "sqlite:////a/b@c/mlflow.db", "http://host/a@b", "x: //a@b"]
)
def test_nothing_else_is_changed(text: str) -> None:
    """An @ that follows no user of an address stays."""
    assert without_credentials(text) == text

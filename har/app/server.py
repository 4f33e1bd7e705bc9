"""Streamlit, started with what this page needs: nothing of it reaches anybody else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from har.app.options import AppOptions
from har.page.colours import SKY

SCRIPT = Path(__file__).parent / "script" / "page.py"
UPLOAD_MB = 200
# A page on this machine alone is asked by these names; by another one, somebody's page asks that
# made its own name lead here.
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Blue that is dark enough for words on a paler patch of itself.
ACCENT = "#005a8f"


def serve(
    options: AppOptions,
    *,
    host: str,
    port: int,
    upload_mb: int = UPLOAD_MB,
    names: Sequence[str] = (),
) -> None:
    """Serve the page until the process is ended.

    Parameters
    ----------
    options : AppOptions
        What the page is given.
    host, port
        Where it listens.
    upload_mb : int
        The largest file that it takes, MB.
    names : sequence of str
        By which browsers ask for the page, beside this machine's own.
    """
    from streamlit.web import bootstrap

    flags = settings(host=host, port=port, upload_mb=upload_mb, names=names)
    bootstrap.load_config_options(flags)
    bootstrap.run(str(SCRIPT), False, [options.to_json()], flags)


def settings(*, host: str, port: int, upload_mb: int, names: Sequence[str] = ()) -> dict[str, Any]:
    """Return Streamlit's settings, which stand above anybody's own ``config.toml``."""
    own = [*LOOPBACK, *names] if host in LOOPBACK else list(names)
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.maxUploadSize": upload_mb,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        # Pages of other sites neither open its socket nor upload to it.
        "server.allowedHosts": own,
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        # No usage is reported, and an error shows neither a traceback nor links to search it.
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "viewer",
        "theme.light.primaryColor": ACCENT,
        "theme.light.linkColor": ACCENT,
        "theme.dark.primaryColor": SKY,
        "theme.dark.linkColor": SKY,
        "theme.showWidgetBorder": True,
    }

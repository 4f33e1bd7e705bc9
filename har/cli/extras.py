"""Which extra of this package brings a library that is not installed, and how it is installed."""

import json
import re
import shlex
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from har.errors import MissingError

DISTRIBUTION = "har-workflow"
# What it was called before; where packages are published, somebody else's has that name.
_FORMERLY = "har"
_REQUIREMENT = re.compile(r'([\w.-]+).*\bextra == "(\w+)"')


def not_installed(error: ModuleNotFoundError) -> MissingError | None:
    """Return what to do about a library that is not there.

    Parameters
    ----------
    error : ModuleNotFoundError
        Of an import, or of the look-up of an installed version.

    Returns
    -------
    MissingError or None
        None if no extra brings what was not found: the program is at fault, not the
        installation.

    Examples
    --------
    >>> not_installed(ModuleNotFoundError(name="sklearn")).message
    'this command needs sklearn, which is not installed'
    >>> not_installed(ModuleNotFoundError(name="sklearn.no_such_module"))
    """
    if error.name is None or (extra := _extra_of(error.name)) is None:
        return None
    return MissingError(
        f"this command needs {error.name}, which is not installed", hint=how_to_install(extra)
    )


def how_to_install(extra: str) -> str:
    """Return the command that adds an extra to this installation, from where that came.

    A checkout and a wheel are named by their place: no index may know either.
    """
    wanted = f"{DISTRIBUTION}[{extra}]"
    installed = _installed()
    origin = json.loads((installed and installed.read_text("direct_url.json")) or "{}")
    if origin.get("dir_info", {}).get("editable"):
        folder = origin["url"].removeprefix("file://")
        return shlex.join(["pip", "install", "-e", f"{folder}[{extra}]"])
    if "url" in origin:
        wanted = f"{wanted} @ {origin['url']}"
    return shlex.join(["pip", "install", wanted])


def _installed() -> Distribution | None:
    for name in (DISTRIBUTION, _FORMERLY):
        try:
            return distribution(name)
        except PackageNotFoundError:
            continue
    return None


def _extra_of(library: str) -> str | None:
    """Return the extra that brings a library, named as it is imported or distributed."""
    from har.lineage.code import DISTRIBUTIONS

    installed = _installed()
    lines = (installed.requires if installed else None) or []
    found = [_REQUIREMENT.match(line) for line in lines]
    extras = {_normal(match[1]): match[2] for match in found if match}
    names = map(_normal, DISTRIBUTIONS.get(library, (library,)))
    return next((extras[name] for name in names if name in extras), None)


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")

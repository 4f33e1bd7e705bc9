"""Which extra of this package brings a library that is not installed."""

import re
from importlib.metadata import PackageNotFoundError, requires

from har.errors import MissingError

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
    >>> print(not_installed(ModuleNotFoundError(name="sklearn")))
    this command needs sklearn, which is not installed
      to do: pip install har[train]
    >>> not_installed(ModuleNotFoundError(name="sklearn.no_such_module"))
    """
    if error.name is None or (extra := _extra_of(error.name)) is None:
        return None
    return MissingError(
        f"this command needs {error.name}, which is not installed",
        hint=f"pip install har[{extra}]",
    )


def _extra_of(library: str) -> str | None:
    """Return the extra that brings a library, named as it is imported or distributed."""
    from har.lineage.code import DISTRIBUTIONS

    try:
        found = [_REQUIREMENT.match(line) for line in requires("har") or ()]
    except PackageNotFoundError:
        return None
    extras = {_normal(match[1]): match[2] for match in found if match}
    names = map(_normal, DISTRIBUTIONS.get(library, (library,)))
    return next((extras[name] for name in names if name in extras), None)


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")

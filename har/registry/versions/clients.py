"""What clients see differ when one version serves instead of another."""

from collections.abc import Iterator

from har.data.channels import described
from har.errors import HarError
from har.registry.handle import Registry
from har.registry.versions.files import fetch
from har.registry.versions.version import Version
from har.serving.predictor import Predictor


def seen_by_clients(registry: Registry, version: Version, former: Version) -> list[str]:
    """Say what changes for clients, besides answers, when a version takes another's place.

    Parameters
    ----------
    registry : Registry
        The model.
    version, former : Version
        The version that serves then, and the one that served before.

    Returns
    -------
    list of str
        Empty if nothing changes. Where a build tells nothing of itself, that is said.
    """
    builds = []
    for one in (version, former):
        try:
            builds.append(Predictor(fetch(registry, one)))
        except HarError as error:
            return [
                f"not known: the build of version {one.number} cannot be asked ({error.message})"
            ]
    return list(differences(*builds))


def differences(now: Predictor, before: Predictor) -> Iterator[str]:
    """Yield what clients see differ between two builds, a short sentence each."""
    fewer = [name for name in before.classes if name not in now.classes]
    more = [name for name in now.classes if name not in before.classes]
    if fewer:
        yield f"never answers {', '.join(fewer)}"
    if more:
        yield f"also answers {', '.join(more)}"
    pairs: dict[str, list[str]] = {
        "reads": [described(p.channels, gravity=p.gravity) for p in (now, before)],
        "window": [_window(p) for p in (now, before)],
        "answers unknown": [_unknown(p) for p in (now, before)],
        "smoothed by": [p.default_smoother for p in (now, before)],
    }
    for what, (own, other) in pairs.items():
        if own != other:
            yield f"{what}: {own}, not {other}"


def _window(p: Predictor) -> str:
    return f"{p.window.length_s:g} s every {p.window.hop_s:g} s at {p.rate_hz:g} Hz"


def _unknown(p: Predictor) -> str:
    return "where a window is unlike its training" if p.has_distance else "never"

"""Whether a version is what was judged and what it was made of, computed anew from bytes.

>>> from har.registry.verify import verify
>>> findings = verify(registry, version)  # doctest: +SKIP
>>> [one for one in findings if not one.good]  # doctest: +SKIP

- `har.registry.verify.finding`: what was looked at, and how it was found.
- `har.registry.verify.registered`: the record, the files, the judgement, MLflow's own entries,
  the history and the aliases.
- `har.registry.verify.sources`: the store's entries, the windows, the split, the raw files.
"""

from har.registry.verify.finding import Finding, Standing
from har.registry.verify.version import verify

__all__ = ["Finding", "Standing", "verify"]

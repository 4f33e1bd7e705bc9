"""Model versions in the MLflow registry: made, found, judged and moved.

Whoever works on a registry opens one handle (`har.registry.handle`) and passes it on. The
rooms, each of which imports from those below it alone:

- `har.registry.decision`: one page to decide between two versions.
- `har.registry.gate`: may it serve? Checks, rules, the decision, promotion, approval.
- `har.registry.moves`: from stage to stage, whatever is killed in between; rollback,
  reconciliation, adoption, retention.
- `har.registry.versions`: registered once, listed, found, fetched, verified, compared.
- `har.registry.notices`: who hears of it.
- `har.registry.history`: what happened, where versions stand, and what served when.
- `har.registry.handle`, `reading`, `connection`, `identity`: one model, what it says, how
  MLflow is reached, and who acts. `database` makes the local one; `locations` knows where
  its files are.

What moves a version takes the handle and a selector (an alias, a number or a stage), which
it resolves after it has completed what a dead process left; what reads one takes the
handle and a `har.registry.versions.version.Version`.

>>> from har.config import load
>>> from har.registry.handle import Registry
>>> from har.registry.versions.files import fetch
>>> from har.registry.versions.lookup import find
>>> registry = Registry.open(load().environment)
>>> fetch(registry, find(registry, "champion"))  # doctest: +SKIP
PosixPath('data/store/onnx/6f1c…/model.onnx')
"""

"""Model versions in the MLflow registry: made, found, judged and moved.

- `har.registry.connection`: the MLflow server or the local database.
- `har.registry.candidate`: what is registered as one version.
- `har.registry.versions`: `register`, `list_versions`, `find`, `fetch`.
- `har.registry.stages`: which moves between stages there are, as rules alone.
- `har.registry.gate`, `har.registry.rules`: the rules of promotion, on data alone.
- `har.registry.promotion`: `promote`, which records a decision and then moves the version.
- `har.registry.approval`, `har.registry.rollback`, `har.registry.reconcile`: the other moves.
- `har.registry.shadow`: a challenger beside the champion on the same recordings.
- `har.registry.comparison`: two versions side by side, as data; `comparison_page` shows it.
- `har.registry.adoption`: a registry that was made by hand.
- `har.registry.retention`: what nobody needs any more.
- `har.registry.notices`, `har.registry.delivery`: who hears of what happens.
- `har.registry.trail`, `har.registry.history`: what happened, and what it amounts to.
- `har.registry.moves`: the one place that writes aliases and stages.

>>> from har.config import Settings
>>> from har.registry.versions import fetch, find
>>> fetch(find("champion", Settings()), Settings())  # doctest: +SKIP
PosixPath('data/store/onnx/6f1c…/model.onnx')
"""

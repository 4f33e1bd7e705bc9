"""Model versions in the MLflow registry: made, found, judged and moved.

- `har.registry.connection`: the MLflow server or the local database.
- `har.registry.candidate`: what is registered as one version.
- `har.registry.versions`: `register`, `list_versions`, `find`, `fetch`.
- `har.registry.gate`: the rules of promotion, on data alone.
- `har.registry.promotion`: `promote`, which records a decision and then moves the alias.

>>> from har.config import Settings
>>> from har.registry.versions import fetch, find
>>> fetch(find("champion", Settings()), Settings())  # doctest: +SKIP
PosixPath('data/store/onnx/6f1c…/model.onnx')
"""

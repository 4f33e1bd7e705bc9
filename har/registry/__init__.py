"""Model versions in the MLflow registry: made, found, judged and moved.

Rooms, each of which imports from those below it alone:

- `har.registry.gate`: may it serve? Rules, decisions, promotion, approval.
- `har.registry.moves`: from stage to stage, whatever is killed in between.
- `har.registry.versions`: registered once, found, fetched, compared.
- `har.registry.notices`: who hears of it.
- `har.registry.history`: what happened, and who served when.
- `har.registry.connection`: the MLflow server or the local database.

>>> from har.config import Settings
>>> from har.registry.versions.lookup import fetch, find
>>> fetch(find("champion", Settings()), Settings())  # doctest: +SKIP
PosixPath('data/store/onnx/6f1c…/model.onnx')
"""

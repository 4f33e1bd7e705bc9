"""Versions: made once of a candidate, listed, found by name, compared, verified by content.

- `lookup`: `register`, `list_versions`, `find`, `fetch`.
- `candidate`: what is registered as one version; `facts` and `card` say it to MLflow's pages.
- `mlflow_run`: one run that holds all of a candidate; `leftovers` removes what a kill left.
- `files`: whether the files of a version are the registered ones.
- `comparison`: two versions side by side, as data; `comparison_page` shows it.
"""

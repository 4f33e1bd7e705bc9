"""Versions: made once of a candidate, listed, found by name, compared, verified by content.

- `candidate`: what is registered as one version; `facts` and `card` say it to MLflow's pages.
- `registration`: `register` makes a version, or finds the one that a candidate already is.
- `mlflow_run`: one run that holds all of a candidate; `leftovers` removes what a kill left.
- `lineage`: the lineage record of a candidate.
- `version`: one version, as its tags describe it; `decision` is the gate's verdict among them.
- `judgement`: that verdict as files of the version's run, which no kill loses.
- `lookup`: `list_versions`, and `find` by alias, number or stage.
- `files`: `fetch` what serves, `read_lineage`, `verified_files` against what was registered.
- `comparison`: two versions side by side, as data; `comparison_page` shows it.
"""

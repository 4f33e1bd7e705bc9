"""Versions: made once of a candidate, listed, found by name, compared, verified by content.

- `candidate`: what is registered as one version; `facts` and `card` say it to MLflow's pages.
- `registration`: `register` makes a version, or finds the one that a candidate already is.
- `mlflow_run`: one run that holds all of a candidate; `leftovers` removes what a kill left.
- `lineage`: the lineage record of a candidate.
- `version`: one version, as its tags describe it; `decision` is the gate's, `gate_file` keeps it.
- `judgement`: that decision before the history names it, so that no kill loses it.
- `lookup`: `list_versions`, and `find` by alias, number or stage.
- `files`: `fetch` what serves, `read_lineage`, `verified_files` against what was registered.
- `comparison`: two versions side by side, as data.
- `description`: what MLflow shows of a version, true as it moves.
- `promoted`: what an alias stands for by the history.
"""

"""The gate: rules that decide where a version goes, and the promotion that follows.

- `checks`: what the gate asks beside scores, gathered from the steps of a run.
- `rules`: what each rule holds a version's evidence against.
- `judge`: all of them on one version, to a decision.
- `promotion`: `promote`, which records a decision and then moves the version.
- `approval`: promotions that wait for a second person.
- `policy`: the bounds that the registry keeps, changed as promotions are: with a second person.
"""

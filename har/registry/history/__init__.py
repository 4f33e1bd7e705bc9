"""The history of a model: what happened, in which order, and what it amounts to.

- `stages`: which moves between stages there are, as rules alone.
- `trail`: the append-only log in MLflow, with a copy on this machine.
- `placement`: where versions stand, and what was in Production when, from the events.
"""

"""Moves: recorded in the history, carried out in MLflow, read back.

- `mover`: the one place that writes aliases and stages; it completes what a kill left.
- `observation`: what MLflow says of where versions stand, and where that is unexpected.
- `rollback`: back to a version that served before.
- `reconcile`: what was moved without the history, reported, adopted or put back.
- `adoption`: a registry that was made by hand.
- `retention`: what nobody needs any more.
"""

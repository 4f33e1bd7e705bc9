"""The history of a model: what happened, in which order, and what it amounts to.

- `stages`: which moves between stages there are, as rules alone.
- `events`: one class per kind of event: what it holds, and what it says to people; those of
  moves, and those of versions that stay where they are.
- `trail`: the append-only log in MLflow, with a copy on this machine.
- `placement`: where versions stand by the events, and what waits for an answer.
- `rows`: the events as rows that people read.
- `production`: what was in Production when; `clock` marks events whose time goes back.
- `policy`: the bounds that the registry keeps, and how one command bends them.
"""

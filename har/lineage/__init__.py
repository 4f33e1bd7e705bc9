"""Digests, the lineage record of a model version, and the chain of decisions.

- `har.lineage.digest`: SHA-256 of files, folders, arrays, settings and code.
- `har.lineage.origin`: which data, whose data, which code, which machine.
- `har.lineage.record`: all of it in one in-toto statement, ``lineage.json``.
- `har.lineage.difference`: what differs between two of those.
- `har.lineage.audit`: an append-only log whose lines carry each other's digests.
"""

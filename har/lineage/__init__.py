"""Digests, the lineage record of a model version, and the chain of decisions.

- `har.lineage.digest`: SHA-256 of files, folders, arrays, settings and code.
- `har.lineage.origin`: which data, whose data, which libraries, which machine.
- `har.lineage.repository`: which code: the commit, and what differs from it.
- `har.lineage.journal`: what a run writes down of itself as it goes.
- `har.lineage.record`: the types of ``lineage.json``, one in-toto statement with all of it.
- `har.lineage.typed`: frozen types and files of JSON at the border, which keep what they do
  not know.
- `har.lineage.manifest`: what a step's output says of itself.
- `har.lineage.difference`: what differs between two of those.
- `har.lineage.audit`: an append-only log whose lines carry each other's digests.
- `har.lineage.signing`: signatures over a version's files, and signed claims about them.
"""

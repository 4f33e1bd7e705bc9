"""Digests and the lineage record of a model version."""

"""Digests in their canonical form."""

import hashlib

import numpy as np

from har.lineage import digest


def test_canonical_json() -> None:
    """Key order and spacing do not matter, and the form is the one that was hashed."""
    a, b = {"b": [1, 2.5], "a": "m/s²"}, {"a": "m/s²", "b": [1, 2.5]}
    assert digest.canonical(a) == '{"a":"m/s²","b":[1,2.5]}'.encode()
    assert digest.of_json(a) == digest.of_json(b)
    assert digest.of_json(a) == hashlib.sha256(digest.canonical(b)).hexdigest()


def test_array() -> None:
    """Memory order and byte order do not matter; dtype, shape and values do."""
    a = np.arange(6, dtype="<f4").reshape(2, 3)
    same = [np.asfortranarray(a), a.astype(">f4"), a.copy()]
    other = [a.reshape(3, 2), a.astype("<f8"), a + 1]
    assert {digest.of_array(x) for x in same} == {digest.of_array(a)}
    assert len({digest.of_array(x) for x in [a, *other]}) == 4

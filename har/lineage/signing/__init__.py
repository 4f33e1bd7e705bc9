"""Signatures over a version's files, and signed statements about them.

- `har.lineage.signing.keys`: a private key of elliptic curves, and the public keys one trusts.
- `har.lineage.signing.folder`: a folder signed as OpenSSF model signing (OMS) does it, which
  the public command `model_signing` verifies without this package.
- `har.lineage.signing.claims`: statements about such a folder by its root digest, one line each,
  signed and verified one by one.
"""

# In a version's run; here, because not every host has what signs.
CLAIMS = "claims.jsonl"

"""Recordings whose samples were copied, whole or in part, under another name.

Every 64 rows in a row have a hash of their values, whatever their time and place in
the recording; one in 64 of these hashes, chosen by its value, is a fingerprint. So a
copy has its original's fingerprints wherever it starts. Recordings with a fingerprint
in common are then compared row by row.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from har import parquet
from har.arrays import Float32
from har.data.ingested import Copy
from har.data.recording import CHANNELS
from har.lineage import digest

# Rows in one hash: 0.6 to 3 s, which is longer than what two people share by chance.
ROWS = 64
KEPT = 64  # one hash in so many is a fingerprint
MIN_SHARE = 0.1
MIN_CHANGES = ROWS // 4  # rows unlike the one before; fewer are a stuck sensor or padding

Hashes = npt.NDArray[np.uint64]


def find_copies(folder: Path) -> list[Copy]:
    """Return the pairs of recordings that share a tenth or more of the shorter one.

    Whole copies are found at any length. A copied part of n rows is missed with the
    chance (63/64)ⁿ⁻⁶³: 1 % at 360 rows. Of three or more recordings with the same
    samples, each is paired with the longest.

    Parameters
    ----------
    folder : Path
        Of recordings, which are read one at a time (those that share something, two);
        24 bytes per fingerprint stay in memory.
    """
    whole: dict[str, str] = {}
    copies: list[Copy] = []
    prints: dict[str, tuple[int, Hashes]] = {}
    for path in sorted(folder.glob("*.parquet")):
        name, samples = path.stem, _samples(path)
        original = whole.setdefault(digest.of_array(samples), name)
        if original != name:
            copies.append(Copy(recording=name, same_as=original, share=1.0))
        else:
            prints[name] = (len(samples), _fingerprints(samples))
    longest_first = sorted(prints, key=lambda name: (-prints[name][0], name))
    for longer, shorter in _sharing({name: prints[name][1] for name in longest_first}):
        share = _share(*(_samples(folder / f"{n}.parquet") for n in (shorter, longer)))
        if share >= MIN_SHARE:
            copies.append(Copy(recording=shorter, same_as=longer, share=round(share, 4)))
    return sorted(copies, key=lambda copy: (copy.recording, copy.same_as))


def _samples(path: Path) -> Float32:
    """Return the samples of a recording, of shape (n_samples, n_channels), and nothing else."""
    table = parquet.read(path, CHANNELS)
    return np.column_stack([table[channel].to_numpy() for channel in CHANNELS])


def _fingerprints(samples: Float32) -> Hashes:
    hashes, lively = _hashes(samples)
    return np.unique(hashes[lively & (hashes % np.uint64(KEPT) == 0)])


def _hashes(values: Float32) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """Return, for each row, the hash of the `ROWS` rows that begin there, and if they vary.

    Rows that hardly vary are a stuck sensor or padding (`MIN_CHANGES`).
    """
    if len(values) < ROWS:
        return np.empty(0, np.uint64), np.empty(0, bool)
    rows = _row_hashes(values)
    hashes = _mixed(_rolling(rows))
    changes = np.concatenate([[0], np.cumsum(rows[1:] != rows[:-1])])
    return hashes, changes[ROWS - 1 :] - changes[: len(hashes)] >= MIN_CHANGES


def _share(shorter: Float32, longer: Float32) -> float:
    """Return the share of the shorter one's rows that stand in the longer one."""
    hashes, lively = _hashes(shorter)
    common = lively & np.isin(hashes, _hashes(longer)[0])
    return float(_covered(common) / _covered(lively))


def _covered(starts: npt.NDArray[np.bool_]) -> int:
    """Count the rows that lie in any of the marked spans; each is `ROWS` long from its start."""
    edges = np.zeros(len(starts) + ROWS, np.int64)
    edges[: len(starts)] += starts
    edges[ROWS:] -= starts
    return int((np.cumsum(edges) > 0).sum())


def _row_hashes(values: Float32) -> Hashes:
    """Hash the bits of each row; -0 is 0, and what is missing is one value."""
    values = np.where(np.isnan(values), np.float32(np.nan), values + np.float32(0))
    bits = np.ascontiguousarray(values).view(np.uint32)
    hashes = np.zeros(len(values), np.uint64)
    for column in bits.T:
        hashes = _mixed(hashes ^ column.astype(np.uint64))
    return hashes


def _mixed(hashes: Hashes) -> Hashes:
    """Spread every bit over all others (the finaliser of SplitMix64)."""
    hashes = hashes + np.uint64(0x9E3779B97F4A7C15)
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def _rolling(rows: Hashes) -> Hashes:
    """Return a polynomial hash modulo 2⁶⁴ of every `ROWS` rows, from sums over all before."""
    base = 0x9E3779B97F4A7C15  # odd, so it has an inverse
    inverse = pow(base, -1, 2**64)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(rows * _powers(base, len(rows)))])
    windows: Hashes = sums[ROWS:] - sums[:-ROWS]
    return np.multiply(windows, _powers(inverse, len(windows)))


def _powers(base: int, n: int) -> Hashes:
    factors = np.full(n, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)


def _sharing(prints: dict[str, Hashes]) -> list[tuple[str, str]]:
    """Return the pairs with a common fingerprint: the first that has it, and each other one."""
    names = list(prints)
    if not names:
        return []
    hashes = np.concatenate(list(prints.values()))
    owners = np.repeat(np.arange(len(names)), [len(own) for own in prints.values()])
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    new = np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)]
    first = owners[np.flatnonzero(new)[np.cumsum(new) - 1]]
    pairs = set(zip(first[~new].tolist(), owners[~new].tolist(), strict=True))
    return [(names[a], names[b]) for a, b in sorted(pairs)]

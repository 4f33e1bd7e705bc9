"""From what a source read to canonical recordings: units, order, one clock, one taxonomy."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from har.arrays import Float64
from har.data import rates
from har.data.activities import in_order
from har.data.gravity import STANDARD_GRAVITY
from har.data.ingest import checks
from har.data.ingest.joining import Pair, Untrusted, join, pairs
from har.data.ingest.ledger import Ledger
from har.data.ingest.magnetometer import Magnetometer
from har.data.ingest.streams import Stream
from har.data.ingest.text import joined
from har.data.ingest.vocabulary import Vocabulary, refuse_quantity
from har.data.recording import (
    ACC,
    CHANNELS,
    GYRO,
    MAG,
    MORE_CHANNELS,
    Recording,
    RecordingMeta,
    make_table,
    values_of,
)
from har.data.same_time import averaged
from har.data.schema import check_units, validate
from har.data.sources.base import Raw, Source, Table
from har.errors import DataError
from har.lineage import digest

FACTORS = {"m/s2": 1.0, "g": STANDARD_GRAVITY, "rad/s": 1.0, "deg/s": np.pi / 180}
RATE_TOLERANCE = 0.05


@dataclass(frozen=True)
class Origin:
    """What all recordings of an item share.

    Attributes
    ----------
    dataset : str
        Name under which the data set is ingested.
    source : Source
        What it is.
    digests : dict
        SHA-256 of the item's raw files.
    placements : tuple of str
        Those that the user asked for; empty: all.
    """

    dataset: str
    source: Source
    digests: dict[str, str]
    placements: tuple[str, ...] = ()


def harmonise(raw: Raw, origin: Origin, ledger: Ledger) -> Iterator[Recording]:
    """Yield the canonical recordings of a raw one; every row is told to the ledger.

    Time starts at 0 and strictly increases; a clock that was set back starts another
    recording, and so do long ones (`har.data.ingest.streams`), so that memory holds a part of
    each table and no more. A recording that cannot be trusted (wrong unit, no samples) is
    quarantined whole; of a long one, each part is judged by itself.

    Parameters
    ----------
    raw : Raw
        As its source read it.
    origin : Origin
        Of its item.
    ledger : Ledger
        Of its item.

    Yields
    ------
    Recording
        At its native rate, in m/s² and rad/s.
    """
    subject = slug(raw.subject)
    place = (raw.placement,) if len(origin.source.placements) > 1 else ()
    name = "-".join((origin.dataset, subject, *place, slug(raw.name)))
    streams = [
        Stream(
            table,
            convert=partial(_to_si, raw=raw),
            check=partial(checks.check_range, name=name),
            ledger=ledger,
        )
        for table in raw.tables
    ]
    acc, gyro = streams[0], streams[1] if len(streams) > 1 else None
    field = Magnetometer(raw.field, name, ledger)
    before = ledger.rows_kept, ledger.rows_repaired
    try:
        for pair in pairs(acc, gyro, ledger):
            part = name + pair.acc.suffix
            for recording in _of_pair(pair, field, part, raw, origin, ledger):
                kept, repaired = ledger.rows_kept - before[0], ledger.rows_repaired - before[1]
                meta = replace(recording.meta, rows_kept=kept, rows_repaired=repaired)
                yield Recording(recording.table, meta)
            before = ledger.rows_kept, ledger.rows_repaired
    except Untrusted as untrusted:
        rest = itertools.chain(untrusted.rows, *(stream.rest() for stream in streams))
        _reject(rest, name, untrusted.error, ledger)
    field.close()


def _of_pair(
    pair: Pair, field: Magnetometer, name: str, raw: Raw, origin: Origin, ledger: Ledger
) -> Iterator[Recording]:
    """Yield the recording of a stretch, or none."""
    try:
        timed = [_timed(rows, name, ledger) for rows in pair.tables]
    except DataError as error:
        _reject(pair.tables, name, error, ledger)
        return
    acc, *others = timed
    if others:
        pair = replace(pair, acc=replace(pair.acc, rows=acc), gyro=others[0])
        acc, *others = join(pair, _averaged, name, ledger)
    at = partial(field.at, pair.acc.clock)
    for made in _recording(acc, *others, name=name, raw=raw, origin=origin, ledger=ledger, at=at):
        if set(MAG) <= set(made.table):
            field.keep()
        yield made


def whole(table: Table) -> pd.DataFrame:
    """Return a table, its blocks joined."""
    return table if isinstance(table, pd.DataFrame) else joined(list(table))


def _to_si(table: pd.DataFrame, raw: Raw) -> pd.DataFrame:
    factors = dict.fromkeys(ACC, FACTORS[raw.acc_unit]) | dict.fromkeys(
        GYRO, FACTORS[raw.gyro_unit]
    )
    changed = {c: table[c] * f for c, f in factors.items() if c in table and f != 1.0}
    return table.assign(**changed)


def _timed(rows: pd.DataFrame, name: str, ledger: Ledger) -> pd.DataFrame:
    """Give the samples of batches, which have one time each, times of their own."""
    time = rows["time_s"].to_numpy()
    even = rates.spread(time, name)
    if even is time:
        return rows
    ledger.repair(rows, even != time, "given a time of its own within its batch")
    return rows.assign(time_s=even)


def _averaged(rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Average samples with the same time; where their labels differ, the row has no label."""
    repeated = rows["time_s"].duplicated(keep=False).to_numpy()
    if not repeated.any():
        return rows
    ledger.repair(rows, repeated, "averaged with others of the same time")
    group = (~rows["time_s"].duplicated()).cumsum().to_numpy() - 1
    first = rows[~rows["time_s"].duplicated()].reset_index(drop=True)
    present = [c for c in (*CHANNELS, *MORE_CHANNELS) if c in rows]
    first[present] = averaged(rows["time_s"].to_numpy(), values_of(rows, present))[1]
    codes = pd.factorize(rows["label"])[0]
    mixed = pd.Series(codes).groupby(group).nunique().to_numpy() > 1
    first.loc[mixed, "label"] = None
    return first


def _recording(
    rows: pd.DataFrame,
    *gyro: pd.DataFrame,
    name: str,
    raw: Raw,
    origin: Origin,
    ledger: Ledger,
    at: Callable[[Float64], Float64 | None],
) -> Iterator[Recording]:
    """Yield a recording, or none.

    `gyro` are the rows that its angular velocity is from; `at` returns the magnetic field at
    some times, if it is apart.
    """
    if rows["time_s"].nunique() < 2:
        for table in (rows, *gyro):
            ledger.quarantine(table, "fewer than two different times in a recording")
        return
    rate_hz = rates.estimate(rows["time_s"].to_numpy())
    try:
        check_units(rows, name, holds_gravity=raw.gravity)
    except DataError as error:
        _reject([rows, *gyro], name, error, ledger)
        return
    told = _averaged(rows, ledger)
    for table in (rows, *gyro):
        ledger.keep(table)
    start_s = float(told["time_s"].iloc[0])
    meta = RecordingMeta(
        dataset=origin.dataset,
        recording_id=name,
        subject_id=f"{origin.dataset}-{slug(raw.subject)}",
        rate_hz=_declared_or(rate_hz, origin.source.rate_hz, name, ledger),
        placement=raw.placement,
        licence=origin.source.licence,
        source=origin.digests,
        conversions=(*raw.conversions, *_conversions(raw)),
        device=raw.device,
        start_s=start_s,
        gravity=raw.gravity,
        recorder=raw.recorder,
        app=raw.app,
        clock=raw.clock,
    )
    columns = {c: told[c].to_numpy() for c in CHANNELS if c in told}
    columns |= _magnetic_field(told, at, name, ledger)
    columns["time_s"] = told["time_s"].to_numpy() - start_s
    recording = Recording(make_table(meta, columns, _activities(told, origin, name, ledger)), meta)
    validate(recording, units=False)
    for kind, detail in checks.oddities(rows, recording):
        ledger.warn(name, kind, detail)
    yield recording


def _magnetic_field(
    rows: pd.DataFrame,
    at: Callable[[Float64], Float64 | None],
    name: str,
    ledger: Ledger,
) -> dict[str, Float64]:
    """Return the axes of the magnetometer, or none where they cannot be trusted.

    No row is set aside for it: it serves those few models that ask for it.
    """
    try:
        if set(MAG) <= set(rows):
            values: Float64 | None = values_of(rows, MAG)
        else:
            values = at(rows["time_s"].to_numpy())
        if values is None:
            return {}
        checks.check_magnetometer(values)
    except DataError as error:
        ledger.warn(name, "no magnetometer", f"{error.message}: {error.found}")
        return {}
    return dict(zip(MAG, values.T, strict=True))


def _reject(tables: Iterable[pd.DataFrame], name: str, error: DataError, ledger: Ledger) -> None:
    for table in tables:
        ledger.quarantine(table, error.message.removeprefix(f"{name}: "))
    ledger.reject(name, error)


def _declared_or(found: float, declared: float | None, name: str, ledger: Ledger) -> float:
    """Return the declared rate if the timestamps agree with it, else theirs."""
    if declared is None:
        return found
    if abs(found / declared - 1) <= RATE_TOLERANCE:
        return declared
    ledger.warn(name, "rate", f"{found:.4g} Hz by its timestamps, declared as {declared:g} Hz")
    return found


def _conversions(raw: Raw) -> list[str]:
    units = {"acceleration": raw.acc_unit, "angular velocity": raw.gyro_unit}
    return [
        f"{what} = {unit} * {FACTORS[unit]!r}" for what, unit in units.items() if FACTORS[unit] != 1
    ]


def slug(text: str) -> str:
    """Return text as part of a file's name; what had to be changed is told apart by a digest.

    >>> slug("exp01"), slug("../x")
    ('exp01', 'x-d6b96a97')
    """
    plain = re.sub(r"[^\w.\-]+", "-", text, flags=re.ASCII).strip("-.")[:80]
    return plain if plain == text else f"{plain}-{digest.of_bytes(text.encode())[:8]}".strip("-")


def distinct(paths: Iterable[str], nameless: str = "") -> list[str]:
    """Return a name for each path that fits a folder, no two alike; of ``""``, the nameless one.

    >>> distinct(["a/b.csv", "c d.csv", "c+d.csv"])
    ['a-b.csv', 'c-d.csv-8416ecc0', 'c-d.csv-5d80d86b']
    """
    given = list(paths)
    plain = [re.sub(r"[^\w\-.]+", "-", path or nameless) for path in given]
    same = Counter(plain)
    return [slug(path) if same[name] > 1 else name for path, name in zip(given, plain, strict=True)]


def _activities(rows: pd.DataFrame, origin: Origin, name: str, ledger: Ledger) -> "pd.Categorical":
    """Translate labels; a word that nobody knows is a synonym, or an activity of its own.

    Where the data set is published with a list of its words, it is unlabelled and told.
    """
    vocabulary = Vocabulary.of(origin.source)
    words = pd.Categorical(rows["label"]).remove_unused_categories()
    texts = [str(word).strip() for word in words.categories]
    found = [vocabulary.find(text) for text in texts]
    new = {w: activity for w, (activity, known) in zip(texts, found, strict=True) if not known}
    if vocabulary.closed and new:
        ledger.warn(name, "unknown label", ", ".join(repr(word[:40]) for word in [*new][:5]))
    ledger.own_words |= {word: activity for word, activity in new.items() if activity}
    refuse_quantity(ledger.own_words, name)
    names = in_order(activity for activity, _ in found if activity)
    codes = np.array([names.index(activity) if activity else -1 for activity, _ in found] + [-1])
    return pd.Categorical.from_codes(codes[words.codes], categories=pd.Index(names, dtype="str"))

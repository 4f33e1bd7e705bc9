"""Recordings as ingestion and prediction read them: every row is in a count, no value changes."""

import codecs
import io
import itertools
import json
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import graphs
import numpy as np
import pyarrow.parquet as pq
from recorder_files import SAMPLES

from fuzz import damage, layouts
from fuzz.target import Files, Seeds, Target, require
from har import parquet
from har.data import gravity, sources
from har.data.ingest import own, published
from har.data.ingest.files import RawFiles, open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import QUARANTINE, write_item
from har.data.ingest.plan import Plan
from har.data.ingest.rawfiles import reading
from har.data.ingest.refusal import Refused
from har.data.ingested import Account
from har.data.recording import ACC, CHANNELS, MAG, Recording, read_recordings
from har.errors import DataError
from har.serving.content import content, rows_of
from har.serving.predictor import Predictor
from har.serving.recordings import Aim, UserRecording, open_user_files
from har.serving.timeline import Predicted, predict_recording

# What people who stand or walk have, m/s²; and rows of which some damage cannot change it.
LEVEL, ENOUGH = (7.0, 13.0), 50
FIELD = (40.0, 56.0)  # µT, of all inputs with a magnetometer
# Seeds whose rows are those of `layouts`, one of them a line.
OWN = ("lab", "lab-gz", "lab-parquet", "lab-pandas")
# Their values may change unseen: nothing in the file would tell.
UNCHECKED = ("lab-pandas",)
ONE_ROW_A_LINE = ("lab", "sp-sw-har")
COUNTED = ("rows_in", "rows_kept", "rows_repaired", "rows_quarantined", "rows_left_out")


@cache
def seeds() -> Seeds:
    """Return sound inputs: tables of one's own, data sets and recorders."""
    return {**layouts.own(), **layouts.recorded(), **layouts.published()}


@cache
def predicted_seeds() -> Seeds:
    """Return the same; a person may have any of them predicted."""
    _predictor()  # in a folder of its own, and not in an input's
    return seeds()


def damaged(files: Files, chance: Random) -> Files:
    """Return files with faults, some of them under odd names or in an archive."""
    fault = _fault_of(files, chance)
    changed: Files = damage.some_damaged(files, chance, fault) if chance.random() < 0.9 else files
    if changed and chance.random() < 0.1:
        changed = damage.renamed(changed, chance)
    return damage.packed(changed, chance) if changed and chance.random() < 0.25 else changed


def _fault_of(files: Files, chance: Random) -> damage.Fault:
    if files == layouts.own()["lab-parquet"]:
        return _pages_flipped
    if files == layouts.own()["lab-pandas"] and chance.random() < 0.5:
        return _otherwise_described
    return damage.damaged


def _otherwise_described(content: bytes, chance: Random) -> bytes:
    """Return a Parquet file in which pandas says something else of its columns."""
    table = pq.read_table(io.BytesIO(content))
    said = damage.json_damaged(table.schema.metadata[b"pandas"], chance)
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({b"pandas": said}), buffer)
    return buffer.getvalue()


def _pages_flipped(content: bytes, chance: Random) -> bytes:
    """Return a Parquet file with some other bytes where its values are: not in its footer."""
    footer = 8 + int.from_bytes(content[-8:-4], "little")
    pages, rest = content[:-footer], content[-footer:]
    for _ in range(chance.randint(1, 20)):
        pages = damage.flip(pages[:-1], chance)[: len(pages) - 1] + pages[-1:]
    return pages + rest


def _path(folder: Path) -> Path:
    """Return the archive that an input is, or its folder."""
    inside = list((folder / "input").iterdir())
    is_archive = len(inside) == 1 and inside[0].name.startswith("set.")
    return inside[0] if is_archive else folder / "input"


# --- ingestion -------------------------------------------------------------------------------


def ingest(seed: str, folder: Path) -> Counter[str]:
    """Ingest an input item by item; every row and every file must be in the account."""
    files = open_files(_path(folder))
    published.recognise(files)
    if seed in sources.names():
        source = sources.get(seed)
    else:
        plan = own.plan(files, _stated(seed), str(files.root))
        check_names(files, plan)
        source = own.source(seed, plan)
    total: Counter[str] = Counter()
    for number, item in enumerate(source.items(files)):
        out = folder / "out" / str(number)
        out.mkdir()
        write_item(out, files, item, Origin(seed, source, {}))
        account = Account.read(out)
        recordings = list(read_recordings(out / "recordings"))
        _check_account(account, out)
        if Refused.beside(out) is None and seed in ONE_ROW_A_LINE:
            lines = lines_of(files, item.files)
            require(account.rows_in == lines, f"{account.rows_in} rows of {lines} lines")
        samples = sum(len(recording.table) for recording in recordings)
        require(samples == account.samples, f"samples: {samples}, not {account.samples}")
        _check_values(seed, folder, recordings)
        total += Counter({name: getattr(account, name) for name in COUNTED})
    return total


def _stated(seed: str) -> dict[str, str]:
    return SAMPLES[seed].stated if seed in SAMPLES else {}


def check_names(files: RawFiles, plan: Plan) -> None:
    """Require that every file is of a recording, or is left out with a reason."""
    taken = {name for item in plan.items for name in item.files} | set(plan.left)
    lost = set(files.names) - taken
    require(not lost, f"files in no account: {sorted(lost)[:3]}")


def _check_account(account: Account, out: Path) -> None:
    counts = [getattr(account, name) for name in COUNTED]
    require(sum(counts[1:]) == counts[0], f"rows do not add up: {counts}")
    n = 0
    if (out / QUARANTINE).exists():
        kept = parquet.read_frame(out / QUARANTINE)
        n = int(kept["rows"].sum()) if "rows" in kept else len(kept)
    require(n == account.rows_quarantined, "rows in quarantine: not all are kept")
    reasons = sum(account.reasons.values())
    require(reasons == account.rows_quarantined, "rows in quarantine: not all have a reason")


def lines_of(files: RawFiles, names: tuple[str, ...]) -> int:
    """Count the lines below the names that are not blank, by other means than the reader's.

    Names that stand there twice are names twice.
    """
    total = 0
    for name in names:
        with files.open(name) as file:
            text = _text(file.read())
        names_line, *lines = re.split("\r{0,2}\n|\r", text)
        rows = itertools.dropwhile(lambda line, first=names_line: line == first, lines)
        total += sum(bool(line.strip(" \t\x0b\x0c")) for line in rows)
    return total


def _text(content: bytes) -> str:
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16", "replace") if is_wide else content.decode("latin-1")


# --- prediction ------------------------------------------------------------------------------


@cache
def _predictor() -> Predictor:
    with tempfile.TemporaryDirectory() as folder:
        path = graphs.write_rule(Path(folder) / "rule.onnx", channel="acc_x", channels=ACC)
        return Predictor(path)


def predict(seed: str, folder: Path) -> Counter[str]:
    """Predict an input; what is answered must be JSON, and count every row."""
    predictor, seen = _predictor(), list[Recording]()
    files = open_user_files(_path(folder), stated=_stated(seed))

    def answered(recording: UserRecording) -> Predicted:
        recording.show_each(seen.append)
        return predict_recording(predictor, recording, None, anyway=True)

    found = list(files.each(answered, Aim.of(predictor)))
    account = files.account.to_dict()
    told = content(found, rows_of(found), account)
    json.dumps(told, allow_nan=False, default=_number)
    _check_told(told, account, all_there=not account["refused"])
    # A rate that was changed is told.
    _check_values(seed, folder, [one for one in seen if not one.meta.conversions])
    return Counter({name: account[name] for name in account if name.startswith("rows_")})


def _number(value: Any) -> Any:
    return value.item()


def _check_told(told: dict[str, Any], account: dict[str, Any], *, all_there: bool) -> None:
    """Require that rows are in one count each: of files, and of what cleaning took or put in."""
    parts = ("rows_kept", "rows_repaired", "rows_set_aside", "rows_left_out")
    counts = [account[name] for name in parts]
    require(account["rows_in"] == sum(counts), f"rows do not add up: {counts}")
    require(sum(account["reasons"].values()) == account["rows_set_aside"], "rows without a reason")
    for rows in [told["rows"], *(one["rows"] for one in told["recordings"])]:
        made = rows["rows_in"] - rows["duplicate_rows"] - rows["repeated_times"]
        made += rows["rows_interpolated"] + rows["rows_resampled"]
        require(made == rows["rows_out"], f"cleaned rows do not add up: {rows}")
    read, kept = told["rows"]["rows_in"], sum(counts[:2])
    require(read <= kept or not all_there, f"{read} rows were cleaned of {kept}")
    shares = sum(row["share"] for one in told["recordings"] for row in one["summary"])
    require(abs(shares - len(told["recordings"])) < 1e-6, f"shares of time: {shares}")


# --- values ----------------------------------------------------------------------------------


def _check_values(seed: str, folder: Path, recordings: Sequence[Recording]) -> None:
    """Require the unit of the seed, and where rows are known, the values of these."""
    for recording in recordings:
        _check_unit(recording)
    truth = _intact(folder, seed) if seed in OWN else set()
    for recording in recordings if truth else ():
        _check_rows(recording, truth)


def _check_unit(recording: Recording) -> None:
    """Require m/s², with gravity where the recording says so: no unit changes silently."""
    table = recording.table
    level = gravity.level(table["time_s"], table[list(ACC)])
    low, high = LEVEL
    if recording.meta.gravity and len(table) > ENOUGH:
        require(low < level < high, f"gravity: {level:.3g} m/s²")
    if set(MAG) <= set(table) and len(table) > ENOUGH:
        size = float(np.median(np.linalg.norm(table[list(MAG)], axis=1)))
        require(FIELD[0] < size < FIELD[1], f"magnetic field: {size:.3g} µT")


def _intact(folder: Path, seed: str) -> set[int]:
    """Return the rows of a seed that no fault of ours can have changed."""
    if seed in UNCHECKED:
        return set()
    if seed == "lab-parquet":
        return set(range(layouts.N))
    files = open_files(_path(folder))
    texts = []
    for name in files.names:
        try:
            with reading(name), files.open(name) as file:
                texts.append(re.split("\r\n|\n|\r", _text(file.read())))
        except DataError:  # a damaged member: it was refused, and nothing of it was read
            return set()
    if any(text[0] not in _known_lines() for text in texts):
        return set()  # other names of columns are other columns
    return set.intersection(*map(_intact_rows, texts)) if texts else set()


def _intact_rows(lines: list[str]) -> set[int]:
    """Return the rows of which a text has at most one line, and that one as it was."""
    by_row: dict[int, list[str]] = {}
    for line in lines[1:]:
        if (row := _row_of(line)) is not None:
            by_row.setdefault(row, []).append(line)
    known = _known_lines()
    return {row for row, held in by_row.items() if len(held) == 1 and held[0] in known}


def _row_of(line: str) -> int | None:
    """Return which row of a seed a line would be by its time, however that is written."""
    field = re.split("[,;\t](?! *[0-9]{1,5};)", line, maxsplit=1)[0]
    time = _as_number(field.strip(" \"'\t\0").replace(",", "."))
    return None if time is None else round(time * layouts.RATE_HZ)


def _as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e6 else None


@cache
def _known_lines() -> frozenset[str]:
    texts = layouts.own()["lab"].values()
    return frozenset(line for text in texts for line in text.decode().splitlines())


def _check_rows(recording: Recording, truth: set[int]) -> None:
    """Require that samples at the times of rows that nobody changed have their values."""
    table = recording.table
    time = (recording.meta.start_s + table["time_s"].to_numpy()) * layouts.RATE_HZ
    rows = np.round(time).astype(int)
    known = np.isin(rows, sorted(truth)) & (np.abs(time - rows) < 1e-4)
    expected = np.hstack([layouts.ACC, layouts.GYRO]).round(5)[rows[known]]
    gap = np.abs(table[list(CHANNELS)].to_numpy()[known] - expected)
    worst = int(np.nanargmax(gap.max(axis=1))) if known.any() else 0
    require(
        not (gap > 1e-4).any(),
        f"values changed: by {gap.max(initial=0):.3g} in row {rows[known][worst : worst + 1]}",
    )


TARGETS = {
    "ingest": Target("ingest", seeds, damaged, ingest),
    "predict": Target("predict", predicted_seeds, damaged, predict),
}

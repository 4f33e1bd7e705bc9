"""Empatica E4: a folder a recording, of which ``ACC.csv`` is acceleration.

Line 1 is the start, s since 1970, for each axis; line 2 the rate, Hz; then whole numbers of
1/64 g. Its other files have other rates and no acceleration.
"""

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, iter_tables
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.groups import folder, items, recording_name
from har.data.recorders.parts.heads import Head, head
from har.data.recording import ACC
from har.data.sources.base import Item

COUNTS_PER_G = 64
BESIDE = re.compile(r"(BVP|EDA|HR|IBI|TEMP|tags)\.csv|info\.txt")
_THRICE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*,\s*\1\s*,\s*\1\s*")


def _recognises(head: Head) -> bool:
    found = [_THRICE.fullmatch(line) for line in head.lines[:2]]
    if len(found) < 2 or not (found[0] and found[1]):
        return False
    return float(found[0][1]) > 1e9 and 1 <= float(found[1][1]) <= 1000


def _items(files: RawFiles, names: Sequence[str]) -> list[Item]:
    beside: dict[str, list[str]] = {}
    for name in files.names:
        if BESIDE.fullmatch(name.rpartition("/")[2]):
            beside.setdefault(folder(name), []).append(name)
    # A file that was moved from its folder, or several of them, are recordings all the same.
    alone = [name for name in names if not name.endswith("ACC.csv")]
    groups = {name: [name] for name in alone}
    groups |= {
        folder(name): [name, *beside.get(folder(name), [])] for name in names if name not in alone
    }
    return items(files, groups)


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    name = next(name for name in item.files if not BESIDE.fullmatch(name.rpartition("/")[2]))
    start, rate = (float(line.split(",")[0]) for line in head(files, name).lines[:2])
    ask.known("rate_hz", f"{rate:g}")

    def rows(files: RawFiles, ledger: Ledger) -> Iterator[pd.DataFrame]:
        for block in iter_tables(files, name, Layout(ACC, header=2), ledger):
            block[list(ACC)] /= COUNTS_PER_G
            yield block.assign(time_s=start + (block["line"] - 3) / rate)

    return plan(
        files,
        ask,
        Capture(
            recording_name(item),
            (rows,),
            acc_unit="g",
            clock="utc",
            placement="wrist",
            device="Empatica E4",
            conversions=(f"acceleration in g = count / {COUNTS_PER_G}",),
            facts={"rate": f"{rate:g} Hz"},
        ),
    )


RECORDER = Recorder("empatica", "Empatica E4", _recognises, _items, _plan)

"""Mappings of columns: a TOML file, or entries as a command line has them, and what they read."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random

from fuzz import damage, layouts
from fuzz.readers import check_names
from fuzz.target import Files, Seeds, Target, require
from har.data.ingest import own
from har.data.ingest.files import open_files
from har.data.ingest.harmonise import Origin
from har.data.ingest.items import write_item
from har.data.ingest.mapping import Entries, load_mapping, make_entries
from har.data.ingested import Account

MAPPING, FLAGS, TABLE = "mapping.toml", "flags.json", "raw/s1/walk.csv"
WHOLE = r"""
separator = ","
time = "time_s"
time_unit = "s"
acc = ["ax", "ay", "az"]
acc_unit = "m/s2"
acc_scale = 1.0
gyro = ["gx", "gy", "gz"]
gyro_unit = "rad/s"
subject_pattern = "s(\\d+)"
recording_pattern = "(w[a-z]*)"
activity = "activity"
placement = "waist"

[labels]
walking = "nordic-walking"

[activities]
nordic-walking = "walking"
"""
LONG = r"""
time = "time_s"
acc = ["x", "y", "z"]
gyro = ["x", "y", "z"]
sensor = "kind"
placement_column = "place"
[sensors]
acc = "0"
gyro = "1"
[placements]
a = "wrist"
"""
JOINED = """
time = "time_s"
acc = ["ax", "ay", "az"]
gyro = ["gx", "gy", "gz"]
[sensors]
acc = "accel"
gyro = "gyro"
"""
SOME = 'acc_unit = "m/s2"\nacc_sign = "+"\ngravity = "included"\ngyro_unit = "rad/s"\n'
PATTERNS = (
    *(r"^(a+)+$", r"(w|w)*(\\d)", r"c|(zz)", r"(", r"()", r"(?:s)(\\d*)*", r"(.*)*.csv", "(?i)(.)"),
    *(r"(\\w+\\s?)*$", r"(s)(1)", r"(?P<x>s)", r"(\\x00)", r"(s\\d+)(?=x)", "(" * 200 + ")" * 200),
)


@cache
def seeds() -> Seeds:
    """Return a whole mapping, of rows or files for each sensor, some entries, and flags."""
    table = {TABLE: layouts.own()["lab"]["s1/walk.csv"]}
    flags = {"acc": "ax,ay,az", "time": "time_s", "labels.walking": "walking", "gyro": "gx,gy,gz"}
    return {
        "whole": {MAPPING: WHOLE.encode(), **table},
        "long": {MAPPING: LONG.encode(), TABLE: _long()},
        "joined": {MAPPING: JOINED.encode(), **_two_files()},
        "some": {MAPPING: SOME.encode(), **table},
        "flags": {FLAGS: json.dumps(flags).encode(), **table},
    }


def _long() -> bytes:
    rows = ["time_s,kind,place,x,y,z"]
    for row in range(layouts.N):
        for kind, values in enumerate((layouts.ACC, layouts.GYRO)):
            axes = ",".join(f"{value:.4f}" for value in values[row])
            rows.append(f"{row / layouts.RATE_HZ:.2f},{kind},a,{axes}")
    return "\n".join([*rows, ""]).encode()


def _two_files() -> Files:
    table = layouts.own()["lab"]["s1/walk.csv"].replace(b",walking", b"").replace(b",activity", b"")
    return {f"raw/s1/walk_{sensor}.csv": table for sensor in ("accel", "gyro")}


def damaged(files: Files, chance: Random) -> Files:
    """Return tables as they are, one maybe under a name that patterns read long, and a mapping."""
    changed = {name: content for name, content in files.items() if name.startswith("raw/")}
    if chance.random() < 0.5:
        name = chance.choice((f"raw/s1/{'a' * 34}!.csv", f"raw/{'ab ' * 20}.csv"))
        changed[name] = changed.pop(chance.choice(sorted(changed)))
    if FLAGS in files:
        return {**changed, FLAGS: damage.json_damaged(files[FLAGS], chance)}
    content = files[MAPPING]
    if chance.random() < 0.2:
        pattern = f'{chance.choice(("subject", "recording", "activity"))}_pattern = "%s"\n'
        content = (pattern % chance.choice(PATTERNS)).encode() + SOME.encode()
    return {**changed, MAPPING: damage.damaged(content, chance)}


def check(seed: str, folder: Path) -> Counter[str]:
    """Read a mapping, and the table by it; what was stated is kept, and every row counted."""
    given = folder / "input"
    entries = _entries(given)
    again = type(entries).model_validate(entries.model_dump(exclude_unset=True))
    require(again == entries, f"entries: {again} of {entries}")
    json.dumps(entries.texts())
    files = open_files(given / "raw")
    plan = own.plan(files, entries, str(given))
    check_names(files, plan)
    plan.refuse_doubts("raw")
    source = own.source("lab", plan)
    total: Counter[str] = Counter()
    for number, item in enumerate(source.items(files)):
        out = folder / "out" / str(number)
        out.mkdir()
        write_item(out, files, item, Origin("lab", source, {}))
        counts = Account.read(out).counts
        rows_in, samples = counts.pop("rows_in"), counts.pop("samples")
        require(sum(counts.values()) == rows_in, f"rows do not add up: {counts}")
        total += Counter(rows_in=rows_in, samples=samples)
    return total


def _entries(given: Path) -> Entries:
    if (given / FLAGS).exists():
        try:
            flags = json.loads((given / FLAGS).read_bytes())
        except (ValueError, RecursionError):
            flags = {}
        # A command line has texts alone.
        stated = flags.items() if isinstance(flags, dict) else ()
        return make_entries({key: str(value) for key, value in stated}, "flags")
    return load_mapping(given / MAPPING)


TARGETS = {"mappings": Target("mappings", seeds, damaged, check)}

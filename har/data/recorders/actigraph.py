"""ActiGraph: RAW CSV as ActiLife and CentrePoint export it, the IMU file, and ``.gt3x``.

Ten lines tell device, rate, start and how dates are written; names follow, or not. Without a
column of time, rows count from the start. The epoch file looks alike and holds counts.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pandas as pd

from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.recorders.base import Asking, Plan, Recorder, Stated
from har.data.recorders.parts import binary, sheets
from har.data.recorders.parts.captures import Capture, plan
from har.data.recorders.parts.clocks import stamp, stamps
from har.data.recorders.parts.groups import recording_name, single
from har.data.recorders.parts.heads import Head, head
from har.data.recording import ACC
from har.data.sources.base import Item
from har.errors import DataError

SIGNATURE = "Data File Created By ActiGraph"
ORDERS = ("mdy", "dmy")
_DEVICE = re.compile(rf"{SIGNATURE}\s+(\S+)\s+(\S+ v[\w.]+)?")
_RATE = re.compile(r" at (\d+(?:[.,]\d+)?) ?Hz")
_DATE_FORM = re.compile(r"date format (\S+)")
_RULE = re.compile(r"-{10,}\s*")


@dataclass(frozen=True)
class _Header:
    device: str
    app: str
    rate_hz: float | None
    date_form: str
    start_time: str
    start_date: str
    epoch: str
    lines: int

    @property
    def day_first(self) -> bool | None:
        """Whether dates are day, month, year; None if nothing tells."""
        letters = re.sub(r"[^dmy]", "", self.date_form.lower())
        if letters:
            return letters.find("d") < letters.find("m")
        numbers = re.findall(r"\d{1,4}", self.start_date)
        if len(numbers) == 3 and len(numbers[0]) == 4:
            return False
        over = [int(number) > 12 for number in numbers[:2]]
        if numbers[:2] == numbers[:1] * 2:
            return False
        return over[0] if any(over) else None


def _recognises(head: Head) -> bool:
    return SIGNATURE in head.first or binary.is_gt3x(head)


def _header(beginning: Head) -> _Header:
    lines = beginning.lines
    end = next((i for i, line in enumerate(lines[1:30], 1) if _RULE.fullmatch(line)), 9)
    told = {
        key: match[1].strip()
        for key in ("Start Time", "Start Date", r"Epoch Period \(hh:mm:ss\)")
        for line in lines[:end]
        if (match := re.match(rf"{key}\s+(.*)", line))
    }
    device, rate, form = (p.search(beginning.first) for p in (_DEVICE, _RATE, _DATE_FORM))
    return _Header(
        device=f"ActiGraph {device[1]}" if device else "ActiGraph",
        app=(device and device[2]) or "",
        rate_hz=float(rate[1].replace(",", ".")) if rate else None,
        date_form=form[1] if form else "",
        start_time=told.get("Start Time", ""),
        start_date=told.get("Start Date", ""),
        epoch=told.get(r"Epoch Period \(hh:mm:ss\)", "00:00:00"),
        lines=end + 1,
    )


def _sheet(beginning: Head, header: _Header) -> sheets.Sheet:
    names = beginning.lines[header.lines] if len(beginning.lines) > header.lines else ""
    if re.search(r"[A-Za-z]", names):
        return sheets.sheet(beginning, names_at=header.lines)
    separator = max(sheets.SEPARATORS, key=names.count)
    axes = tuple(f"Accelerometer {axis}" for axis in "XYZ")
    width = names.count(separator) + 1
    columns = axes if width == len(ACC) else ("Timestamp", *axes)
    return sheets.table(beginning, columns, header=header.lines, separator=separator)


def _plan(files: RawFiles, item: Item, stated: Stated) -> Plan:
    ask = Asking(item, stated)
    beginning = head(files, item.files[0])
    if binary.is_gt3x(beginning):
        return plan(files, ask, binary.actigraph(item))
    header = _header(beginning)
    sheet = _sheet(beginning, header)
    columns = _columns(sheet, header)
    rate = header.rate_hz or ask.number("rate_hz", "the header states no rate")
    if header.rate_hz:
        ask.known("rate_hz", f"{rate:g}")
    day_first = _day_first(header, ask)
    start = stamp(*_start(header, day_first)) if header.start_date else math.nan
    if "time" in columns:
        rows = partial(_timed, sheet=sheet, columns=columns, day_first=day_first)
    else:
        known = start if math.isfinite(start) else 0.0
        rows = partial(_counted, sheet=sheet, columns=columns, start=known, rate=rate)
    capture = Capture(
        recording_name(item),
        (rows,),
        acc_unit="g",
        gyro_unit="deg/s" if "gyro_x" in columns else "",
        clock="local" if "time" in columns or math.isfinite(start) else "",
        device=header.device,
        app=header.app,
        facts={"rate": f"{rate:g} Hz"} if math.isfinite(rate) else {},
    )
    return plan(files, ask, capture)


def _columns(sheet: sheets.Sheet, header: _Header) -> dict[str, int]:
    """Return the columns that are read; raise if they are counts of epochs."""
    _refuse_counts(sheet, header)
    acc = sheet.axes("acc", r"Accelerometer {}")
    if acc is None:
        raise DataError(
            f"{sheet.file}: no acceleration",
            expected="Accelerometer X, Y, Z",
            found=", ".join(sheet.names),
        )
    timed = sheet.column("Timestamp")
    gyro = sheet.axes("gyro", r"Gyroscope {}") or {}
    return {**acc, **gyro, **({"time": timed} if timed is not None else {})}


def _counted(
    files: RawFiles,
    ledger: Ledger,
    *,
    sheet: sheets.Sheet,
    columns: dict[str, int],
    start: float,
    rate: float,
) -> Iterator[pd.DataFrame]:
    for block in sheets.blocks(files, ledger, sheet, columns):
        yield block.assign(time_s=start + (block["line"] - 1 - sheet.header) / rate)


def _timed(
    files: RawFiles,
    ledger: Ledger,
    *,
    sheet: sheets.Sheet,
    columns: dict[str, int],
    day_first: bool,
) -> Iterator[pd.DataFrame]:
    for block in sheets.blocks(files, ledger, sheet, columns, text=("time",)):
        yield block.assign(time_s=_times(block.pop("time"), day_first))


def _refuse_counts(sheet: sheets.Sheet, header: _Header) -> None:
    """Raise if the file holds counts of epochs, not acceleration."""
    counts = sheet.column(r"axis ?1|activity|.*counts?.*")
    if counts is not None or not re.fullmatch(r"[0:]+", header.epoch):
        raise DataError(
            f"{sheet.file}: counts of epochs, not acceleration",
            expected="the RAW export of ActiLife, with an epoch period of 00:00:00",
            found=f"an epoch period of {header.epoch}; columns {', '.join(sheet.names[:6])}",
            hint="export it again as raw data, or ingest the .gt3x file",
        )


def _day_first(header: _Header, ask: Asking) -> bool:
    if header.day_first is not None or not header.start_date:
        return bool(header.day_first)
    return (
        ask("date_order", f"does {header.start_date} name the month or the day first?", ORDERS)
        == ORDERS[1]
    )


def _start(header: _Header, day_first: bool) -> tuple[str, str]:
    """Return when the recording starts, and how that is written."""
    numbers = re.findall(r"\d{1,4}", header.start_date)
    form = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    if numbers and len(numbers[0]) == 4:
        form = "%Y/%m/%d"
    return f"{'/'.join(numbers)} {header.start_time}", f"{form} %H:%M:%S"


def _times(texts: "pd.Series[str]", day_first: bool) -> "pd.Series[float]":
    """Return seconds since 1970 of ``3/1/2024 10:00:00.010`` or ``2024-03-01T10:00:00.010``."""
    words = pd.Categorical(texts)
    plain = words.categories.astype(str).str.replace(",", ".", regex=False)
    form = "ISO8601"
    if len(plain) and not re.match(r"\d{4}-", plain[0]):
        plain = plain.where(plain.str.contains(".", regex=False), plain + ".0")
        # Seven digits, as Windows has them, are one more than can be read.
        plain = plain.str.replace(r"(\.\d{6})\d+", r"\1", regex=True)
        form = ("%d/%m/%Y" if day_first else "%m/%d/%Y") + " %H:%M:%S.%f"
    return pd.Series(
        stamps(
            pd.Series(words.rename_categories(dict(zip(words.categories, plain, strict=True)))),
            form,
        ),
        index=texts.index,
    )


RECORDER = Recorder("actigraph", "ActiGraph", _recognises, single, _plan, ("rate_hz", "date_order"))

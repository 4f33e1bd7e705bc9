"""A user's file as clean recordings, or one clear error that says what to do."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from har import parquet
from har.config import CleanSettings
from har.data.clean import clean
from har.data.cleaning import CleanReport
from har.data.rates import estimate
from har.data.recording import ACC, GYRO, Recording, RecordingMeta, make_table
from har.data.schema import validate
from har.errors import DataError, MissingError

# Share of the rate. Phones keep time within a few percent.
RATE_TOLERANCE = 0.05
COLUMNS = "time_s in s, acc_x, acc_y, acc_z in m/s², gyro_x, gyro_y, gyro_z in rad/s"
# Of names, which are text: 007 is not 7.
SUBJECT = "subject_id"
DEFAULT_CLEAN = CleanSettings()
UNREADABLE = (
    UnicodeDecodeError,
    pd.errors.ParserError,
    pd.errors.ParserWarning,
    pa.ArrowException,
    OSError,
)


def read_user_recording(
    path: Path,
    *,
    rate_hz: float,
    needs_gyro: bool,
    cleaning: CleanSettings = DEFAULT_CLEAN,
) -> tuple[list[Recording], CleanReport]:
    """Read, check and clean one recording in the canonical columns.

    Parameters
    ----------
    path : Path
        CSV (commas, UTF-8) or Parquet with ``time_s`` (s), ``acc_x``, ``acc_y``,
        ``acc_z`` (m/s², gravity included) and ``gyro_x``, ``gyro_y``, ``gyro_z``
        (rad/s). A ``subject_id`` names the person; other columns are ignored.
    rate_hz : float
        The model's rate, Hz.
    needs_gyro : bool
        Whether the model reads angular velocity.
    cleaning : CleanSettings
        How long a gap may be to be filled.

    Returns
    -------
    parts : list of Recording
        The stretches between gaps; ``meta.start_s`` places each on the file's clock, and
        ``meta.subject_id`` is the file's stem where its column does not name one person.
    report : CleanReport
        What became of the file's rows.

    Raises
    ------
    MissingError
        If the file is not there.
    DataError
        If it cannot be read, or its content cannot be trusted.
    VerificationError
        If it is Parquet with checksums, which it does not keep.
    """
    frame = _read(path)
    present = _present_columns(frame, path, needs_gyro=needs_gyro)
    columns = {name: _numbers(frame[name], path) for name in ("time_s", *present)}
    start_s = float(columns["time_s"][0])
    _check_time(columns["time_s"], path, rate_hz)
    columns["time_s"] = columns["time_s"] - start_s
    meta = RecordingMeta(
        dataset="user",
        recording_id=path.stem,
        subject_id=_subject(frame, path),
        rate_hz=rate_hz,
        placement="unknown",
        licence="unknown",
        start_s=start_s,
    )
    recording = Recording(make_table(meta, columns, [None] * len(frame)), meta)
    validate(recording)
    return clean(recording, max_gap_s=cleaning.max_gap_s)


def _read_csv(path: Path) -> pd.DataFrame:
    with warnings.catch_warnings():
        # Rows with more fields than there are names would be cut short with a warning.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            path, encoding="utf-8", index_col=False, low_memory=False, dtype={SUBJECT: "str"}
        )


def _read_parquet(path: Path) -> pd.DataFrame:
    table = parquet.read(path).replace_schema_metadata(None)  # which may name an index
    if SUBJECT in table.column_names:
        words = table[SUBJECT].cast(pa.string())  # as a CSV would hold it
        table = table.set_column(table.column_names.index(SUBJECT), SUBJECT, words)
    frame: pd.DataFrame = table.to_pandas()
    return frame


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}


def _read(path: Path) -> pd.DataFrame:
    """Read the table of a file, or say why it is none."""
    if not path.exists():
        raise MissingError(f"{path}: no such file")
    reader = READERS.get(path.suffix.lower())
    if reader is None or not path.is_file():
        found = f"a file that ends in {path.suffix!r}" if path.is_file() else "a folder"
        raise DataError(f"{path}: not a recording", expected="a .csv or .parquet file", found=found)
    try:
        frame = reader(path)
    except pd.errors.EmptyDataError:
        frame = pd.DataFrame()
    except UNREADABLE as error:
        kind = "Parquet" if path.suffix.lower() == ".parquet" else "comma-separated UTF-8 text"
        raise DataError(
            f"{path}: cannot be read",
            expected=kind,
            found=str(error).splitlines()[0],
            hint="export the recording again",
        ) from None
    if frame.empty:
        raise DataError(
            f"{path}: no rows", expected=f"samples with {COLUMNS}", found="an empty table"
        )
    return frame


def _present_columns(frame: pd.DataFrame, path: Path, *, needs_gyro: bool) -> tuple[str, ...]:
    """Return the channels that the file has, all of those needed among them."""
    missing = [name for name in ("time_s", *ACC) if name not in frame]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}",
            expected=COLUMNS,
            found=", ".join(str(name) for name in frame.columns[:12]),
            hint="rename the columns; separate them by commas, with the names in the first line",
        )
    absent = [name for name in GYRO if name not in frame or frame[name].isna().all()]
    if absent and needs_gyro:
        raise DataError(
            f"{path}: no gyroscope ({', '.join(absent)} missing or empty)",
            expected="gyro_x, gyro_y, gyro_z in rad/s, which the model was trained with",
            hint="record with the gyroscope on, or use a model for acceleration alone",
        )
    return ACC if absent else ACC + GYRO


def _subject(frame: pd.DataFrame, path: Path) -> str:
    """Return whose recording it is: the one value of ``subject_id``, else the file's stem."""
    if SUBJECT not in frame:
        return path.stem
    named = frame[SUBJECT].dropna().unique()
    return str(named[0]) if len(named) == 1 else path.stem


def _numbers(column: "pd.Series[float]", path: Path) -> npt.NDArray[np.float64]:
    """Return a column's values, or name the first that is no finite number."""
    text = not pd.api.types.is_numeric_dtype(column)
    values = pd.to_numeric(column.astype(str), errors="coerce") if text else column
    numbers = np.asarray(values.to_numpy("float64", na_value=np.nan), np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        value = column.tolist()[bad[0]]
        raise DataError(
            f"{path}: {column.name} is not a number in {len(bad)} row(s)",
            expected="a finite number in every row",
            found=f"{'nothing' if pd.isna(value) else repr(value)} in row {bad[0] + 1}",
            hint="row 1 is the first below the names; correct the rows or leave them out",
        )
    return numbers


def _check_time(time: npt.NDArray[np.float64], path: Path, rate_hz: float) -> None:
    """Raise `DataError` if time steps backward or not at the model's rate."""
    steps = np.diff(time)
    if (steps < 0).any():
        row = int(np.flatnonzero(steps < 0)[0])
        raise DataError(
            f"{path}: time_s steps backward",
            expected="time that increases from row to row",
            found=f"{time[row]:g} s in row {row + 1}, then {time[row + 1]:g} s",
            hint="sort by time_s, and put each recording into a file of its own",
        )
    found = estimate(time)
    if np.isnan(found):
        raise DataError(f"{path}: fewer than two different times", expected="samples over time")
    if abs(found / rate_hz - 1) > RATE_TOLERANCE:
        in_ms = abs(1000 * found / rate_hz - 1) <= RATE_TOLERANCE
        raise DataError(
            f"{path}: wrong sampling rate",
            expected=f"{rate_hz:g} Hz, the model's, within {RATE_TOLERANCE:.0%}",
            found=f"{found:.4g} Hz" + (", so time_s looks like milliseconds" if in_ms else ""),
            hint="divide time_s by 1000" if in_ms else f"resample the recording to {rate_hz:g} Hz",
        )

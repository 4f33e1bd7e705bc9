"""A user's files are read as ingestion reads them, and every fault of theirs is said."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from reading import Taken, read_user, read_users

from har import parquet
from har.data.channels import placed
from har.data.ingest.mapping import make_mapping
from har.data.recording import ACC, CHANNELS, GYRO, read_recording, write_recording
from har.errors import DataError, HarError, MissingError
from har.serving.recordings import UserFiles, open_user_files

Change = Callable[[pd.DataFrame], pd.DataFrame]


def with_value(column: str, row: int, value: object) -> Change:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table[column] = table[column].astype(object)
        table.loc[row, column] = value
        return table

    return change


REFUSED: dict[str, tuple[Change, str]] = {
    "missing column": (lambda t: t.drop(columns="acc_y"), "acceleration"),
    "acceleration in g": (lambda t: t.assign(acc_z=t["acc_z"] / 9.80665), "acceleration"),
    "gyroscope in deg/s": (lambda t: t.assign(gyro_x=t["gyro_x"] * 180), "rad/s"),
    "no gyroscope": (lambda t: t.drop(columns=["gyro_x", "gyro_y", "gyro_z"]), "no gyroscope"),
    "no rows": (lambda t: t[:0], ""),
    "one row": (lambda t: t[:1], "fewer than two different times"),
    "1 Hz": (lambda t: t.assign(time_s=t["time_s"] * 50), ""),
}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_no_recording_for_the_model(
    fault: str, suffix: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    """Nothing of the file can be answered, which ends with 3 and the reason."""
    change, message = REFUSED[fault]
    path = tmp_path / f"walk{suffix}"
    broken = change(table)
    if suffix == ".csv":
        broken.to_csv(path, index=False)
    else:
        broken.to_parquet(path)
    with pytest.raises(HarError) as caught:
        read_user(path)
    # An empty Parquet file has no times, for which a person is asked.
    assert caught.value.exit_code == (2 if fault == "no rows" and suffix == ".parquet" else 3)
    assert message in str(caught.value)


ROWS: dict[str, tuple[Change, str]] = {
    "text in a number": (with_value("acc_x", 6, "abc"), "not a number"),
    "nothing in a number": (with_value("acc_z", 3, None), "acc_z"),
    "infinite": (with_value("gyro_z", 9, np.inf), "gyro_z"),
    "beyond any sensor": (with_value("acc_x", 2, 500.0), "acc_x out of range"),
    "a row twice": (lambda t: pd.concat([t[:10], t[9:]]), "copy of an earlier row"),
}


@pytest.mark.parametrize("fault", ROWS)
def test_rows_set_aside_are_counted_and_told(
    fault: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    """One row is set aside with its reason; the others are read, the hole is filled."""
    change, reason = ROWS[fault]
    longer = pd.concat([table] * 5, ignore_index=True)
    longer["time_s"] = np.arange(len(longer)) / 50
    longer["acc_x"] = np.linspace(0, 0.1, len(longer))
    changed = change(longer)
    changed.to_csv(tmp_path / "walk.csv", index=False)
    files = open_user_files(tmp_path / "walk.csv")
    (recording,) = read_users(files)
    account = files.account
    assert (account.rows_in, account.rows_set_aside) == (len(changed), 1)
    assert reason in next(iter(account.reasons))
    assert sum(len(part.table) for part in recording.parts) == 500


FILES: dict[str, bytes] = {
    "nothing.csv": b"",
    "nothing.parquet": b"",
    "noise.csv": np.random.default_rng(0).bytes(4096),
    "noise.parquet": np.random.default_rng(0).bytes(4096),
    "zeros.csv": bytes(512),
    "notes.md": b"hello",
}


@pytest.mark.parametrize("name", FILES)
def test_unreadable_files(name: str, tmp_path: Path) -> None:
    """Files that are no recording at all end with 3."""
    (tmp_path / name).write_bytes(FILES[name])
    with pytest.raises(DataError) as caught:
        read_user(tmp_path / name)
    assert caught.value.exit_code == 3
    assert name in str(caught.value)


ODD_METADATA: dict[str, str] = {
    "not JSON": "{",
    "a range without an end": '{"index_columns": [{"kind": "range", "start": 0}], "columns": []}',
    "attributes that are a number": '{"index_columns": [], "columns": [], "attributes": 5}',
    "attributes that are a list": '{"index_columns": [], "columns": [], "attributes": ["acc_x"]}',
    "columns that are a table": '{"index_columns": [], "columns": {"a": 1}}',
    "another index": '{"index_columns": ["acc_x"], "columns": [], "column_indexes": 1}',
    "a deep nest": "[" * 5000,
}


@pytest.mark.parametrize("name", ODD_METADATA)
def test_what_pandas_says_of_itself_in_parquet_is_not_read(
    name: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    """Columns are columns: the samples are those of the same file without such words."""
    columns = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    said = {b"pandas": ODD_METADATA[name].encode()}
    parts = []
    for path, metadata in ((tmp_path / "a.parquet", None), (tmp_path / "b.parquet", said)):
        parquet.write(columns.replace_schema_metadata(metadata), path)
        (part,) = read_user(path).parts
        parts.append(part.table[["time_s", *CHANNELS]])
    pd.testing.assert_frame_equal(*parts)


def test_a_missing_file_is_a_missing_error(tmp_path: Path) -> None:
    """Exit code 6: not there."""
    with pytest.raises(MissingError, match="no such file") as caught:
        read_user(tmp_path / "none.csv")
    assert caught.value.exit_code == 6


def test_values_of_the_models_rate_arrive_unchanged(table: pd.DataFrame, tmp_path: Path) -> None:
    """Extra columns are ignored, time starts at 0 and keeps the file's clock."""
    extra = table.assign(activity="dancing", subject_id=7, recording_id="a", note="x")
    extra["time_s"] += 12.5
    extra.to_csv(tmp_path / "walk.csv", index=False)
    recording = read_user(tmp_path / "walk.csv")
    (part,) = recording.parts
    assert part.meta.start_s == 12.5
    assert (recording.name, recording.subject) == ("7-walk", "7")
    assert part.table["activity"].isna().all()
    np.testing.assert_allclose(part.table["time_s"], table["time_s"], atol=1e-9)
    np.testing.assert_allclose(part.table["gyro_y"], table["gyro_y"], atol=1e-6)


def test_a_recording_of_the_store_is_read_again(table: pd.DataFrame, tmp_path: Path) -> None:
    """Parquet as the project writes it gives the same samples."""
    table.to_csv(tmp_path / "walk.csv", index=False)
    (part,) = read_user(tmp_path / "walk.csv").parts
    path = write_recording(part, tmp_path / "store")
    (again,) = read_user(path).parts
    columns = ["time_s", *CHANNELS]
    pd.testing.assert_frame_equal(again.table[columns], read_recording(path).table[columns])


def test_a_model_without_gyroscope_takes_acceleration_alone(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    """The missing channels stay empty."""
    table.drop(columns=["gyro_x", "gyro_y", "gyro_z"]).to_csv(tmp_path / "walk.csv", index=False)
    (part,) = read_user(tmp_path / "walk.csv", channels=ACC).parts
    assert part.table["gyro_x"].isna().all()


@pytest.mark.parametrize("rate_hz", [25.0, 48.0, 100.0, 102.4])
def test_another_rate_is_resampled_as_in_training(
    rate_hz: float, table: pd.DataFrame, tmp_path: Path
) -> None:
    """Of a slow sine at any sensible rate, the model sees the same sine at its own."""
    time = np.arange(round(4 * rate_hz)) / rate_hz
    wave = pd.DataFrame({"time_s": time, **dict.fromkeys(CHANNELS, 0.01 * time)})
    wave["acc_z"] = 9.8
    wave["gyro_x"] = np.sin(2 * np.pi * time)
    wave.to_csv(tmp_path / "walk.csv", index=False)
    recording = read_user(tmp_path / "walk.csv")
    (part,) = recording.parts
    assert recording.meta.rate_hz == pytest.approx(rate_hz, rel=1e-3)
    assert part.meta.rate_hz == 50
    middle = part.table[50:150]
    expected = np.sin(2 * np.pi * middle["time_s"])
    np.testing.assert_allclose(middle["gyro_x"], expected, atol=0.02)


@pytest.mark.parametrize(
    ("column", "subjects"),
    [
        (None, ["walk"]),
        ("s07", ["s07"]),
        (7, ["7"]),
        ("007", ["007"]),
        (["s07", "s08"], ["s07", "s08"]),
    ],
)
def test_subject(table: pd.DataFrame, tmp_path: Path, column: object, subjects: list[str]) -> None:
    """People are those that the file names; without any, the file is a person of its own."""
    if column is not None:
        half = len(table) // 2
        table["subject_id"] = np.repeat(column, half) if isinstance(column, list) else column
    table.to_csv(tmp_path / "walk.csv", index=False)
    table.to_parquet(tmp_path / "walk.parquet", index=False)
    for name in ("walk.csv", "walk.parquet"):
        found = read_users(open_user_files(tmp_path / name))
        assert [recording.subject for recording in found] == subjects


def test_what_became_of_the_rows(table: pd.DataFrame, tmp_path: Path) -> None:
    """Two samples lost: mended, and said."""
    pd.concat([table[:30], table[32:]]).to_csv(tmp_path / "walk.csv", index=False)
    recording = read_user(tmp_path / "walk.csv")
    assert len(recording.parts[0].table) == len(table) == recording.rows.rows_out
    assert (recording.rows.rows_in, recording.rows.gaps_filled, recording.rows.parts) == (98, 1, 1)


def read_all(path: Path, **stated: str) -> dict[str, Taken]:
    found = read_users(open_user_files(path, stated=stated))
    return {recording.name: recording for recording in found}


def test_a_folder_and_an_archive_hold_several_recordings(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    """Each file is a recording; what is no table is named."""
    folder = tmp_path / "week"
    folder.mkdir()
    for name in ("mon.csv", "tue.csv"):
        table.to_csv(folder / name, index=False)
    (folder / "notes.md").write_text("rain")
    with zipfile.ZipFile(tmp_path / "week.zip", "w") as archive:
        archive.write(folder / "mon.csv", "mon.csv")
        archive.write(folder / "tue.csv", "tue.csv")
    for path in (folder, tmp_path / "week.zip"):
        assert list(read_all(path)) == ["mon", "tue"]
    assert open_user_files(folder).plan.left == {"notes.md": "no table"}


def test_one_bad_file_does_not_stop_the_others(table: pd.DataFrame, tmp_path: Path) -> None:
    """It is refused with its reason, under its name."""
    folder = tmp_path / "week"
    folder.mkdir()
    table.to_csv(folder / "mon.csv", index=False)
    table.assign(acc_z=1.0).to_csv(folder / "tue.csv", index=False)
    files = open_user_files(folder)
    assert [r.name for r in read_users(files)] == ["mon"]
    ((name, error),) = files.account.refused.items()
    assert "tue" in name
    assert isinstance(error, DataError)


def test_stated_columns_and_units_are_converted(table: pd.DataFrame, tmp_path: Path) -> None:
    """Names of one's own, g and deg/s become the model's units."""
    other = pd.DataFrame({"t": table["time_s"] * 1000})
    for own, ours in zip("xyz", ACC, strict=True):
        other[f"a{own}"] = table[ours] / 9.80665
        other[f"g{own}"] = np.rad2deg(table[ours.replace("acc", "gyro")])
    other.to_csv(tmp_path / "mine.csv", index=False)
    stated = {"time": "t", "time_unit": "ms", "acc": "ax,ay,az", "acc_unit": "g"}
    found = read_all(tmp_path / "mine.csv", **stated, gyro="gx,gy,gz", gyro_unit="deg/s")
    (part,) = found["mine"].parts
    np.testing.assert_allclose(part.table["acc_z"], table["acc_z"], rtol=1e-5)
    np.testing.assert_allclose(part.table["gyro_x"], table["gyro_x"], rtol=1e-5)


def test_only_tables_of_other_names_are_a_guess(table: pd.DataFrame, tmp_path: Path) -> None:
    """Ours say what they are; nobody is asked of people, labels and separators."""
    table.assign(subject_id="s1", activity="walking").to_csv(tmp_path / "ours.csv", index=False)
    table.to_csv(tmp_path / "semicolons.csv", index=False, sep=";")
    names = {"time_s": "t", **{c: c.replace("acc_", "a").replace("gyro_", "g") for c in CHANNELS}}
    table.rename(columns=names).to_csv(tmp_path / "others.csv", index=False)
    stated = {"gyro_unit": "rad/s"}
    guesses = {
        name: open_user_files(tmp_path / f"{name}.csv", stated=stated).plan.is_guess
        for name in ("ours", "semicolons", "others")
    }
    assert guesses == {"ours": False, "semicolons": False, "others": True}


WORN = {
    **{"time": "time_s", "time_unit": "s", "acc_unit": "m/s2", "gyro_unit": "rad/s"},
    **{"acc": list(ACC), "gyro": list(GYRO), "placement_column": "at"},
    "placements": {"c": "chest", "w": "wrist"},
}


def worn(table: pd.DataFrame, folder: Path, *, wrist: str = "w") -> UserFiles:
    """Write a table of a chest and, 10 samples shorter, a wrist; return it as user's files."""
    parts = [table.assign(at="c"), table[10:].assign(at=wrist, acc_x=table["acc_x"] + 1)]
    pd.concat(parts).sort_values("time_s", kind="stable").to_csv(folder / "walk.csv", index=False)
    return open_user_files(folder / "walk.csv", (), make_mapping(WORN, "worn.toml"))


def test_placements_of_one_table_are_fused_for_a_model_that_reads_both(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    """The stretch that both have, from 0.2 s; both placements' rows are counted."""
    channels = (*placed("chest", ACC), *placed("wrist", CHANNELS))
    files = worn(table, tmp_path)
    (recording,) = read_users(files, channels=channels)
    (part,) = recording.parts
    assert (recording.name, recording.meta.placement) == ("walk", "chest+wrist")
    assert (len(part.table), part.meta.start_s) == (len(table) - 10, 0.2)
    difference = part.table["wrist.acc_x"] - part.table["chest.acc_x"]
    np.testing.assert_allclose(difference, 1, atol=1e-5)
    assert recording.rows.rows_in == files.account.rows_in == 2 * len(table) - 10


def test_a_model_of_both_placements_refuses_one(table: pd.DataFrame, tmp_path: Path) -> None:
    """It says what is missing and which files would do; alone, the chest is read as ever."""
    channels = (*placed("chest", ACC), *placed("wrist", CHANNELS))
    files = worn(table, tmp_path, wrist="nowhere")
    with pytest.raises(DataError, match="walk: not of all placements at once") as caught:
        read_users(files, channels=channels)
    assert caught.value.found == "nothing at wrist on the same clock"
    assert "placement_column" in str(caught.value.hint)
    assert [taken.meta.placement for taken in read_users(files)] == ["chest"]

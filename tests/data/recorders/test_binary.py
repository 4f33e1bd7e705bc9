"""Binary files of ActiGraph, Axivity and GENEActiv, made by their published layouts."""

import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from binary_files import cwa, geneactiv, gt3x
from recorded import Recorded, recorded

from har.data import recorders
from har.data.ingest.files import open_files
from har.errors import DataError
from har.lineage import code

actfast = pytest.importorskip("actfast")


def second(n):
    """Return rows that differ: the first one tells the axes apart, the others count."""
    return [(0.5, -0.25, 1.0), *((0, i / 256, 1) for i in range(1, n))]


def test_gt3x(tmp_path):
    """Twelve bits an axis, in the order y, x, z, scaled by the file's own parameters."""
    found = recorded(tmp_path, {"a.gt3x": gt3x([second(30), second(30)])})
    assert (found.recorder.name, found.asked) == ("actigraph", [])
    assert found.acc[:2] == [[0.5, -0.25, 1], [0, 1 / 256, 1]]
    assert found.times[0][0] == 1556141700.0
    assert found.times[0][30] == 1556141701.0
    raw = found.raw
    assert (raw.acc_unit, raw.clock, raw.device) == ("g", "local", "ActiGraph")
    assert found.ledger.rows_in == len(found.acc) == 60


def test_gt3x_that_tells_no_scale_is_refused(tmp_path):
    """The library would give values 65,536 times too large."""
    with pytest.raises(DataError, match="no acceleration that can be read"):
        _ = recorded(tmp_path, {"a.gt3x": gt3x([second(30)], parameters=False)}).raws


def test_gt3x_of_records_that_are_not_known_is_refused(tmp_path):
    """Newer devices write another kind; not a recording without rows."""
    with pytest.raises(DataError, match="raw CSV"):
        _ = recorded(tmp_path, {"a.gt3x": gt3x([second(30)], kind=0x1A)}).raws


def test_cwa_of_an_ax3(tmp_path):
    """Blocks of 80 rows at 100 Hz, the header tells device and rate."""
    found = recorded(tmp_path, {"a.cwa": cwa([second(80)] * 3)})
    assert (found.recorder.name, found.asked) == ("axivity", [])
    assert found.acc[:2] == [[0.5, -0.25, 1], [0, 1 / 256, 1]]
    assert found.times[0][::80] == [1399480170.0, 1399480170.8, 1399480171.6]
    assert found.understood.facts["rate"] == "100 Hz"
    assert (found.raw.device, found.raw.clock) == ("Axivity AX3", "local")
    assert found.understood.facts["angular velocity"] == "none"


def test_cwa_of_an_ax6(tmp_path):
    """Angular velocity in deg/s, 2000 over the whole range."""
    found = recorded(tmp_path, {"a.cwa": cwa([[(0.5, -0.25, 1, 125, -62.5, 0)] * 40])})
    assert found.acc[0] == [0.5, -0.25, 1]
    assert found.gyro[0] == [125, -62.5, 0]
    assert (found.raw.gyro_unit, found.raw.device) == ("deg/s", "Axivity AX6")


def test_geneactiv(tmp_path):
    """Pages of 300 rows; the header tells subject and placement."""
    found = recorded(tmp_path, {"a.bin": geneactiv([second(300)] * 2)})
    assert (found.recorder.name, found.asked) == ("geneactiv", [])
    assert found.acc[:2] == [[0.5, -0.25, 1], [0, 1 / 256, 1]]
    assert found.times[0][::300] == [1749734418.0, 1749734421.0]
    assert (found.raw.subject, found.raw.placement) == ("P07", "left wrist")
    assert found.understood.facts["rate"] == "100 Hz"


def test_a_file_in_an_archive_is_copied_first(tmp_path):
    """The library reads paths alone."""
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("night/a.cwa", cwa([second(80)]))
    files = open_files(path)
    ((recorder, item),) = recorders.recognise(files)
    assert len(Recorded(files, recorder, item, {}).acc) == 80


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.gt3x", gt3x([second(30)] * 3)),
        ("a.cwa", cwa([second(80)] * 3)),
        ("a.bin", geneactiv([second(300)] * 2)),
    ],
)
def test_a_file_that_is_cut_off_is_an_error_or_told(name, data, tmp_path):
    """Never a traceback, never silently shorter."""
    for share in (0.2, 0.5, 0.9, 0.99):
        found = recorded(tmp_path / str(share), {name: data[: int(share * len(data))]})
        try:
            rows = found.acc
        except DataError:
            continue
        whole = recorded(tmp_path / "whole", {name: data})
        assert rows == whole.acc[: len(rows)]
        assert ([w.kind for w in found.ledger.warnings], whole.ledger.warnings) == (["cut off"], [])


def test_what_the_library_cannot_bear_is_an_error(tmp_path):
    """It would panic at a character of three bytes; a rate of 0 gives times without end."""
    data = geneactiv([second(300)] * 2)
    rate = data.replace(b"100.0", b"0")
    for broken in (data[:2000] + "\u2028".encode() + data[2003:], rate):
        with pytest.raises(DataError, match="damaged"):
            _ = recorded(tmp_path, {"a.bin": broken}).raws


def test_a_panic_of_the_library_is_an_error(tmp_path, monkeypatch):
    """It is no exception of the usual kind; an interrupt is none either, and passes."""
    panic = type("PanicException", (BaseException,), {})
    for raised, expected in ((panic("slice"), DataError), (KeyboardInterrupt(), KeyboardInterrupt)):

        def read(path, raised=raised):
            raise raised

        monkeypatch.setattr(actfast, "read", read)
        found = recorded(tmp_path, {"a.cwa": cwa([second(80)])})
        with pytest.raises(expected):
            _ = found.raws


def test_without_the_library_its_name_is_told(tmp_path, monkeypatch):
    """Before anything is asked; the command line says which extra brings it."""
    monkeypatch.setitem(sys.modules, "actfast", None)
    with pytest.raises(ModuleNotFoundError) as error:
        _ = recorded(tmp_path, {"a.cwa": cwa([second(80)])}).understood
    assert error.value.name == "actfast"


def test_files_that_need_no_library_are_read_without_it(monkeypatch):
    """A step that reads CSV has a key, with the library's version where it is installed."""
    entry = "har.data.recorders.actigraph"
    assert "actfast" in code.executed_by(entry).libraries

    def version(name):
        if name == "actfast":
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(code, "_version", version)
    code.executed_by.cache_clear()
    try:
        assert "actfast" not in code.executed_by(entry).libraries
    finally:
        code.executed_by.cache_clear()


def test_the_extra_brings_the_libraries():
    """By the names that they are imported by."""
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    extra = project["project"]["optional-dependencies"]["recorders"]
    assert {line.split(">")[0] for line in extra} == {"actfast", "cbor2"} == code.OPTIONAL

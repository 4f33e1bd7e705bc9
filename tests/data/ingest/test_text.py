"""Delimited text: both paths agree, no line is lost, whatever the bytes are."""

import codecs
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from har.data.ingest import lines as lines_module
from har.data.ingest import text as module
from har.data.ingest.files import RawFiles
from har.data.ingest.ledger import Ledger
from har.data.ingest.text import Layout, iter_tables, read_table
from har.errors import DataError

PLAIN = Layout(("a", "b", "word"), text=("word",))


class OneFile(RawFiles):
    """A file in memory."""

    root = Path("memory")
    names = ("f.csv",)

    def __init__(self, content: bytes) -> None:
        self.content = content

    def open(self, name: str) -> io.BytesIO:
        """Return it from its beginning."""
        return io.BytesIO(self.content)

    def stamp(self, name: str) -> str:
        """Return nothing: it never changes."""
        return ""


def read(content: bytes, layout: Layout = PLAIN) -> tuple[pd.DataFrame, Ledger]:
    """Return the rows of a file and what became of the others; they must add up."""
    ledger = Ledger()
    table = read_table(OneFile(content), "f.csv", layout, ledger)
    assert ledger.rows_in == len(table) + ledger.rows_quarantined
    assert list(table.columns[-3:]) == ["line", "repaired", "file"]
    assert (table["file"] == "f.csv").all()
    return table, ledger


def rows(table: pd.DataFrame) -> list[tuple[object, ...]]:
    """Return line and values, with None for what is missing."""
    values = table.drop(columns=["file", "repaired"]).astype(object)
    values = values.where(values.notna(), None)
    return [tuple(row) for row in values.set_index("line").reset_index().to_numpy().tolist()]


def set_aside(ledger: Ledger) -> list[tuple[int, str]]:
    """Return line and reason of what went to quarantine, by line."""
    table = ledger.quarantined()
    return sorted(zip(table["line"], table["reason"], strict=True))


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every block be parsed line by line."""
    monkeypatch.setattr(module, "_fast", lambda body, layout: None)


TABLES = {
    "plain": (b"1,2,x\n-3.5,4e2,y\n.5,6.,x\n", PLAIN),
    "missing": (b",NaN,\nnan,-,NA\nnull,None,N/A\nNULL,NAN,x y\n", PLAIN),
    "trimmed": (b" 1,\t2 , x \n3 , 4,x\n5,6, NaN \n", PLAIN),
    "spelt": (b"inf,-inf,x\nNan,-nan,y\nInfinity,1E-3,z\n1e999,0,q\n", PLAIN),
    "digits": (b"0.1,0.30000000000000004,x\n2.2250738585072011e-308,1e23,y\n", PLAIN),
    "not ascii": ("1,2,går\n3,4,歩く\n5,6,\U0001f6b6\n".encode(), PLAIN),
    "quote as it is": (b'1,2,"x"\n3,4,"\n', PLAIN),
    "quoted": (b'"1",2,"x,y"\n3,"4","say ""no"""\n', Layout(PLAIN.columns, ("word",), quotes=True)),
    "blanks": (b"1 2  x\n\t3\t 4 y  \n  5 6 z\n", Layout(PLAIN.columns, ("word",), separator=" ")),
    "tabs": (b"1\t2\tx\n3\t4\ty z\n", Layout(PLAIN.columns, ("word",), separator="\t")),
    "comma": (b"1,5;2;x\n-,5;2,;1,5\n", Layout(PLAIN.columns, ("word",), ";", ",")),
    "dropped": (b"1,x,2\n3,,4\n", Layout(("a", "_drop", "b"))),
    "all dropped but one": (b"1,x,y\n3,,4\n", Layout(("a", "_", "_"))),
    "header": (b"a,b,word\nunits\n1,2,x\n3,4,y\n", Layout(PLAIN.columns, ("word",), header=2)),
    "ended": (b"1,2,x;\n3,4,y;\n", Layout(PLAIN.columns, ("word",), end=";")),
    "dates": (
        b"2014-05-07 16:29:30.250,1\n2014-05-07T16:29:31,2\n-,3\n",
        Layout(("when", "a"), ("when",), dates=("when",)),
    ),
    "one column": (b"1\n2\nNaN\n", Layout(("a",))),
    "one word": (b"x\n y\nx\n", Layout(("word",), ("word",))),
}


@pytest.mark.parametrize("name", TABLES)
def test_fast_and_slow_path_agree(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Arrow takes is the same frame line by line: values, types, lines, missing."""
    content, layout = TABLES[name]
    with monkeypatch.context() as patch:
        patch.setattr(module, "read_lines", None)  # the fast path is taken
        fast, _ = read(content, layout)
    slow(monkeypatch)
    by_line, ledger = read(content, layout)
    assert ledger.rows_quarantined == 0
    pd.testing.assert_frame_equal(fast, by_line, check_exact=True)
    assert [str(fast[c].dtype) for c in ("line", "repaired")] == ["int64", "bool"]


def test_dates_become_seconds_since_1970() -> None:
    """With a zone, or as UTC; what is no date is NaN, and no reason to lose the row."""
    layout = TABLES["dates"][1]
    content = b"2014-05-07 16:29:30.250,1\n2014-05-07T16:29:30+01:00,2\nsoon,3\n"
    table, ledger = read(content, layout)
    assert table["when"].tolist()[:2] == [1399480170.25, 1399476570.0]
    assert np.isnan(table["when"].iloc[2])
    assert ledger.rows_quarantined == 0


def test_values() -> None:
    """Numbers are float64, words categories, what is missing is null."""
    content, layout = TABLES["missing"]
    table, _ = read(b"1.5,-2,x\n" + content, layout)
    assert rows(table) == [
        (1, 1.5, -2.0, "x"),
        *((line, None, None, None) for line in (2, 3, 4)),
        (5, None, None, "x y"),
    ]
    assert table["a"].dtype == np.float64
    assert isinstance(table["word"].dtype, pd.CategoricalDtype)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
def test_encodings_and_line_ends(ends: str, final: bool, encoding: str) -> None:
    """Files of every system are the same rows, also without a last line end."""
    text = ends.join(["1,2,å", "3,4,歩", "5,6,\U0001f6b6"]) + ends * final
    mark = {"utf-16-be": codecs.BOM_UTF16_BE, "utf-16-le": codecs.BOM_UTF16_LE}
    content = mark.get(encoding, b"") + text.encode(encoding)
    expected = [(1, 1.0, 2.0, "å"), (2, 3.0, 4.0, "歩"), (3, 5.0, 6.0, "\U0001f6b6")]
    for block in (*range(11, 18), 20, 23, 2**20):  # from a line's length on
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "BLOCK", block)
            table, ledger = read(content)
        assert rows(table) == expected
        assert ledger.rows_quarantined == 0


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of a block: the same rows, lines, categories and quarantine."""
    lines = [f"{i},{i / 8},{'wörter' if i % 3 else 'ord'}" for i in range(60)]
    lines[0] = "a,b,word"
    lines[17], lines[18], lines[40] = "1,2", "", "x,2,å"
    content = "\n".join(lines).encode()
    layout = Layout(PLAIN.columns, ("word",), header=1)
    whole, ledger = read(content, layout)
    assert len(whole) == 56
    for block in (20, 21, 22, 23, 50, 333, len(content)):
        monkeypatch.setattr(module, "BLOCK", block)
        parts, other = read(content, layout)
        assert isinstance(parts["word"].dtype, pd.CategoricalDtype)
        assert isinstance(parts["file"].dtype, pd.CategoricalDtype)
        pd.testing.assert_frame_equal(parts, whole, check_categorical=False)
        assert set_aside(other) == set_aside(ledger) == [(18, "not 3 fields"), (41, "not a number")]


def test_blocks_are_yielded_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file is never whole in memory."""
    monkeypatch.setattr(module, "BLOCK", 60)
    content = b"1,2,x\n" * 100
    blocks = list(iter_tables(OneFile(content), "f.csv", PLAIN, Ledger()))
    assert [len(block) for block in blocks] == [10] * 10
    assert [block["line"].iloc[0] for block in blocks] == list(range(1, 101, 10))


def test_header_longer_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines before the first row may fill whole blocks."""
    monkeypatch.setattr(module, "BLOCK", 8)
    table, ledger = read(
        b"units\n\na,b,c\n1,2,x\n3,4,y\n", Layout(PLAIN.columns, ("word",), header=3)
    )
    assert rows(table) == [(4, 1.0, 2.0, "x"), (5, 3.0, 4.0, "y")]
    assert ledger.rows_in == 2


def test_lines_that_are_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is set aside with its number, its reason and its beginning."""
    monkeypatch.setattr(module, "MAX_LINE", 2000)
    monkeypatch.setattr(lines_module, "MAX_LINE", 2000)
    lines = [
        *(b"1,2,x", b"1,2", b"1,2,x,4", b"", b"   ", b"one,2,x", b"1,2;5,x", b"1,2,\xff"),
        *(b"1,2\0,x", b"1,2," + b"y" * 3000, b"0x10,2,x", b"1_0,2,x", "١,2,x".encode()),
        *(b"1 2,3,x", b"1e,2,x", b"+1,+2e+1,x", b"7,8,z"),
    ]
    table, ledger = read(b"\n".join(lines) + b"\n")
    assert rows(table) == [(1, 1.0, 2.0, "x"), (16, 1.0, 20.0, "x"), (17, 7.0, 8.0, "z")]
    assert set_aside(ledger) == [
        *((2, "not 3 fields"), (3, "not 3 fields"), (6, "not a number"), (7, "not a number")),
        *((8, "not UTF-8"), (9, "holds a NUL byte"), (10, "longer than any row")),
        *((line, "not a number") for line in range(11, 16)),
    ]
    assert ledger.rows_in == 15  # blank lines are no rows
    content = ledger.quarantined().set_index("line")["content"]
    assert content[2] == "1,2"
    assert content[6] == '{"a":"one","b":"2","word":"x"}'
    assert content[8] == "1,2,\\xff"
    assert content[10] == "1,2," + "y" * 996


def test_bad_word_in_a_dropped_column_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody reads is not checked, in neither path."""
    layout = Layout(("_i", "a"))
    content = b"1,2\nx,4\n"
    assert rows(read(content, layout)[0]) == [(1, 2.0), (2, 4.0)]
    assert rows(read(content + b"5\n", layout)[0]) == [(1, 2.0), (2, 4.0)]


@pytest.mark.parametrize(
    ("layout", "content"),
    [
        (PLAIN, b"\n1,2,x\n\n\n3,4,y\n\n"),
        (Layout(PLAIN.columns, ("word",), separator=" "), b" \t\n1 2 x\n\n  \n3 4 y\n \n"),
        (Layout(PLAIN.columns, ("word",), end=";"), b"\n1,2,x;\n\n \n3,4,y;\n"),
        (Layout(("word",), ("word",)), b"\nx\n \t\n\ny\n"),
    ],
)
def test_blank_lines(layout: Layout, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are no rows in either path, and they are counted in the lines' numbers."""
    table, ledger = read(content, layout)
    assert (table["line"].tolist(), table["word"].tolist()) == ([2, 5], ["x", "y"])
    assert ledger.rows_in == 2
    monkeypatch.setattr(module, "read_lines", None)
    end = layout.end.encode() + b"\n\n\n"
    after = content.split(b"\n")[1].removesuffix(layout.end.encode()) + end
    assert len(read(after, layout)[0]) == 1  # blank lines at the end do not cost the fast path


def test_end_without_a_row() -> None:
    """The sign alone is a line with too few fields, not an empty row."""
    table, ledger = read(b"1,2;\n;\n3,4;\n", Layout(("a", "b"), end=";"))
    assert table["line"].tolist() == [1, 3]
    assert [line for line, _ in set_aside(ledger)] == [2]


def test_decimal_comma_does_not_take_a_point() -> None:
    """``1.500`` is one and a half or fifteen hundred: nobody knows, so it is set aside."""
    layout = Layout(("a", "b"), separator=";", decimal=",")
    table, ledger = read(b"1,5;-2\n1.500;2\n,5;3,e1\n", layout)
    assert rows(table) == [(1, 1.5, -2.0), (3, 0.5, 30.0)]
    assert set_aside(ledger) == [(2, "not a number")]


def test_quotes() -> None:
    """An open quote takes its own line with it, not the rest of the file."""
    layout = Layout(PLAIN.columns, ("word",), quotes=True)
    table, ledger = read(b'1,2,"a,b"\n"3,4,x\n5,"6",y\n7,8,"z\n', layout)
    assert rows(table) == [(1, 1.0, 2.0, "a,b"), (3, 5.0, 6.0, "y"), (4, 7.0, 8.0, "z")]
    assert set_aside(ledger) == [(2, "not 3 fields")]


def test_end_of_rows() -> None:
    """A row without the sign that ends it may have been cut off."""
    layout = Layout(("a", "b"), end=";")
    table, ledger = read(b"1,2;\n3,45\n5,6; \n7,8", layout)
    assert rows(table) == [(1, 1.0, 2.0), (3, 5.0, 6.0)]
    assert set_aside(ledger) == [(line, "not 2 fields and ';' at the end") for line in (2, 4)]


def test_mended_lines() -> None:
    """A line that holds two rows gives both, counted as repaired; what cannot be is set aside."""
    layout = Layout(("a", "b"), mend=lambda line: line.split(";") if ";" in line else [])
    table, ledger = read(b"1,2\n3,4;5,6\n7,8;x,9;0\n1\n", layout)
    assert rows(table) == [(1, 1.0, 2.0), (2, 3.0, 4.0), (2, 5.0, 6.0), (3, 7.0, 8.0)]
    assert table["repaired"].tolist() == [False, True, True, True]
    assert ledger.repairs == {"malformed line": 3}
    assert ledger.rows_in == 7
    assert set_aside(ledger) == [(3, "not 2 fields"), (3, "not a number"), (4, "not 2 fields")]


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\r\n", codecs.BOM_UTF8, b"a,b,word\n"])
def test_files_without_rows(content: bytes) -> None:
    """Nothing at all is an error; blank lines or a header alone are no rows of any type."""
    layout = Layout(PLAIN.columns, ("word",), header=1)
    if not content.removeprefix(codecs.BOM_UTF8):
        with pytest.raises(DataError, match=r"f\.csv: empty"):
            read(content, layout)
        return
    table, ledger = read(content, layout)
    assert (len(table), ledger.rows_in, dict(ledger.repairs)) == (0, 0, {})
    types = ["float64", "float64", "category", "int64", "bool", "category"]
    assert table.dtypes.astype(str).tolist() == types


def test_binary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block without a line end is no text; a shorter one is a line that is set aside."""
    monkeypatch.setattr(module, "BLOCK", 10_000)
    monkeypatch.setattr(module, "MAX_LINE", 5_000)
    monkeypatch.setattr(lines_module, "MAX_LINE", 5_000)
    with pytest.raises(DataError, match=r"f\.csv: no line breaks") as caught:
        read(bytes(range(32, 232)) * 500)
    assert "one row per line" in str(caught.value)
    table, ledger = read(b"1,2,x\n" + b"\x89PNG" * 1500 + b"\n3,4,y\n")
    assert [row[0] for row in rows(table)] == [1, 3]
    assert set_aside(ledger) == [(2, "longer than any row")]


def test_carriage_returns_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of nothing but ends of lines does not pile up."""
    monkeypatch.setattr(module, "BLOCK", 16)
    table, _ = read(b"\r" * 100 + b"1,2,x\r" + b"\r" * 50)
    assert rows(table) == [(101, 1.0, 2.0, "x")]


LINES = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from(
            [b"1,2,x", b"1,NaN,", b"-0.5,1e3,y z", b"1,2", b"a,2,x", b" 1 , 2 ,\xc3\xa5"]
        ),
    ),
    max_size=12,
)


@settings(max_examples=100)
@given(LINES, st.sampled_from([b"\n", b"\r\n", b"\r"]), st.integers(24, 90), st.booleans())
@example([b"\xff\xfe1\x00,\x002"], b"\n", 24, False)
@example([b"1,2,x", b"\xe2\x80\xa8,1,x", b"1,2,\x1c"], b"\n", 24, True)
def test_no_line_is_lost(lines: list[bytes], end: bytes, block: int, quotes: bool) -> None:
    """For any bytes and blocks: rows in = rows returned + rows set aside, in both paths."""
    layout = Layout(PLAIN.columns, ("word",), quotes=quotes)
    found = []
    for size, by_line in ((2**20, False), (2**20, True), (block, False)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "BLOCK", size)
            if by_line:
                slow(patch)
            try:
                table, ledger = read(end.join(lines), layout)
            except DataError as error:
                assert error.message in {"f.csv: empty", "f.csv: no line breaks"}
                found.append(None)
                continue
        found.append((rows(table), set_aside(ledger)))
    assert found[0] == found[1]
    assert found[2] in (found[0], None)
    if found[0] is not None and not lines[0].startswith((b"\xff\xfe", b"\xfe\xff")):
        content = end.join(lines).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        content = content.removeprefix(codecs.BOM_UTF8)
        plain = [line.decode(errors="replace").strip() for line in content.split(b"\n")]
        assert len(found[0][0]) + len(found[0][1]) == sum(map(bool, plain))

"""Text of others in four media: seen as it is, and never active."""

import csv
import io
import json

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console
from rich.text import Text

from har.data.activities import name_of
from har.page.html import Html
from har.page.markdown import of_chat, plain
from har.page.sheet import cell, to_csv
from har.terminal.console import Screen
from har.terminal.machine import to_json
from har.visible import INVISIBLE, LONGEST, visible

# Whatever a name may hold, and much of what acts somewhere.
PIECES = st.sampled_from(
    [
        *(
            "\x1b[2J",
            "\x1b]0;x\x07",
            "\x9b8m",
            "\u202e",
            "\u2028",
            "\udcff",
            "\ufeff",
            "\x00",
            "\x7f",
        ),
        *("<img src=x onerror=1>", "</script>", "&lt;", "[/red]", "[l](javascript:x)", "`", "|"),
        *(
            "http://x",
            "=1+1",
            "@x",
            "-1",
            "\t",
            "\r\n",
            "{{7*7}}",
            "$x$",
            "%s{}",
            ":smile:",
            "日本",
        ),
    ]
)
NAMES = st.lists(st.text(st.characters(), max_size=6) | PIECES, max_size=8).map("".join)


@given(NAMES)
def test_every_character_is_seen(name: str) -> None:
    """What is shown holds nothing that acts, and is shown again as it is."""
    shown = visible(name)
    assert not INVISIBLE.search(shown)
    assert visible(shown) == shown
    assert len(shown) <= LONGEST
    assert not set(INVISIBLE.findall(visible(name, lines=True))) - {"\n", "\t"}


def test_what_is_long_is_cut_with_a_word() -> None:
    """Of 10,000 letters as many stand there as fit, and their number."""
    shown = visible("x" * 10_000)
    assert len(shown) == LONGEST
    assert shown.endswith("x… (cut: it has 10,000 characters)")
    assert visible("x" * 10_000, longest=None) == "x" * 10_000


def on_a_terminal(*objects: object, colours: bool = True) -> str:
    """Return what a console writes."""
    file = io.StringIO()
    Screen(file=file, width=10_000, force_terminal=colours).print(*objects, soft_wrap=True)
    return file.getvalue()


@given(NAMES)
def test_terminal(name: str) -> None:
    """A string is one line of its visible characters; a text of Rich holds none that acts."""
    assert on_a_terminal(name) == visible(name, longest=None) + "\n"
    styled = on_a_terminal(Text(name, style="bold"))
    bare = styled.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert not set(INVISIBLE.findall(bare)) - {"\n"}


@given(NAMES)
def test_html(name: str) -> None:
    """Between tags and in an attribute a name is characters and nothing else."""
    made = str(Html('<p title="{}">{}</p>').format(name, name))
    inner = made.removeprefix('<p title="').removesuffix("</p>")
    assert not set('<>"') & set(inner.replace('">', "", 1))
    assert not set(INVISIBLE.findall(made)) - {"\n", "\t"}


@given(NAMES)
def test_markdown(name: str) -> None:
    """A renderer makes one paragraph of it, whose words are the visible ones."""
    made = MarkdownIt("commonmark", {"html": True}).enable("table").parseInline(plain(f"a {name}"))
    children = [one for token in made for one in token.children or []]
    assert {one.type for one in children} <= {"text", "text_special"}
    read = "".join(one.content for one in children)
    assert "".join(read.split()) == "".join(visible(" ".join(f"a {name}".split(" "))).split()) or (
        set(name) & set("\t\n\r\f\v\x1c\x1d\x1e\x1f\x85\u2028\u2029\xa0")
    )


@given(NAMES)
def test_chat(name: str) -> None:
    """No command and no named link: each stands between angle brackets."""
    assert not set("<>") & set(of_chat(name))


@given(NAMES)
def test_sheet(name: str) -> None:
    """A cell is one line, and a formula only where it is a number; as a heading, too."""
    heads = pd.Index([name, "n"], dtype=object)
    table = pd.DataFrame([[name, -0.5], ["walking", 1e-9]], columns=heads, dtype=object)
    first, second, _ = csv.reader(io.StringIO(to_csv(table)))
    assert first[0] == second[0] == cell(name)
    assert [float(value) for value in second[1:]] == [-0.5]
    assert not INVISIBLE.search(first[0])
    if first[0].lstrip()[:1] in tuple("=+-@"):
        float(first[0])


@given(st.text(st.characters(codec="utf-8"), max_size=80) | NAMES.filter(str.isprintable))
def test_a_sheet_ingested_again_has_the_same_activities(word: str) -> None:
    """What is in front of an activity that looks like a formula is no part of its name."""
    activity = name_of(word)
    assert name_of(activity) == activity
    assert name_of(cell(activity)) == activity


@given(st.dictionaries(NAMES, NAMES | st.floats(allow_nan=False, allow_infinity=False)))
def test_json_is_equal_and_inert(value: dict[str, object]) -> None:
    """A parser reads the very names; a terminal meets none of their characters."""
    made = to_json(value)
    assert json.loads(made) == value
    assert set(INVISIBLE.findall(made)) <= {"\n"}


def test_a_console_of_rich_would_let_it_through() -> None:
    """The guard is needed: Rich alone writes what it is given."""
    file = io.StringIO()
    Console(file=file, width=80).print(Text("\x1b[2J"))
    assert "\x1b[2J" in file.getvalue()

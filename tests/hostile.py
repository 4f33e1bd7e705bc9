"""A project all of whose names are hostile: files, folders, people, activities, columns, cells."""

import json
from pathlib import Path

from people import _MOTIONS, MAPPING, write_people
from support import Project

from har.data.ingest.harmonise import slug

# What a name may be that acts on a terminal, a page, Markdown, a spreadsheet, a plot or a format.
ALARM = "<img src=x onerror=window.pwned=1>"
ESCAPES = "\x1b]0;PWN\x07\x1b[2J\x1b[8m\x9b31m"
LONG = "x" * 10_000
FILES = (
    f"{ALARM}",
    "[l](javascript:window.pwned=1) [red] __proto__",
    ESCAPES,
    "=cmd \u202egpj\u200b",
    "%s{}{{7*7}} $\\frac$ :smile: 日本 \U0001f600",
)
ACTIVITIES = (ALARM, '=HYPERLINK("http://x","</script>")', "+{{7*7}} $\\frac$ 走る " + "é" * 100)
REASON = (
    f"{ALARM} [/red] {ESCAPES} =1+1 [l](javascript:x) | a\nb \u202e"
    "</script><script>window.pwned=1</script> <!channel> **b** `c`"
)
SOMEBODY = "<b>eve</b> [/red] $x$ | @x `y` [l](javascript:x)"


def write_hostile(raw: Path) -> None:
    """Write a labelled recording of each of five people, two empty files, one row of attacks."""
    motions = dict(zip(ACTIVITIES, list(_MOTIONS.values())[::2], strict=True))
    write_people(raw, range(1, 6), seconds=7.68, motions=motions)
    for number, name in enumerate(FILES, 1):
        path = raw / f"s{number}" / "day.csv"
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        rows[30] = f"{ESCAPES},{ALARM},=1+1,</script>,{LONG},\x00z,w,\u202e"
        lines = [f"{head},\x1b[2J<b>[/red]{LONG}", *(f"{row},0" for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        path.rename(path.with_name(f"{name}.csv"))
        path.parent.rename(raw / f"{name}{number}")
    (raw / "[").mkdir()
    (raw / "[" / "red]empty\x1b[31m.csv").touch()
    (raw / "[red]x[bold]\n  to do: rm -rf.csv").write_text("nothing\n", encoding="utf-8")


def make_hostile(folder: Path) -> Project:
    """Ingest it as ``lab``, in a project whose runs are as small as they go."""
    people = [f"lab-{slug(f'{name}{number}')}" for number, name in enumerate(FILES, 1)]
    project = Project(
        folder,
        {
            "HAR_DATA__DATASETS": '["lab"]',
            "HAR_SPLIT__TEST_SUBJECTS": json.dumps(people[:2]),
            "HAR_SPLIT__VALIDATION_SUBJECTS": json.dumps(people[2:3]),
            "HAR_CANDIDATES": '["logistic"]',
            "HAR_MODELS__LOGISTIC__C_GRID": "[0.01]",
            "HAR_MODELS__LOGISTIC__COPIES": "0",
            "HAR_EXPORT__LATENCY_REPEATS": "10",
            "HAR_GATE__MIN_MACRO_F1": "0",
            "HAR_GATE__MIN_CLASS_F1": "0",
            "HAR_GATE__MIN_SUBJECT_F1": "0",
            "HAR_GATE__MAX_ECE": "1",
            "HAR_REGISTRY__IDENTITY": SOMEBODY,
        },
    )
    write_hostile(folder / "raw")
    return project


def ingest_words() -> list[str]:
    """Return the words of the command that ingests it."""
    stated = {**MAPPING, "subject_pattern": "^(.*?)/"}
    entries = [word for what, column in stated.items() for word in ("--map", f"{what}={column}")]
    return ["data", "ingest", "lab", "raw", *entries, "--jobs", "1"]

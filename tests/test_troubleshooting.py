"""docs/troubleshooting.md quotes errors as they are, and links to what there is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from har import errors
from har.config import Recipe
from har.config.environment import Environment
from har.config.section import flatten

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ERRORS = {
    name: kind.exit_code
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.HarError)
}
# A function that makes an error, by the code that it ends with.
MAKERS = {**ERRORS, "beyond": errors.LimitError.exit_code}
QUOTED = re.findall(r"^\| `([^`]+)` \| (\d) \|", PAGE, re.MULTILINE)


def raised() -> Iterator[tuple[str, int]]:
    """Yield message and exit code of every error in the code, … for what it names."""
    for path in [*ROOT.glob("har/**/*.py"), *ROOT.glob("flows/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[message, *_]) if name in MAKERS:
                    yield text(message), MAKERS[name]


def text(message: ast.expr) -> str:
    """Return a literal as a reader sees it."""
    match message:
        case ast.Constant(value=str(words)):
            return words
        case ast.JoinedStr(values=parts):
            return "".join(
                str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts
            )
    return ""


def test_every_message_is_raised_with_its_exit_code() -> None:
    """Whoever searches for what they see finds it here, word for word."""
    known = set(raised())
    assert [entry for entry in QUOTED if (entry[0], int(entry[1])) not in known] == []
    assert len(QUOTED) > 40


def test_every_exit_code_is_explained() -> None:
    """Those of our errors, and 0 for none."""
    table = PAGE.partition("| exit code |")[2].partition("\n\n")[0]
    told = {int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)}
    assert told == {0, *ERRORS.values()}


def test_every_setting_exists() -> None:
    """No advice that `har` refuses."""
    sections = {*Recipe.model_fields, *Environment.model_fields}
    known = {name.replace("_", "-") for name, _ in flatten(Recipe().model_dump())}
    known |= {name.replace("_", "-") for name, _ in flatten(Environment().model_dump())}
    named = re.findall(r"`(?:--set )?(\w+)\.([\w.]+)(?:=[^`]*)?`", PAGE)
    advised = {
        f"{section}.{rest}".replace("_", "-") for section, rest in named if section in sections
    }
    assert advised - known == set()
    assert advised


def test_links_lead_to_pages() -> None:
    """And their anchors to headings; the README leads here."""
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#]+)#?([^)]*)\)", PAGE):
        target = ROOT / "docs" / link
        assert target.exists(), link
        headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in {h.lower().replace(" ", "-") for h in headings}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(docs/troubleshooting.md" in readme

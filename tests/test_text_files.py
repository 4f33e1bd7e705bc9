"""Files of text are UTF-8 in every locale."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_file_of_text_has_its_encoding_named() -> None:
    """Otherwise it is the locale's, and a file of one machine cannot be read on another."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ("har", "flows", "scripts")
        for path in sorted(ROOT.glob(f"{room}/**/*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and _reads_or_writes_text(node)
        if "encoding" not in {keyword.arg for keyword in node.keywords}
    ]
    assert silent == []


def _reads_or_writes_text(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(attr="read_text"):
            # Its one argument is the encoding, or the name of a file of a distribution.
            return not call.args
        case ast.Attribute(attr="write_text"):
            return True
        case ast.Name("open") | ast.Attribute(attr="open"):
            constants = {arg.value for arg in call.args if isinstance(arg, ast.Constant)}
            return bool(constants & {"r", "w", "a", "x"})
    return False

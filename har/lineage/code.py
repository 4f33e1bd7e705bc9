"""The code that a step executes: found from its entry function, by following imports.

Nothing is imported for it: modules are read with `ast`. A step executes its entry's
module and all modules of this package that those import, at their top or inside a
function; the packages that those are in are executed too. A template or data file belongs to
the module beside it that names it, and to the templates that do. Of other libraries the
installed version counts.

The rooms in `SHAPELESS` are not followed: they shape no result. What settings say is in
a step's key anyway.
"""

import ast
import functools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from har.lineage import digest

ROOT = "har"
SHAPELESS = (
    *("har.config", "har.disk", "har.errors", "har.measured"),
    *("har.progress", "har.store", "har.terminal"),
)
# Libraries whose distributions are not named like what is imported.
DISTRIBUTIONS = {
    "sklearn": ("scikit-learn",),
    "optimum": ("optimum", "optimum-onnx"),
    "re2": ("google-re2",),
    "google": ("protobuf",),
    "yaml": ("PyYAML",),
}
# Libraries that a module can do without for most of what it reads: they count where they are.
OPTIONAL = frozenset({"actfast", "cbor2"})
_TEMPLATE = re.compile(r"[\"']([\w.-]+\.html)[\"']")


@dataclass(frozen=True)
class Code:
    """What an entry function executes.

    Attributes
    ----------
    files : dict of str to str
        SHA-256 by path relative to the package's parent, POSIX.
    libraries : dict of str to str
        Installed version by distribution.
    """

    files: dict[str, str]
    libraries: dict[str, str]


@dataclass(frozen=True)
class _Module:
    """What one module names.

    Attributes
    ----------
    ours, others : frozenset of str
        Modules of this package, and other libraries.
    sought : frozenset of str
        Modules that a package finds by looking into its folder.
    files : frozenset of Path
        Files that are not code.
    """

    ours: frozenset[str]
    others: frozenset[str]
    sought: frozenset[str]
    files: frozenset[Path]


@functools.cache
def executed_by(entry: str) -> Code:
    """Return the code that an entry function executes.

    Parameters
    ----------
    entry : str
        ``module:function``, or a module.

    Raises
    ------
    ModuleNotFoundError
        If there is no such module.

    Examples
    --------
    >>> sorted(executed_by("har.lineage.digest:of_file").files)
    ['har/lineage/__init__.py', 'har/lineage/digest.py']
    """
    waiting = [(entry.partition(":")[0], True)]
    seen: dict[str, bool] = {}
    files, others = set[Path](), set[str]()
    while waiting:
        name, by_name = waiting.pop()
        if name == ROOT or _is_shapeless(name) or (name in seen and seen[name] >= by_name):
            continue
        seen[name] = by_name
        module = _read(name)
        files |= module.files
        others |= module.others
        waiting += [(other, True) for other in module.ours]
        # A package that is executed on the way to one of its modules looks for no others.
        waiting += [(other, True) for other in module.sought if by_name]
        waiting.append((name.rpartition(".")[0], False))
    home = _home()
    paths = sorted({*files, *(_path(name) for name in seen)})
    return Code(
        {path.relative_to(home.parent).as_posix(): _digest(path) for path in paths},
        dict(sorted(_versions(others))),
    )


def modules() -> list[str]:
    """Return the names of all modules of this package."""
    home = _home()
    names = (path.relative_to(home.parent).with_suffix("") for path in home.rglob("*.py"))
    return sorted(".".join(name.parts).removesuffix(".__init__") for name in names)


def _is_shapeless(name: str) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in SHAPELESS)


@functools.cache
def _read(name: str) -> _Module:
    """Parse a module; what stands under ``if TYPE_CHECKING`` is not executed."""
    path = _path(name)
    ours, others, sought, files = set[str](), set[str](), set[str](), set[Path]()
    for node in _executed(ast.parse(path.read_bytes())):
        for imported in _imported(node):
            if imported.partition(".")[0] == ROOT:
                ours.add(_existing(imported))
            else:
                others.add(imported.partition(".")[0])
        match node:
            case ast.Constant(value=str(text)) if "\n" not in text and len(text) < 100:
                files |= set(_with_templates(path.parent, text))
            case ast.Attribute(attr="iter_modules"):
                sought |= {m for m in modules() if m.startswith(f"{name}.")}
    return _Module(frozenset(ours), frozenset(others), frozenset(sought), frozenset(files))


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _executed(child)


def _imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names):
            # An imported name may be a module of its own; `_existing` cuts off what is not.
            ours = module.partition(".")[0] == ROOT
            yield from (f"{module}.{alias.name}" if ours else module for alias in names)


def _existing(dotted: str) -> str:
    """Return the module that a dotted name is, or is in."""
    while not (_source(dotted) or dotted == ROOT):
        dotted = dotted.rpartition(".")[0]
    return dotted


def _with_templates(folder: Path, name: str) -> Iterator[Path]:
    """Yield a file that is not code beside a module, and the templates that it includes."""
    if "/" in name or name in {"", ".", ".."} or name.endswith(".py"):
        return
    for place in (folder, _home() / "page"):
        path = place / name
        if path.is_file():
            yield path
            if path.suffix == ".html":
                for included in set(_TEMPLATE.findall(path.read_text(encoding="utf-8"))) - {name}:
                    yield from _with_templates(place, included)
            return


def _path(name: str) -> Path:
    if path := _source(name):
        return path
    raise ModuleNotFoundError(name)


@functools.cache
def _source(name: str) -> Path | None:
    base = _home().parent.joinpath(*name.split("."))
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)


@functools.cache
def _home() -> Path:
    spec = find_spec(ROOT)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@functools.cache
def _digest(path: Path) -> str:
    return digest.of_file(path)


def _versions(names: set[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(names - sys.stdlib_module_names):
        for distribution in DISTRIBUTIONS.get(name, (name,)):
            try:
                yield distribution, _version(distribution)
            except PackageNotFoundError:
                if name not in OPTIONAL:
                    raise


_version = functools.cache(version)

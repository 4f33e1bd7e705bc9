"""A changed line makes anew what can execute it, and nothing else."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import grimp
import pytest

from har.config import EncoderSettings, WindowGrid, load, model_names
from har.config.section import Section
from har.lineage import code
from har.steps.plan import plan
from har.steps.run import Run
from har.steps.step import Step, enter

HOME = Path(code.__file__).parents[2]
FINDERS = ("har.data.sources", "har.data.recorders")  # packages that find modules by their names
# What the values of other settings leave unread in the smallest run.
CONDITIONAL = {
    ("LogisticSettings", "augment"),  # no copies of windows
    ("ExportSettings", "calibration_windows"),  # no int8 build of a classical model
    ("FinetuneSettings", "freeze_layers"),  # everything learns after a while
    ("FinetuneSettings", "lora_alpha"),  # no LoRA
    # A network that starts from a checkpoint has its sizes.
    *(("EncoderSettings", field) for field in EncoderSettings.model_fields),
    *(("WindowGrid", field) for field in WindowGrid.model_fields),
    ("PretrainSettings", "checkpoint"),  # the same in every pretraining of our own
}


@dataclass(frozen=True)
class Watched:
    """What a step executed, and which fields of which sections it read."""

    executed: set[str]
    read: set[tuple[type, str]]


@pytest.fixture(scope="module")
def entries() -> list[str]:
    """Return the entry functions of all steps, whatever the settings."""
    every = [f"candidates={list(model_names())}", "data.datasets=['hapt', 'lab']"]
    others = (["pretrain.checkpoint=own"], ["data.fuse=['chest', 'wrist']"])
    plans = [plan(load([*every, *words]).recipe) for words in ([], *others)]
    return sorted({step.entry for made in plans for step in made.steps.values()})


@pytest.fixture(scope="module")
def expected(entries: list[str]) -> dict[str, set[str]]:
    """Return the modules that each entry function can execute, as import-linter's graph has it."""
    graph = grimp.build_graph("har", exclude_type_checking_imports=True)
    return {entry: _reachable(graph, entry.partition(":")[0]) for entry in entries}


def _reachable(graph: grimp.ImportGraph, first: str) -> set[str]:
    """Follow imports, and from a module to the packages that it is in."""
    waiting, seen = [first], set[str]()
    while waiting:
        module = waiting.pop()
        if module in seen or module == "har" or code._is_shapeless(module):
            continue
        seen.add(module)
        imported = graph.find_modules_directly_imported_by(module)
        for finder in FINDERS:
            imported |= graph.find_children(finder) if finder in imported else set()
        waiting += [*imported, module.rpartition(".")[0]]
    return seen


def test_a_changed_line_changes_the_code_of_the_entries_that_can_execute_it(
    entries: list[str], expected: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried with every module of the package, one after the other."""
    before = {entry: code.executed_by(entry) for entry in entries}
    digest = code._digest
    for module in code.modules():
        path = code._path(module)

        def changed(other: Path, path: Path = path) -> str:
            return "changed" if other == path else digest(other)

        code.executed_by.cache_clear()
        monkeypatch.setattr(code, "_digest", changed)
        after = {entry for entry in entries if code.executed_by(entry) != before[entry]}
        assert after == {entry for entry in entries if module in expected[entry]}, module
    code.executed_by.cache_clear()


@pytest.mark.parametrize(
    ("entry", "template"),
    [
        ("har.steps.entries.report:report", "har/steps/entries/report.html"),
        ("har.steps.entries.protocol:protocol", "har/evaluation/protocol.html"),
        ("har.steps.entries.data_report:data_report", "har/data/report/page.html"),
    ],
)
def test_the_look_of_a_page_is_in_its_key(entry: str, template: str) -> None:
    """Its template, the style that this includes, and the filters: a changed rule is seen."""
    files = code.executed_by(entry).files
    assert {template, "har/page/style.html", "har/page/html.py"} <= set(files)


@pytest.fixture(scope="module")
def watched(whole: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Watched]:
    """Enter every step of a run again, and watch it."""
    return {
        name: _watch(step, whole, tmp_path_factory.mktemp(step.kind))
        for name, step in whole.plan.steps.items()
    }


def _watch(step: Step, run: Run, out: Path) -> Watched:
    executed, read = set[str](), set[tuple[type, str]]()
    get = Section.__getattribute__

    def profile(frame: FrameType, _event: str, _argument: object) -> None:
        executed.add(str(frame.f_globals.get("__name__")))

    def recorded(section: Section, name: str) -> Any:
        read.add((type(section), name))
        return get(section, name)

    inputs = run.inputs(step)
    assert inputs is not None
    with pytest.MonkeyPatch.context() as watching:
        watching.setattr(Section, "__getattribute__", recorded)
        sys.setprofile(profile)
        try:
            enter(step, inputs, out)
        finally:
            sys.setprofile(None)
    ours = {name for name in executed if name.startswith("har.") and name != enter.__module__}
    return Watched({name for name in ours if not code._is_shapeless(name)}, read)


def test_what_a_step_executes_is_in_its_key(whole: Run, watched: dict[str, Watched]) -> None:
    """Seen from inside: no function of another module is called while a step is made."""
    for name, seen in watched.items():
        step = whole.plan.steps[name]
        known = {p for entry in (step.entry, *step.also) for p in code.executed_by(entry).files}
        assert {
            code._path(module).relative_to(HOME).as_posix() for module in seen.executed
        } <= known


def test_what_is_in_a_key_is_read(whole: Run, watched: dict[str, Watched]) -> None:
    """A step is given no section of the settings of which it leaves a part unread."""
    unread = {
        (kind.__name__, field)
        for name, seen in watched.items()
        for kind, field in set(_given(whole.plan.steps[name])) - seen.read
    }
    assert unread <= CONDITIONAL


def _given(step: Step) -> Iterator[tuple[type, str]]:
    for value in step.settings.values():
        if isinstance(value, Section):
            yield from ((type(value), name) for name in type(value).model_fields)

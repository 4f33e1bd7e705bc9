"""The page says what it understood and answered, and what to do where it cannot."""

from pathlib import Path

import pytest
from graphs import walk_then_sit
from paging import HOSTILE, RunPage, shown

from har.app.options import AppOptions
from har.visible import INVISIBLE


def drop(page, name: str, content: bytes):  # type: ignore[no-untyped-def]
    """Drop a file on the page."""
    page.file_uploader[0].upload(name, content, "text/csv").run()
    assert not page.exception
    return page


def press(page, label: str):  # type: ignore[no-untyped-def]
    """Press a button."""
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def test_without_a_champion_the_page_says_what_to_do(run_page: RunPage) -> None:
    """And the other tabs are there."""
    page = run_page(AppOptions())
    assert "there is no registry at" in shown(page)
    assert "`har run` makes one" in shown(page)
    assert [tab.label for tab in page.tabs] == ["Recording", "Live", "Registry"]


def test_dropped_table_is_answered(run_page: RunPage, model: Path, walk: bytes) -> None:
    """One second of each activity, by the model's known rule."""
    page = drop(run_page(AppOptions(model=str(model))), "day.csv", walk)
    html = shown(page)
    assert '<th scope="row" class="har-t"' in html
    for activity in ("walking", "sitting"):
        assert f"</span>{activity}" in html
    assert "day: 100 rows read; 100 samples in 1 stretch" in html
    assert [button.label for button in page.download_button] == [
        "Segments, CSV",
        "Windows, CSV",
        "Picture, PNG",
        "Page, HTML",
    ]


def test_sample_is_answered(run_page: RunPage, model: Path) -> None:
    """Six minutes of the bundled data."""
    page = run_page(AppOptions(model=str(model)))
    page.pills[0].set_value("Six activities").run()
    assert not page.exception
    assert "six-activities: 18,026 rows read" in shown(page)


def test_question_is_asked_and_answered(run_page: RunPage, model: Path) -> None:
    """Nothing is answered before a person has said what the file leaves open."""
    page = run_page(AppOptions(model=str(model)))
    page.pills[0].set_value("A file that leaves a question").run()
    assert "There is no column of time" in shown(page)
    assert not page.download_button
    page.text_input[0].set_value("50")
    press(page, "Use these answers")
    if any(button.label == "This is right" for button in page.button):
        press(page, "This is right")
    assert "a-question: 3,000 rows read" in shown(page)
    assert "rate_hz = 50" in shown(page)


def test_wrong_answer_is_told_and_forgotten(run_page: RunPage, model: Path) -> None:
    """A rate that is no number: the error, and a way back to the question."""
    page = run_page(AppOptions(model=str(model)))
    page.pills[0].set_value("A file that leaves a question").run()
    page.text_input[0].set_value("fast")
    press(page, "Use these answers")
    assert 'role="alert"' in shown(page)
    assert "rate_hz" in shown(page)
    press(page, "Forget what was stated")
    assert "There is no column of time" in shown(page)


def test_guess_is_confirmed_before_it_is_answered(run_page: RunPage, model: Path) -> None:
    """As `har predict` does at a terminal."""
    names = {f"acc_{axis}": f"a{axis}" for axis in "xyz"}
    names |= {f"gyro_{axis}": f"g{axis} (rad/s)" for axis in "xyz"}
    table = walk_then_sit().rename(columns=names).to_csv(index=False).encode()
    page = drop(run_page(AppOptions(model=str(model))), "guess.csv", table)
    assert "Is it right?" in shown(page)
    assert not page.download_button
    press(page, "This is right")
    assert page.download_button


def test_correction_is_used(run_page: RunPage, model: Path, walk: bytes) -> None:
    """Acceleration in g: the same values are refused, for gravity is ten times too large."""
    page = drop(run_page(AppOptions(model=str(model))), "day.csv", walk)
    unit = next(box for box in page.selectbox if box.label == "Unit of acceleration")
    assert unit.value == "m/s2"
    unit.set_value("g")
    press(page, "Use these corrections")
    assert "acc_unit = g" in shown(page)
    assert 'role="alert"' in shown(page)
    press(page, next(b.label for b in page.button if b.label.startswith("Forget")))
    assert page.download_button


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"no table at all\n", "expected"), (b"", "bad.csv"), (b"\x00\xff" * 500, "bad.csv")],
)
def test_bad_file_is_an_error_with_what_to_do(
    run_page: RunPage, model: Path, walk: bytes, content: bytes, told: str
) -> None:
    """The page stays usable, and no path of the server is shown."""
    page = drop(run_page(AppOptions(model=str(model))), "bad.csv", content)
    assert 'role="alert"' in shown(page)
    assert told in shown(page)
    assert "/tmp/" not in shown(page)
    assert not page.download_button


def test_names_are_text(run_page: RunPage, model: Path, walk: bytes) -> None:
    """A file's name holds markup of two kinds; nothing that is shown holds it unescaped."""
    page = drop(run_page(AppOptions(model=str(model))), HOSTILE, walk)
    assert page.download_button
    assert "<img" not in shown(page)
    assert "&lt;img src=x onerror=alert(1)&gt; **bold**" in shown(page)
    written = [element.value for element in (*page.markdown, *page.caption)]
    assert not any("onerror" in text for text in written)
    labels = [element.label for element in (*page.button, *page.expander, *page.selectbox)]
    assert not any("onerror" in label for label in labels)
    page = drop(run_page(AppOptions(model=str(model))), "=\x1b]0;x\x07\u202egpj.csv", walk)
    assert r"=\x1b]0;x\x07\u202egpj" in shown(page)
    assert not set(INVISIBLE.findall(shown(page))) - {"\n", "\t"}

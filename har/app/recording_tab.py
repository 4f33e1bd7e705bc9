"""The tab of a recording: chosen, understood, corrected, answered."""

import streamlit as st

from har.app.analysis import Analysis, try_analyse
from har.app.contents import Contents
from har.app.correction import ask
from har.app.markup import box, error_box, facts, show, text
from har.app.result import result
from har.app.samples import SAMPLES, contents_of
from har.app.understanding import Stated, Understanding, understand
from har.errors import HarError
from har.lineage import digest
from har.models.smoothing import Name
from har.serving.served import Served

# Files whose answers are kept, of whoever dropped them, until others are asked for.
KEPT = 16
Pairs = tuple[tuple[str, str | tuple[str, ...]], ...]
_SMOOTHING: dict[Name, str] = {
    "none": "none: every window by itself",
    "average": "mean of the last windows",
    "hmm": "hidden Markov model",
}


def recording_tab(model: Served) -> None:
    """Show the tab."""
    contents = _chosen()
    if contents is None:
        return
    stated: Stated = st.session_state.setdefault("stated", {}).get(contents.digest, {})
    understood = _understood(contents.digest, tuple(sorted(stated.items())), contents)
    if isinstance(understood, HarError):
        _refused(understood, contents, stated)
        return
    if _settled(understood, contents, stated):
        _answer(contents, stated, model)


def _chosen() -> Contents | None:
    """Return what was dropped, or the sample that was chosen."""
    left, right = st.columns(2, gap="medium")
    with right:
        dropped = st.file_uploader(
            "Your own files, of any app or device",
            accept_multiple_files=True,
            help="CSV, Parquet, zip, and what known recorders write. They are read on the "
            "machine that serves this page, which keeps them in memory while your page is open.",
        )
    with left:
        if dropped:
            show(text("Your files are answered below; remove them to try a sample.", quiet=True))
            return Contents.of([(file.name, file.getvalue()) for file in dropped])
        titles = [sample.title for sample in SAMPLES]
        chosen = st.pills("A recording to try", titles, key="sample", wrap=True)
        sample = next((sample for sample in SAMPLES if sample.title == chosen), None)
        words = sample.about if sample else "Choose a sample, or drop files of your own."
        show(text(words, quiet=True))
    return _sample(sample.title) if sample else None


@st.cache_resource(show_spinner="Cutting the sample …")
def _sample(title: str) -> Contents:
    return contents_of(next(sample for sample in SAMPLES if sample.title == title))


@st.cache_resource(max_entries=KEPT, show_spinner="Looking at the files …")
def _understood(key: str, stated: Pairs, _contents: Contents) -> Understanding | HarError:
    try:
        return understand(_contents, dict(stated))
    except HarError as error:
        return error


def _refused(error: HarError, contents: Contents, stated: Stated) -> None:
    show(error_box(error))
    if stated:
        show(text("This was stated for these files: " + _words(stated), quiet=True))
        if st.button("Forget what was stated"):
            _state(contents, {})


def _words(stated: Stated) -> str:
    values = {k: v if isinstance(v, str) else ", ".join(v) for k, v in stated.items()}
    return "; ".join(f"{name} = {value}" for name, value in values.items())


def _state(contents: Contents, stated: Stated) -> None:
    """Keep what a person stated of files, and begin anew with it."""
    st.session_state["stated"] = {**st.session_state["stated"], contents.digest: dict(stated)}
    st.rerun()


def _settled(understood: Understanding, contents: Contents, stated: Stated) -> bool:
    """Show what was understood and ask what is open; tell whether nothing is."""
    key = digest.of_json([contents.digest, dict(stated)])[:16]
    confirmed: set[str] = st.session_state.setdefault("confirmed", set())
    open_guess = understood.is_guess and key not in confirmed
    if understood.doubts:
        show(box("warning", "The files leave something open that changes the answer."))
    elif open_guess:
        show(box("note", "Some of this was guessed, as the files do not say it. Is it right?"))
    with st.expander("What was understood", expanded=bool(understood.doubts) or open_guess):
        _facts(understood)
        if open_guess and not understood.doubts and st.button("This is right"):
            st.session_state["confirmed"] = {*confirmed, key}
            st.rerun()
        if answers := ask(understood, key):
            _state(contents, {**stated, **answers})
        if stated:
            show(text("Stated by you: " + _words(stated), quiet=True))
            if st.button("Forget it"):
                _state(contents, {})
    return not understood.doubts and not open_guess


def _facts(understood: Understanding) -> None:
    for layout in understood.layouts:
        files = ", ".join(layout.files[:3])
        more = f" and {len(layout.files) - 3} more" if len(layout.files) > 3 else ""
        guessed = [(f"guessed: {name}", value) for name, value in layout.guesses]
        show(text(layout.title), facts([("files", files + more), *layout.facts, *guessed]))
    for name, error in understood.refused:
        show(error_box(error, about=name))
    if understood.left:
        names = ", ".join(name for name, _ in understood.left[:5])
        show(text(f"No recordings, and left: {names}", quiet=True))


def _answer(contents: Contents, stated: Stated, model: Served) -> None:
    """Answer files of which nothing is open, and show it."""
    # A tick holds for these files alone.
    smoothing, anyway = _smoothing_of(model), f"anyway-{contents.digest}"
    analysis = _analysis(
        (contents.digest, tuple(sorted(stated.items())), model.sha256),
        smoothing,
        bool(st.session_state.get(anyway)),
        contents,
        stated,
        model,
    )
    if isinstance(analysis, HarError):
        show(error_box(analysis))
        return
    for name, error in analysis.refused:
        show(error_box(error, about=name if name not in str(error) else ""))
    _set_aside(analysis)
    result(analysis, model, lambda: _choose_smoothing(model), anyway=anyway)


def _smoothing_of(model: Served) -> Name:
    """Return how answers are smoothed: what is chosen further down, else the model's best."""
    best = model.predictor.default_smoother
    chosen: Name = st.session_state.get("smoothing", best)
    return "none" if model.predictor.smoothing is None else chosen


def _choose_smoothing(model: Served) -> None:
    if model.predictor.smoothing is None:
        return
    best, names = model.predictor.default_smoother, list(_SMOOTHING)
    st.selectbox(
        "Smoothing over time",
        names,
        index=names.index(best),
        format_func=lambda name: _SMOOTHING[name] + (" (best)" if name == best else ""),
        help="The best is what was best on the validation subjects of this model.",
        key="smoothing",
    )


@st.cache_resource(max_entries=KEPT, show_spinner="Answering …")
def _analysis(
    key: tuple[str, Pairs, str],
    smoothing: Name,
    anyway: bool,
    _contents: Contents,
    _stated: Stated,
    _model: Served,
) -> Analysis | HarError:
    return try_analyse(_contents, _stated, _model.predictor, smoothing, anyway=anyway)


def _set_aside(analysis: Analysis) -> None:
    account = analysis.account
    if account["rows_set_aside"]:
        reasons = "; ".join(f"{why}: {n:,}" for why, n in account["reasons"].items())
        told = f"{account['rows_set_aside']:,} of {account['rows_in']:,} rows were set aside"
        show(box("note", f"{told}: {reasons}"))

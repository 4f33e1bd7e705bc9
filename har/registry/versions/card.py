"""The model card: what a version is, what it was made from, how good it is, its limits."""

from har.data.channels import ChannelChoice, described
from har.data.left_out import LeftOutClasses
from har.evaluation.results.scores import ClassScore
from har.export.artifact import Build
from har.lineage import origin
from har.page.markdown import plain
from har.registry.versions.candidate import Candidate
from har.registry.versions.lineage import UNKNOWN, began_from

MAX_FILES = 10  # that the card names; the lineage record names all
_TEMPLATE = """# {name} on {dataset}, for human activity recognition

Takes one window of {samples} samples at {rate:g} Hz ({length:g} s) with
{channels}. Gives one probability for
each of {n_classes} activities: {classes}.

## Data
{people}

No subject is in two splits. Raw files: {sources}.

## On the test subjects
Macro-F1 {f1:.4f}, {confidence:.0%} interval over {n_subjects} subjects {low:.4f} to {high:.4f};
accuracy {accuracy:.4f}; {n_windows} windows.

| activity | precision | recall | F1 | {confidence:.0%} interval | windows |
|---|---|---|---|---|---|
{per_class}

Subjects range from macro-F1 {worst:.4f} to {best:.4f}.

## Builds
| build | kB | largest gap | agreement | macro-F1 | ms | |
|---|---|---|---|---|---|---|
{builds}

## Limits
- It knows these activities only. `har predict` answers "unknown" where a window is like nothing
  in training, and for about {unknown_share:.1%} of genuine windows too; what is none of these
  activities but looks like one gets its name.{left_out}
- It was measured on people, a placement and a phone of one data set; another placement, rate
  or unit needs data of its own.
- Windows with two activities were neither trained on nor measured.
- It is no medical device.
"""


def write_card(candidate: Candidate) -> str:
    """Return the model card as Markdown, made from the candidate's own numbers."""
    m, window = candidate.metrics, candidate.recipe.window
    scores = m.subject_f1.values()
    low, high = m.macro_f1_interval
    choice = ChannelChoice.beside(candidate.windows)
    return _TEMPLATE.format(
        name=candidate.name,
        dataset=plain(candidate.dataset),
        samples=window.n_samples,
        unknown_share=candidate.recipe.export.unknown_share,
        rate=window.rate_hz,
        length=window.length_s,
        channels=described(choice.channels, gravity=choice.gravity, upright=choice.upright),
        n_classes=len(m.classes),
        classes=", ".join(map(plain, m.classes)),
        people=_people(candidate),
        left_out="".join(
            f"\n- It does not know {plain(name)}, which the data holds: {plain(sentence)}."
            for name, sentence in LeftOutClasses.beside(candidate.windows).sentences.items()
        ),
        sources=_sources(candidate),
        f1=m.macro_f1,
        confidence=m.confidence,
        n_subjects=m.n_subjects,
        low=low,
        high=high,
        accuracy=m.accuracy,
        n_windows=m.n_windows,
        per_class="\n".join(_class_row(name, score) for name, score in m.per_class.items()),
        worst=min(scores),
        best=max(scores),
        builds="\n".join(_build_row(candidate, build) for build in candidate.builds.builds),
    )


def _people(candidate: Candidate) -> str:
    splits = origin.people(candidate.windows)
    lines = [
        f"- {split}: {len(who)} subjects ({', '.join(map(plain, who))})"
        for split, who in splits.items()
    ]
    for start in began_from(candidate):
        revision = f" at {start.revision}" if start.revision else ""
        whom = start.people if start.people == UNKNOWN else f"{len(start.people)} subjects"
        lines.append(
            f"- pretrained checkpoint {plain(start.source)}{plain(revision)}: has seen {whom}; "
            f"licence {plain(start.licence)}"
        )
    return "\n".join(lines)


def _sources(candidate: Candidate) -> str:
    ingested = candidate.steps.get("ingest")
    files = origin.raw_files(ingested.path) if ingested else []
    if len(files) > MAX_FILES:
        licences = sorted({file.annotations["licence"] for file in files})
        return f"{len(files)} files, named in lineage.json ({'; '.join(map(plain, licences))})"
    named = [f"{plain(file.name)} ({plain(file.annotations['licence'])})" for file in files]
    return ", ".join(named) or "not recorded"


def _class_row(name: str, score: ClassScore) -> str:
    numbers = " | ".join(f"{value:.4f}" for value in (score.precision, score.recall, score.f1))
    known = score.f1_interval
    interval = f"{known[0]:.4f} to {known[1]:.4f}" if known else "no windows"
    return f"| {plain(name)} | {numbers} | {interval} | {score.support:.0f} |"


def _build_row(candidate: Candidate, build: Build) -> str:
    return (
        f"| {build.name} | {build.bytes / 1000:.0f} | {build.max_probability_gap:.4f} "
        f"| {build.agreement:.4f} | {build.macro_f1:.4f} | {build.latency.latency_ms:.2f} "
        f"| {candidate.builds.verdict(build)} |"
    )

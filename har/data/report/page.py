"""Writes the report: the page, the same facts for programs, and the data card."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from har.data.recording import read_recordings
from har.data.report import croissant, plots
from har.data.report.facts import RecordingFacts, Timeline, describe, gather
from har.data.report.signals import Signals
from har.page.html import data_uri, environment
from har.page.plots import png

# More activities are not drawn: those with most time are.
MAX_DRAWN = 24
# A spectrum's vertical axis spans at most this factor; what is below it is rounding.
DECADES = 1e6
# A long table shows so many lines; report.json has them all.
SHOWN = 50
# A table that is folded away may be longer.
LISTED = 500


def write_report(out: Path, ingested: Path) -> None:
    """Write ``report.html``, ``report.json`` and ``croissant.json``.

    Parameters
    ----------
    out : Path
        Folder that gets them.
    ingested : Path
        Folder of an ingested data set; its recordings are read one at a time.
    """
    signals = Signals()
    described = []
    for recording in read_recordings(ingested):
        described.append(describe(recording))
        signals.add(recording)
    facts = gather(ingested, [fact for fact, _ in described])
    card = croissant.card(facts, ingested)
    templates = environment(Path(__file__).parent)
    templates.filters["percent"] = percent
    page = templates.get_template("page.html").render(
        **facts,
        sentence=sentence(facts),
        licence_url=card["license"] if isinstance(card["license"], str) else None,
        images=_images(facts, described),
        stretches=_stretches(signals, ingested, _most(facts)),
        spectra=_spectra(signals, facts["totals"]["placements"], _most(facts)),
        shown=SHOWN,
        listed=LISTED,
    )
    (out / "report.html").write_text(page, encoding="utf-8")
    for name, value in (("report.json", facts), ("croissant.json", card)):
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
        (out / name).write_text(text + "\n", encoding="utf-8")


def sentence(facts: dict[str, Any]) -> str:
    """Say in one or two sentences what came of the raw rows.

    Parameters
    ----------
    facts : dict
        As `har.data.report.facts.gather` returns.
    """
    totals = facts["totals"]
    n = totals["rows_in"]
    parts = [
        f"{percent(totals[key] / n)} {what}"
        for key, what in (
            ("rows_kept", "were kept as they are"),
            ("rows_repaired", "repaired"),
            ("rows_quarantined", "quarantined"),
            ("rows_left_out", "left out"),
        )
        if totals[key]
    ]
    if not parts:
        return "No rows were read."
    listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    return f"Of {n:,} raw rows, {listed}.".replace(",", "\u202f", f"{n:,}".count(","))


def percent(share: float) -> str:
    """Return a share as a percentage that is 0 or 100 only if it is exactly so.

    >>> percent(1.0), percent(0.99999), percent(0.00001)
    ('100 %', '99.9 %', 'less than 0.1 %')
    """
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    return "less than 0.1 %" if share < 0.001 else f"{min(100 * share, 99.9):.1f} %"


def _most(facts: dict[str, Any]) -> list[str]:
    """Return the activities with most time, in the order of the taxonomy; none: no labels."""
    seconds = {name: activity["seconds"] for name, activity in facts["activities"].items()}
    chosen = sorted(seconds, key=lambda name: -seconds[name])[:MAX_DRAWN]
    return [name for name in seconds if name in chosen]


def _images(
    facts: dict[str, Any], described: Sequence[tuple[RecordingFacts, Timeline]]
) -> dict[str, str]:
    """Return the plots about the whole data set as data URIs."""
    images = {}
    if facts["activities"]:
        images["balance"] = data_uri(png(plots.balance(facts["activities"])))
    if described:
        rows = plots.rows_of([fact for fact, _ in described], [line for _, line in described])
        images["timeline"] = data_uri(png(plots.timeline(rows)))
    return images


def _stretches(signals: Signals, ingested: Path, drawn: Sequence[str]) -> list[dict[str, str]]:
    return [
        {
            "image": data_uri(png(plots.stretch(stretch, samples))),
            "caption": f"{stretch.recording}, from {stretch.start_s:.1f} s",
            "activity": stretch.activity,
        }
        for stretch, samples in signals.stretches(ingested)
        if not drawn or stretch.activity in drawn
    ]


def _spectra(signals: Signals, places: Sequence[str], drawn: Sequence[str]) -> list[dict[str, str]]:
    spectra = {a: s for a, s in signals.spectra().items() if not drawn or a in drawn}
    powers = [power for of_place in spectra.values() for power in of_place.values()]
    positive = np.concatenate([power[power > 0] for power in powers]) if powers else np.empty(0)
    if not len(positive):
        return []
    top = float(positive.max()) * 2
    limits = (max(float(positive.min()) / 2, top / DECADES), top)
    return [
        {
            "image": data_uri(png(plots.spectrum(activity, of_place, places, limits))),
            "activity": activity,
        }
        for activity, of_place in spectra.items()
    ]

"""Who is challenger: a newcomer takes the place only of one that it beats.

Two versions that a champion keeps out may be far apart. The better one waits on; which one
it is, is asked as the gate asks it of a champion: beyond noise, person by person.
"""

from dataclasses import replace

from har.config import IntervalSettings
from har.registry.gate import rules
from har.registry.gate.rules import Evidence
from har.registry.versions.decision import Decision


def beside(
    decision: Decision, newcomer: Evidence, holder: Evidence, *, intervals: IntervalSettings
) -> Decision:
    """Return a decision that says who is challenger when it is carried out.

    Parameters
    ----------
    decision : Decision
        Of the newcomer.
    newcomer, holder : Evidence
        The version that was judged, and the present challenger.
    intervals : IntervalSettings
        Of the difference between the two.
    """
    if decision.stage == "None":
        return decision
    better, why = _beats(newcomer, holder, intervals)
    new, old = newcomer.number, holder.number
    if better:
        sentence = f"version {old} gives way as challenger: version {new} is {why}"
    else:
        sentence = f"version {old} stays challenger: version {new} is {why}"
    # A refused version that is not challenger stays where it is.
    stage = decision.stage if better or decision.passed else "None"
    return replace(decision, challenger=old, displaces=better, rivalry=sentence, stage=stage)


def _beats(newcomer: Evidence, holder: Evidence, intervals: IntervalSettings) -> tuple[bool, str]:
    """Tell whether a version is better than another beyond noise, and on what evidence."""
    assert newcomer.metrics
    if not holder.metrics or holder.metrics.test_digest != newcomer.metrics.test_digest:
        way = f"`har registry promote {newcomer.number} --to staging` puts it there all the same"
        return False, f"not measured on the same test windows, so nobody knows it better; {way}"
    difference = rules.paired(newcomer, holder, intervals)
    better = difference.beyond_noise()
    word = "better" if better else "not better"
    return better, f"{word} beyond noise, {rules.in_words(difference)}"

"""The words of a data set's labels, and which activity each of them means."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from har.data.activities import SHARED, SYNONYMS, labels, name_of
from har.data.sources.base import Source
from har.errors import DataError

# Words that say that nobody labelled a row. "other" is none of them: it may well be a class.
NO_LABEL = frozenset(
    (
        *("", "-", "?", "nan", "null", "none", "na", "n/a", "<na>", "nil", "undefined"),
        *("unlabelled", "unlabeled", "not-labelled", "not-labeled", "no-label", "unannotated"),
        *("not-annotated", "unknown", "unknown-activity"),
    )
)
# More are no activities but a quantity, an index or free text.
MAX_OWN = 200
# A few fractions may be codes, as 1.5 of a protocol; more are measurements.
MAX_FRACTIONS = 20


def is_no_label(word: str) -> bool:
    """Tell whether a word says that there is no label.

    >>> is_no_label("NaN"), is_no_label("Not labelled"), is_no_label("other")
    (True, True, False)
    """
    return re.sub(r"[\s_]+", "-", word.strip().casefold()) in NO_LABEL


@dataclass(frozen=True)
class Vocabulary:
    """What the words of a data set mean.

    Attributes
    ----------
    known : mapping of str to (str or None)
        Activities by word; None for a word that is left out on purpose.
    closed : bool
        Whether the data set is published with a list of its words: others are mistakes.
        Else they are activities of its own.
    synonyms : mapping of str to str
        Everyday words and the activities that they are taken for, where nobody says otherwise.
    """

    known: Mapping[str, str | None]
    closed: bool
    synonyms: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source) -> "Vocabulary":
        """Return a source's words: its own, else the published ones, else the taxonomy's."""
        if published := labels(source.name):
            return cls(published, closed=True)
        stated = {word: name or None for word, name in (source.labels or {}).items()}
        spelled = {name_of(word): name for word, name in stated.items()}
        shared: dict[str, str | None] = {name: name for name in SHARED}
        own = {name: name for name in source.own_activities or {}}
        return cls(shared | spelled | stated, closed=False, synonyms={**SYNONYMS, **own})

    def find(self, word: str) -> tuple[str | None, bool]:
        """Return the activity of a word, None for no label, and whether somebody said so.

        >>> Vocabulary({"Gehen": "walking"}, closed=False).find("Biceps_Curl")
        ('biceps-curl', False)
        """
        text = word.strip()
        for spelling in (text, name_of(text)):
            if spelling in self.known:
                return self.known[spelling], True
        if self.closed:
            return None, False
        if is_no_label(text):
            return None, True
        name = name_of(text)
        return self.synonyms.get(name, name), False


def refuse_quantity(words: Collection[str], where: str) -> None:
    """Raise `DataError` if there are more words than a data set has activities."""
    fractions = sum(bool(re.fullmatch(r"[-+]?\d*[.,]0*[1-9]\d*(e[-+]?\d+)?", w)) for w in words)
    if len(words) <= MAX_OWN and fractions <= MAX_FRACTIONS:
        return
    raise DataError(
        f"{where}: its labels are no activities",
        expected=f"at most {MAX_OWN} different words, or {MAX_FRACTIONS} numbers with a fraction",
        found=f"{len(words)} of them, such as {', '.join(repr(w[:20]) for w in sorted(words)[:3])}",
        hint="name the column of the activities: --map activity=COLUMN",
    )

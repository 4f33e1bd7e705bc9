r"""Patterns that people state for files' paths, searched in time linear to the path.

They are regular expressions as RE2 has them: all of Python's but for look-around and references
to groups, which cannot be searched so. Letters and digits are those of every language.

>>> first_group(r"^(\w+)/", "müller/walk.csv")
'müller'
"""

import functools
import re

import re2

LONGEST = 10_000  # characters of a pattern; that of all activities' names has some 1,000
MEMORY = 2**23  # bytes that one pattern may take
_LETTERS = {r"\w": r"_\p{L}\p{N}", r"\d": r"\p{Nd}", r"\W": r"^_\p{L}\p{N}", r"\D": r"^\p{Nd}"}
_TOKEN = re.compile(r"\\.|[\[\]]", re.DOTALL)


def first_group(pattern: str, text: str) -> str:
    """Return what the group of a pattern finds in a text, whatever its case; empty if nothing.

    Raises
    ------
    ValueError
        See `n_groups`.
    """
    # A name that is no UTF-8 has characters that RE2 cannot be given.
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    found = _compiled(pattern).search(plain)
    return (found[1] or "") if found else ""


def n_groups(pattern: str) -> int:
    """Return how many groups a pattern has.

    Raises
    ------
    ValueError
        If it is none that can be searched, with what is wrong.
    """
    groups: int = _compiled(pattern).groups
    return groups


@functools.lru_cache(maxsize=64)
def _compiled(pattern: str) -> "re2._Regexp":
    if len(pattern) > LONGEST:
        raise ValueError(f"longer than {LONGEST:,} characters")
    options = re2.Options()
    options.log_errors, options.case_sensitive, options.max_mem = False, False, MEMORY
    try:
        return re2.compile(_of_every_language(pattern), options)
    except UnicodeEncodeError:
        raise ValueError("a character that is none") from None
    except re2.error as error:
        raise ValueError(_why(pattern, error)) from None


def _of_every_language(pattern: str) -> str:
    r"""Return a pattern in which ``\w`` and ``\d`` mean what they mean in Python.

    >>> _of_every_language(r"[\w-]+\d")
    '[_\\p{L}\\p{N}-]+[\\p{Nd}]'
    """
    inside = False

    def translated(token: re.Match[str]) -> str:
        nonlocal inside
        text = token[0]
        if text in _LETTERS and not inside:
            return f"[{_LETTERS[text]}]"
        if text in (r"\w", r"\d"):
            return _LETTERS[text]
        inside = text == "[" or (inside and text != "]")
        return text

    return _TOKEN.sub(translated, pattern)


def _why(pattern: str, error: Exception) -> str:
    """Say what RE2 does not know, where Python does."""
    said = error.args[0] if error.args else ""
    words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return words[:200]
    return f"{words[:200]}: look-around, references to groups and the like are not known (RE2)"

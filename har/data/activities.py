"""The activities that models know, and which class set each belongs to."""

BASIC = ("walking", "stairs-up", "stairs-down", "sitting", "standing", "lying")
TRANSITIONS = (
    "stand-to-sit",
    "sit-to-stand",
    "sit-to-lie",
    "lie-to-sit",
    "stand-to-lie",
    "lie-to-stand",
)
ALL = BASIC + TRANSITIONS


def class_names(n_classes: int) -> tuple[str, ...]:
    """Return the names of the 6 basic activities, or of all 12.

    Examples
    --------
    >>> class_names(6)[-1]
    'lying'
    """
    return ALL[:n_classes]

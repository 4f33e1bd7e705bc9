"""Lines of a log: what they name is text, and one record stays one record."""

import logging

from har.addresses import Discreet
from har.visible import visible


class LineFormatter(Discreet):
    """A formatter without credentials that shows characters of control by their codes.

    Further lines of a record stand back, so that none looks like another record.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record's text."""
        text = visible(super().format(record), lines=True, longest=None)
        return text.replace("\n", "\n    ")

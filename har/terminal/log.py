"""Lines of a log: what they name is text, and one record stays one record."""

import logging

from har.addresses import Discreet
from har.visible import visible


class LineFormatter(Discreet):
    """A formatter that shows no credentials, and characters of control by their codes."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record's text."""
        return visible(super().format(record), lines=True, longest=None)

"""Lines of a log: what they name is text, and one record stays one record."""

import logging

from har.visible import visible


class LineFormatter(logging.Formatter):
    """A formatter that shows characters of control by their codes, in tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record's text."""
        return visible(super().format(record), lines=True, longest=None)
